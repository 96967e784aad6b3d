"""The answers of an assignment's bank, judged in this process: what a grading run does, without wall and worker."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType
from typing import Any

import numpy as np
import pytest
from waferlab.checks.core import Case, Finding, Observation, Task
from waferlab.data import load_dataset
from waferlab.profiles import PROFILES

from autograder.banks import Entry, entries
from autograder.base.course import Assignment, checks_module, find_course
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.base.records import Mark
from autograder.judge.marking import give_points, hidden_faults, hidden_module, readings
from autograder.judge.wording import begun

SEED = 20_240_607
COURSE = find_course()


#: What no message to a student may hold, and how a fault of that kind is called.
BLEMISHES = {
    "two signs of punctuation": re.compile(r"[.?!,;:]\s*[;,]|[?!;,]\.|(?<!\.)\.\.(?!\.)"),
    "a number that only the grader knows": re.compile(r"<cell|<string>"),
    "no end": re.compile(r"[^.?!…]\Z"),
    "spaces": re.compile(r"\s\s|\A\s|\s\Z|\s[,;]|\s\.(?!\w)"),
}


def blemishes(message: str) -> list[str]:
    """What is wrong with a message as English, whatever it says.

    >>> blemishes("the mean: no layers.; expected: `mu")
    ['two signs of punctuation', 'no end', 'no capital letter', 'half a quotation']
    """
    found = [kind for kind, pattern in BLEMISHES.items() if pattern.search(re.sub(r"`[^`]*`", "`x`", message))]
    found += ["no capital letter"] if begun(message) != message else []
    return found + (["half a quotation"] if message.count("`") % 2 else [])


@dataclass(frozen=True)
class Setting:
    """How an assignment's probes are kept short here; `course validate` runs them whole.

    Attributes:
        constants: values for constants of the check module: fewer draws, a model that is hardly trained, and limits
            that it reaches.
        arrays: makes images as the grader supplies them, small ones.
    """

    constants: Mapping[str, float] = field(default_factory=dict)
    arrays: Callable[[], dict[str, np.ndarray]] = dict


def _pca_images() -> dict[str, np.ndarray]:
    """The grader's own, of 16 px."""
    dataset = load_dataset("synthetic-wafers", PROFILES["smoke"], image_size=16)
    return hidden_module("pca").arrays(dataset, np.random.default_rng(SEED))


def _random_normals() -> dict[str, np.ndarray]:
    """As many as a short training takes."""
    return {"normals": np.random.default_rng(1).random((48, 1, 32, 32), dtype=np.float32)}


SETTINGS = {
    "augmentation": Setting({"DRAWS": 800}),
    "pca": Setting(arrays=_pca_images),
    "training": Setting(
        {"LEARN_TRAIN": 16, "LEARN_VAL": 16, "LEARN_HELD": 16, "LEARN_EPOCHS": 1, "LEARN_LIMIT": 99.0},
        _random_normals,
    ),
    "evaluation": Setting(
        {"TRAIN": 16, "VAL": 8, "NORMALS": 20, "ANOMALIES": 20, "TRAIN_EPOCHS": 1, "AUROC_LIMIT": 0.0}
    ),
}


class Bank:
    """One assignment's answers, and how they are judged.

    Args:
        assignment: which one.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.assignment, self.module = assignment, assignment.module
        self.setting = SETTINGS.get(self.module, Setting())
        self._expected: dict[tuple[str, int], Observation] = {}

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The assignment's tasks."""
        return checks_module(self.module).TASKS

    @cached_property
    def entries(self) -> list[Entry]:
        """The answers."""
        return entries(COURSE, self.assignment)

    @cached_property
    def graded(self) -> dict[str, Any]:
        """The notebook's nbgrader metadata by grade_id."""
        cells = read_notebook(COURSE.notebook("source", self.assignment)).cells
        return {one.metadata.nbgrader.grade_id: one.metadata.nbgrader for one in cells if "nbgrader" in one.metadata}

    @cached_property
    def _reference(self) -> CodeType:
        cells = reference_cells(read_notebook(COURSE.notebook("source", self.assignment)))
        return compile("\n\n".join(without_markers(cell.source) for cell in cells), self.module, "exec")

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The grader's images."""
        return self.setting.arrays()

    @cached_property
    def _more(self) -> dict[str, Observation]:
        """What only the grader expects, by task."""
        return getattr(hidden_module(self.module), "expectations", lambda course: {})(COURSE)

    def answers(self, source: str) -> dict[str, Any]:
        """What the notebook's own cells and then an answer define."""
        names: dict[str, Any] = {"__name__": "answers"}
        exec(self._reference, names)
        exec(source, names)
        return names

    def expected(self, task: str, seed: int = SEED) -> Observation:
        """What the reference gives in float64."""
        if (task, seed) not in self._expected:
            asked, case = self.tasks[task], Case(seed, "float64", self.arrays)
            seen = asked.probe(self.answers(""), case)
            self._expected[task, seed] = {**seen, **readings(asked, case), **self._more.get(task, {})}
        return self._expected[task, seed]

    def judge(self, task: str, source: str, seed: int = SEED) -> tuple[list[Finding], list[Mark]]:
        """Findings and marks for an answer's source; without any, for the reference."""
        seen = self.tasks[task].probe(self.answers(source), Case(seed, arrays=self.arrays))
        return self.judge_seen(task, seen, seed)

    def judge_seen(self, task: str, seen: Observation, seed: int = SEED) -> tuple[list[Finding], list[Mark]]:
        """Findings and marks for an observation."""
        asked = self.tasks[task]
        findings = asked.judge(seen, self.expected(task, seed), hidden_faults(asked))
        return findings, give_points(asked.checks, findings)

    @contextmanager
    def short(self, *, floors_hold: bool) -> Iterator[None]:
        """Keep probes short and on one thread; measured floors all hold, or none: a hardly trained model tells nothing.

        Clocks that an answer replaces are put back.
        """
        import time

        import torch

        hidden, threads = hidden_module(self.module), torch.get_num_threads()
        with pytest.MonkeyPatch.context() as patch:
            for name in ("perf_counter", "monotonic", "time", "sleep"):
                patch.setattr(time, name, getattr(time, name))
            for part in _parts(f"waferlab.checks.{self.module}"):
                for name, value in self.setting.constants.items():
                    if hasattr(part, name):
                        patch.setattr(part, name, value)
            if hasattr(hidden, "floor"):
                patch.setattr(hidden, "floor", lambda _, quantity: _floor(quantity.side, floors_hold))
            torch.set_num_threads(1)
            yield
            torch.set_num_threads(threads)


def _floor(side: str, holds: bool) -> float:
    return np.inf if (side == "most") is holds else -np.inf


def _parts(name: str) -> list[Any]:
    """A check module and its parts."""
    module = importlib.import_module(name)
    inner = pkgutil.iter_modules(getattr(module, "__path__", []), f"{name}.")
    return [module, *(importlib.import_module(part.name) for part in inner)]
