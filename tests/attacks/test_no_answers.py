"""Does anything that a candidate can import do a task for it? Every function, class and constant is handed in as the answer."""

from __future__ import annotations

import importlib
import inspect
import multiprocessing
import os
import pkgutil
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest
import waferlab.plots
from bank_judge import COURSE, SEED, Bank
from test_adversary import OWN_WORD, TASKS
from waferlab.checks.bench import LocalBench, Lost, Packet, Services
from waferlab.checks.core import Case, time_limit

SECONDS = 2.0  # for one answer to one task
LONG = 300.0  # for all answers to one task
PLAIN = (str, tuple, list, dict, np.ndarray)  # single numbers: see test_adversary.py
#: A candidate in every form: its name, and what is handed in.
Found = Iterator[tuple[str, Callable[..., Any]]]


class Impatient(LocalBench):
    """A desk whose answer has lost when it raises an exception at once, as nearly all do."""

    heard = False

    def _carried(self, packet: Packet, services: Services) -> Packet:
        reply = super()._carried(packet, services)
        if not self.heard and "raised" in reply[0]:
            raise Lost("an exception")
        self.heard = True
        return reply


def plain_functions() -> list[Any]:
    """The tasks whose answer is one function."""
    return [one for one in TASKS if isinstance(reference(*one.values), FunctionType)]


def reference(bank: Bank, task: str) -> Any:
    """The reference's answer; None for a task that asks for several."""
    names = bank.tasks[task].defines
    module = importlib.import_module(f"waferlab.reference.{bank.module}")
    return vars(module)[names[0]] if len(names) == 1 else None


def importable(bank: Bank) -> Iterator[ModuleType]:
    """What a candidate of this assignment can import of `waferlab`: all, but of the reference only earlier modules."""
    earlier = [f"waferlab.reference.{name}" for name in COURSE.modules_before(bank.assignment)]
    for one in pkgutil.walk_packages(waferlab.__path__, "waferlab."):
        if not one.name.startswith("waferlab.reference.") or one.name in earlier:
            yield importlib.import_module(one.name)


def candidates(bank: Bank, parameters: int) -> Found:
    """Everything of ours in these modules that can be called with so many arguments, or fewer; and every constant."""
    known = set()
    for module in importable(bank):
        for name, value in [*vars(module).items()]:
            if name.startswith("__") or id(value) in known:
                continue
            known.add(id(value))
            if isinstance(value, PLAIN):
                yield f"{module.__name__}.{name}", lambda *_, value=value, **__: value
            most = takes(value, parameters) if is_ours(value) else None
            if most is not None:
                yield f"{module.__name__}.{name}", handed_in(value, most)


def is_ours(value: Any) -> bool:
    """Whether this can be called, and is the package's own."""
    return callable(value) and str(getattr(value, "__module__", "")).startswith("waferlab.")


def takes(function: Callable[..., Any], parameters: int) -> int | None:
    """How many of so many arguments a function takes; None when it needs more, or nobody knows."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    for count in range(parameters, -1, -1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count
    return None


def handed_in(function: Callable[..., Any], most: int) -> Callable[..., Any]:
    """A function as an answer, given the first arguments of every call."""
    return lambda *given, **options: function(*[*given, *options.values()][:most])


def points_of(bank: Bank, task: str, answer: Callable[..., Any]) -> float:
    """What an answer gets."""
    asked = bank.tasks[task]
    try:
        with time_limit(SECONDS):
            seen = asked.examine(Impatient({asked.defines[0]: answer}, asked.shims), Case(SEED, arrays=bank.arrays))
            return sum(mark.points for mark in bank.judge_seen(task, seen)[1])
    except (Lost, TimeoutError):
        return 0.0


def try_all(bank: Bank, task: str, folder: Path, result: Connection) -> None:
    """Hand in everything, in a process of its own: some of it changes torch, NumPy or the folder that it is called in."""
    os.chdir(folder)
    with bank.short(floors_hold=False):
        bank.expected(task)
        parameters = len(inspect.signature(reference(bank, task)).parameters)
        found = [*candidates(bank, parameters)]
        result.send({name: points_of(bank, task, answer) for name, answer in found})


def tried(bank: Bank, task: str, folder: Path) -> dict[str, float]:
    """The points of everything that was handed in for a task, by name."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=try_all, args=(bank, task, folder, there), daemon=True)
    process.start()
    there.close()
    try:
        assert here.poll(LONG), "not done in time"
        return here.recv()
    finally:
        process.kill()
        process.join()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("bank", "task"), plain_functions())
def test_nothing_importable_answers_the_task(bank: Bank, task: str, tmp_path: Path) -> None:
    """Does any function, class or constant of the package give points when it is handed in as the answer?"""
    points = tried(bank, task, tmp_path)
    assert len(points) > 100
    most = OWN_WORD.get((bank.module, task), 0.0)
    assert {name: found for name, found in points.items() if found > most} == {}


def test_an_answer_in_the_package_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Would a helper that does the task be noticed, whatever its name, and though it takes fewer arguments?"""
    bank, task = next(one.values for one in TASKS if one.values[1] == "threshold_from_validation")

    def largest_twentieth(values: np.ndarray) -> float:
        return float(np.quantile(values, 0.95))

    largest_twentieth.__module__ = waferlab.plots.__name__
    monkeypatch.setattr(waferlab.plots, "limit_of_axis", largest_twentieth, raising=False)
    found = {name: points for name, points in tried(bank, task, tmp_path).items() if points}
    assert found == {"waferlab.plots.limit_of_axis": 1.25}
