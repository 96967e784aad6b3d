"""Is an answer to assignment 08 told the same, and given the same points, however busy the machine is?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks import stubs
from waferlab.checks.benchmark import INFERENCE
from waferlab.checks.benchmark.timeline import Timeline
from waferlab.checks.core import Case

from autograder.banks import Entry, entries
from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.base.records import Mark
from autograder.judge.marking import give_points

COURSE = find_course()
ASSIGNMENT = COURSE.assignment("08-benchmark")
SEED = 20_240_607
TIMED = {"timed", "mean", "p99", "per-image", "synchronise", "real-model", "calls"}
WRONG = [one for one in entries(COURSE, ASSIGNMENT) if one.task == INFERENCE.name and TIMED & set(one.fails)]
SLEEP = time.sleep


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in the grader's worker; and clocks that an answer replaced are put back."""
    for name in ("perf_counter", "monotonic", "time", "sleep"):
        monkeypatch.setattr(time, name, getattr(time, name))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def provided() -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells."""
    names: dict[str, Any] = {"__name__": "answers"}
    for cell in reference_cells(read_notebook(COURSE.notebook("source", ASSIGNMENT))):
        exec(without_markers(cell.source), names)
    return names


def marks(source: str) -> list[Mark]:
    """The marks of an answer, with what it is told."""
    names = provided()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("perf_counter", "monotonic", "time", "sleep"):
            patch.setattr(time, name, getattr(time, name))
        exec(source, names)
        seen = INFERENCE.probe(names, Case(SEED))
    return give_points(INFERENCE.checks, INFERENCE.judge(seen, {}))


def delayed(function: Callable[..., Any], rng: np.random.Generator) -> Callable[..., Any]:
    """A function before and after which the machine sometimes does something else."""

    @wraps(function)
    def busy(*args: Any, **options: Any) -> Any:
        if rng.random() < 0.02:
            SLEEP(rng.exponential(0.004))
        result = function(*args, **options)
        if rng.random() < 0.02:
            SLEEP(rng.exponential(0.004))
        return result

    return busy


def make_busy(patch: pytest.MonkeyPatch) -> None:
    """Let other work come between an answer and the stubs, and sleeping take longer than asked."""
    rng = np.random.default_rng(1)
    for owner, name in ((Timeline, "forward"), (stubs.CostlyModel, "forward"), (stubs.SlowModel, "forward")):
        patch.setattr(owner, name, delayed(getattr(owner, name), rng))


@pytest.mark.parametrize("entry", WRONG, ids=lambda entry: entry.name)
def test_the_same_mistake_is_told_the_same_under_any_load(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are points and messages the same to the letter on a quiet machine and on a busy one?"""
    quiet = marks(entry.source)
    make_busy(monkeypatch)
    assert marks(entry.source) == quiet


def test_a_clock_out_of_reach_keeps_its_points_under_any_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the right answer keep all points on a busy machine when only the real clock is left to it?"""
    source = "import functools, types\ntime = types.SimpleNamespace(perf_counter=functools.partial(time.perf_counter))"
    make_busy(monkeypatch)
    assert sum(mark.points for mark in marks(source)) == INFERENCE.points
