"""Does the points table of assignment 06 tell right answers from wrong ones?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from answer_bank import JUNK, Bank
from waferlab.checks import evaluation

from autograder.judge import floors
from autograder.judge.hidden import evaluation as verdict

BANK = Bank("06-evaluation")
SEEDS = (1, 20_240_607)


@pytest.fixture(autouse=True, scope="module")
def short_training() -> Any:
    """One thread, and a model that is hardly trained: the banks are about the scores."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TRAIN": 16, "VAL": 8, "NORMALS": 20, "ANOMALIES": 20, "TRAIN_EPOCHS": 1}.items():
            patch.setattr(evaluation, name, value)
        patch.setattr(evaluation, "AUROC_LIMIT", 0.0)
        patch.setattr(verdict, "floor", lambda module, quantity: 0.0)
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)


@pytest.mark.parametrize("path", BANK.files("wrong"), ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    monkeypatch.setattr(verdict, "floor", lambda module, quantity: 1.1)
    for seed in SEEDS:
        BANK.assert_caught(path, seed)


@pytest.mark.filterwarnings("ignore:::answers")
@pytest.mark.parametrize("path", BANK.files("right"), ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points?"""
    for seed in SEEDS:
        BANK.assert_kept(path, seed)


@pytest.mark.parametrize("seed", range(100, 110))
def test_reference_gets_full_marks_for_many_seeds(seed: int) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    for task in BANK.tasks:
        assert BANK.judge("", task, seed)[1] == BANK.full(task)


def test_points_match_the_notebook() -> None:
    """Do the points of each task sum to those of its check cell?"""
    BANK.assert_points_match()


def test_every_task_has_enough_answers_of_both_kinds() -> None:
    """Are there at least five mistakes and four other ways for each task?"""
    BANK.assert_enough()


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("task", BANK.tasks)
def test_hostile_observations_get_nothing(task: str, junk: str) -> None:
    """Does the judge survive whatever comes out of a worker, without giving points for it?"""
    BANK.assert_survives(task, junk, SEEDS[0], most=0.25)


def test_a_pasted_loop_is_the_one_that_trains() -> None:
    """Does the detector use the student's own train_vae, when the notebook holds one?"""
    called = "def train_vae(*args, **options):\n    raise RuntimeError('mine')"
    findings, _ = BANK.judge(called, "compute_anomaly_scores", SEEDS[0])
    assert {finding.name for finding in findings if not finding.passed} == {"detects", "detector"}


def test_measured_floor_is_rarely_missed() -> None:
    """Is the chance that a right answer misses the floor below 1 in 10,000, and the floor better than guessing?"""
    for quantity in verdict.QUANTITIES:
        rows = floors._measured()["evaluation"][f"{quantity.task}/{quantity.key}"]
        assert len(rows) == 2 and all(row["chance"] < 1e-4 for row in rows.values())
        assert floors.floor("evaluation", quantity) > 0.5
