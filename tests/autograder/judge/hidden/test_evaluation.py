"""Does the grader's own detector in assignment 06 ask what it should?"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from waferlab.checks.core import Case
from waferlab.checks.evaluation import TASKS, compute_anomaly_scores
from waferlab.reference import evaluation as reference

from autograder.judge import floors
from autograder.judge.hidden import evaluation as hidden


@pytest.fixture
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is hardly trained: what is asked here is not how good it is."""
    for name, value in {"TRAIN": 16, "VAL": 8, "NORMALS": 20, "ANOMALIES": 20, "TRAIN_EPOCHS": 1}.items():
        monkeypatch.setattr(compute_anomaly_scores, name, value)
    monkeypatch.setattr(compute_anomaly_scores, "AUROC_LIMIT", 0.0)


def failed(task: str = "compute_anomaly_scores", seed: int = 1, **answers: Any) -> dict[str, str]:
    """What is found wrong when the grader judges the reference, or other answers, by check."""
    asked = TASKS[task]
    right = {name: getattr(reference, name) for name in asked.defines}
    seen, expected = asked.probe(right | answers, Case(seed)), asked.probe(right, Case(seed, "float64"))
    findings = asked.judge(seen, expected, hidden.FAULTS.get(task))
    return {finding.name: finding.found for finding in findings if not finding.passed}


@pytest.mark.parametrize("seed", range(100, 110))
def test_reference_passes_for_many_seeds(seed: int, short_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.0)
    assert [failed(task, seed) for task in TASKS] == [{}, {}, {}]


def test_a_pasted_loop_is_the_one_that_trains(short_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the detector use the student's own train_vae, when the notebook holds one?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.0)

    def train_vae(*args: Any, **options: Any) -> Any:
        raise RuntimeError("mine")

    assert failed() == {}
    assert failed(train_vae=train_vae) == {"detector": "raised RuntimeError: mine"}


def test_a_random_code_reaches_the_same_floor(short_training: None) -> None:
    """Do scores through a draw find as many anomalies in the trained model as those through the mean?"""
    task, case = TASKS["compute_anomaly_scores"], Case(3)

    def through_a_draw(model: Any, data_loader: Any, device: str = "cuda") -> Any:
        model.eval()
        with torch.no_grad():
            return torch.cat([(model(x)[0] - x).pow(2).mean(dim=(1, 2, 3)) for x, _ in data_loader])

    drawn = task.probe({"compute_anomaly_scores": through_a_draw}, case)
    through_the_mean = task.probe({"compute_anomaly_scores": reference.compute_anomaly_scores}, case)
    assert drawn["detector.scores"] == pytest.approx(through_the_mean["detector.scores"], rel=1e-5)


def test_the_grader_asks_for_more_than_the_notebook(short_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do scores below the measured floor lose the check, though the visible limit lets them pass?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 1.1)
    assert set(failed()) == {"detector"}


def test_measured_floor_is_rarely_missed() -> None:
    """Is the chance that a right answer misses the floor below 1 in 10,000, and the floor better than guessing?"""
    for quantity in hidden.QUANTITIES:
        rows = floors._measured()["evaluation"][f"{quantity.task}/{quantity.key}"]
        assert len(rows) == 2 and all(row["chance"] < 1e-4 for row in rows.values())
        assert floors.floor("evaluation", quantity) > compute_anomaly_scores.AUROC_LIMIT > 0.5
