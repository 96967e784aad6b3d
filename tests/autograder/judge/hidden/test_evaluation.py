"""Does the grader's own detector in assignment 06 ask what it should?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import auc, precision_recall_curve, roc_curve
from waferlab.checks.core import Case
from waferlab.checks.evaluation import TASKS, compute_anomaly_scores
from waferlab.checks.evaluation.evaluate_detector import metric_inputs
from waferlab.reference import evaluation as reference

from autograder.judge import floors
from autograder.judge.hidden import evaluation as hidden
from autograder.judge.hidden.evaluation import allowed_points, precision_areas, quantile_range
from autograder.judge.marking import readings

#: 20 normals, and 4 anomalies of which two lie above all normals; worked out by hand.
HAND = np.repeat([0, 1], [20, 4]), np.array([*range(20), 30, 25, 18.5, 3.5])


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
    case = Case(seed, "float64")
    seen, expected = asked.probe(right | answers, Case(seed)), asked.probe(right, case) | readings(asked, case)
    findings = asked.judge(seen, expected, hidden.FAULTS.get(task))
    return {finding.name: finding.found for finding in findings if not finding.passed}


@pytest.mark.parametrize("seed", range(100, 110))
def test_reference_passes_for_many_seeds(seed: int, short_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.0)
    assert [failed(task, seed) for task in TASKS] == [{}, {}, {}]


def test_the_desk_never_sees_the_labels(short_training: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the loader of the trained detector hold no class of an image, and images in no telling order?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.0)
    given = []

    def answer(model: Any, data_loader: Any, device: str = "cuda") -> Any:
        given.append(torch.cat([labels for _, labels in data_loader]))
        return reference.compute_anomaly_scores(model, data_loader, device)

    assert failed(compute_anomaly_scores=answer) == {}
    assert [len(labels) for labels in given[:5]] == [19, 19, 3, 3, 40]
    assert not given[4].any()
    labels = compute_anomaly_scores.detector_images(Case(1))["labels"]
    assert 0 < labels[:20].sum() < 20


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


def test_both_areas_of_a_case_worked_out_by_hand() -> None:
    """Are average precision and the area by trapezoids what a person computes?"""
    steps = (1 + 1 + 3 / 4 + 4 / 20) / 4
    trapezoids = 0.5 + 0.25 * (2 / 3 + 3 / 4) / 2 + 0.25 * (3 / 19 + 4 / 20) / 2
    assert precision_areas(*HAND) == pytest.approx((steps, trapezoids))
    precision, recall, _ = precision_recall_curve(*HAND)
    assert auc(recall, precision) == pytest.approx(trapezoids)


def test_both_points_of_a_case_worked_out_by_hand() -> None:
    """With one false alarm of 20, are 3 of 4 found, or 2 at the first point that is as near to 5 %?"""
    found = {tuple(row) for row in allowed_points(*HAND).tolist()}
    assert found == {(0.5, 18.5, 19.0), (0.75, 18.0, 18.5)}
    assert reference.evaluate_detector(*HAND)["tpr_at_fpr5"] == 0.75


@pytest.mark.parametrize("seed", range(20))
def test_what_is_allowed_stays_near_the_budget(seed: int) -> None:
    """Do the readings differ by no more than the curve has points, and is interpolation among tied scores none?"""
    for labels, scores in metric_inputs(Case(seed)):
        rows = allowed_points(labels, scores)
        within = roc_curve(labels, scores, drop_intermediate=False)
        best = within[1][within[0] <= 0.05].max()
        assert best in rows[:, 0]
        assert (rows[:, 1] < rows[:, 2]).all()
    assert np.interp(0.05, *within[:2]) - best > 1e-3  # the last detector has tied scores


def test_every_usual_quantile_lies_in_the_range() -> None:
    """Is the range of thresholds no narrower than the text?"""
    scores = np.arange(10.0)
    low, high = quantile_range(scores, 0.25)
    assert low <= reference.threshold_from_validation(scores, 0.25) <= high
    assert (low, high) == (6.0, 7.25)
