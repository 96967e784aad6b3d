"""Do the checks of every assignment tell right answers from wrong ones, by the answers in its bank?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from bank_judge import COURSE, SEED, Bank, blemishes

from autograder.banks import Entry, is_draft
from autograder.banks.prove import defect

#: Answers that warn are meant to; and so do judges who are handed numbers of 1e300.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{text}")
    for text in ("this takes", "noisy", "randomised", "few misses", "::answers")
]
BANKS = [Bank(one) for one in COURSE.assignments]
TASKS = [pytest.param(one, task, id=f"{one.module}-{task}") for one in BANKS for task in one.tasks]
SEEDS = (1, SEED)
JUNK = {
    "missing": lambda value: None,
    "text": lambda value: "text",
    "NaN": lambda value: np.full(np.shape(value), np.nan),
    "another shape": lambda value: np.zeros((3, 1, 2)),
    "zeros": lambda value: np.zeros(np.shape(value)),
    "huge": lambda value: np.full(np.shape(value), 1e300),
    "ragged": lambda value: [[1], [2, 3]],
    "a dict": lambda value: {"a": 1},
}
#: Points that an observation full of junk may get, by module, where it is not none.
JUNK_MOST = {"encoder": 0.25, "training": 0.25, "evaluation": 0.25}


def answers(kind: str) -> Iterable[Any]:
    """The answers of one kind in all banks."""
    return [
        pytest.param(one, entry, id=f"{one.module}-{entry.label}")
        for one in BANKS
        for entry in one.entries
        if entry.kind == kind
    ]


@pytest.mark.parametrize(("bank", "entry"), answers("wrong"))
def test_a_wrong_answer_loses_what_it_should(bank: Bank, entry: Entry) -> None:
    """Does a mistake lose the checks that it names, and as many points as it promises, in sentences without a slip?"""
    with bank.short(floors_hold=False):
        findings, marks = bank.judge(entry.task, entry.source)
    assert defect(entry, marks) == ""
    assert {mark.message: blemishes(mark.message) for mark in marks if blemishes(mark.message)} == {}
    assert set(entry.fails) <= {finding.name for finding in findings if not finding.passed}


@pytest.mark.parametrize(("bank", "entry"), answers("right"))
def test_a_right_answer_keeps_every_point(bank: Bank, entry: Entry) -> None:
    """Does an answer written another way keep all its points, and pass the checks that give none?"""
    with bank.short(floors_hold=True):
        findings, marks = bank.judge(entry.task, entry.source)
    assert defect(entry, marks) == ""
    assert [finding for finding in findings if not finding.passed] == []


@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_the_reference_gets_full_marks(bank: Bank, task: str) -> None:
    """Does the reference itself pass, whatever seed is drawn?"""
    for seed in SEEDS:
        with bank.short(floors_hold=True):
            findings, marks = bank.judge(task, "", seed)
        assert [finding for finding in findings if not finding.passed] == []
        assert sum(mark.points for mark in marks) == bank.tasks[task].points


@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_there_are_enough_answers_of_both_kinds(bank: Bank, task: str) -> None:
    """Are there at least five mistakes and four other ways, or one of each in a bank that has only begun?"""
    kinds = [entry.kind for entry in bank.entries if entry.task == task]
    wrong, right = (1, 1) if is_draft(bank.module, task) else (5, 4)
    assert kinds.count("wrong") >= wrong and kinds.count("right") >= right


@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_points_match_the_notebook(bank: Bank, task: str) -> None:
    """Do the points of the checks sum to those of the task's check cell?"""
    assert bank.tasks[task].points == bank.graded[f"check-{task}"]["points"]


@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_every_requirement_is_a_check(bank: Bank, task: str) -> None:
    """Could a check never give points because it has no finding, or requires one that does not exist?"""
    with bank.short(floors_hold=True):
        findings, _ = bank.judge_seen(task, bank.expected(task))
    names = [check.name for check in bank.tasks[task].checks]
    assert [finding.name for finding in findings] == names
    assert all(set(check.requires) <= set(names) for check in bank.tasks[task].checks)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_hostile_observations_get_nothing(bank: Bank, task: str, junk: str) -> None:
    """Does the judge survive whatever comes out of a worker, without giving points for it?"""
    with bank.short(floors_hold=False):
        expected = bank.expected(task)
        for seen in ({}, {key: JUNK[junk](value) for key, value in expected.items()}):
            _, marks = bank.judge_seen(task, seen)
            assert sum(mark.points for mark in marks) <= JUNK_MOST.get(bank.module, 0.0)
