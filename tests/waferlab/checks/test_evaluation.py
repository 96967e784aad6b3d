"""Are the visible checks of assignment 06 as the notebook says?"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, precision_recall_curve, roc_curve
from waferlab.checks import CheckFailed
from waferlab.checks.core import Case, public_expectations
from waferlab.checks.evaluation import TASKS, compute_anomaly_scores
from waferlab.checks.evaluation.evaluate_detector import (
    HAND,
    HAND_LABELS,
    HAND_SCORES,
    HAND_THRESHOLD,
    allowed_points,
    metric_inputs,
)
from waferlab.checks.evaluation.threshold_from_validation import quantile_range
from waferlab.reference import evaluation as reference


@pytest.mark.parametrize("task", TASKS)
def test_visible_checks_accept_the_reference(task):
    """Does the reference pass its own checks, the trained detector included?"""
    assert TASKS[task].check(getattr(reference, task)) is None


def test_a_sum_is_named(monkeypatch, capsys):
    """Does a student who summed over the pixels read just that?"""
    monkeypatch.setattr(compute_anomaly_scores, "TRAIN_EPOCHS", 1)

    def summed(model, data_loader, device="cuda"):
        return reference.compute_anomaly_scores(model, data_loader, device) * compute_anomaly_scores.SIZE**2

    with pytest.raises(CheckFailed):
        TASKS["compute_anomaly_scores"].check(summed)
    assert "the sum over the pixels; the mean was asked for" in capsys.readouterr().out


def test_labels_beside_the_scores_are_named(monkeypatch, capsys):
    """Does a student who returns the labels, too, read that the scores alone were asked for?"""
    monkeypatch.setattr(compute_anomaly_scores, "TRAIN_EPOCHS", 1)

    def both(model, data_loader, device="cuda"):
        scores = reference.compute_anomaly_scores(model, data_loader, device)
        return scores, np.zeros(len(scores))

    with pytest.raises(CheckFailed):
        TASKS["compute_anomaly_scores"].check(both)
    assert "returned a tuple of 2; the scores alone were asked for" in capsys.readouterr().out


def test_the_small_case_by_hand():
    """Does the reference give what a person computes, by the first reading of each measure?"""
    found = reference.evaluate_detector(HAND_LABELS, HAND_SCORES)
    assert HAND_THRESHOLD[0] <= found.pop("threshold_at_fpr5") <= HAND_THRESHOLD[1]
    assert found == pytest.approx({name: values[0] for name, values in HAND.items()})


def test_the_second_readings_by_hand():
    """Are the other numbers that pass those of scikit-learn's trapezoids, and of its nearest point?"""
    precision, recall, _ = precision_recall_curve(HAND_LABELS, HAND_SCORES)
    false_alarms, hits, thresholds = roc_curve(HAND_LABELS, HAND_SCORES)
    nearest = np.abs(false_alarms - 0.05).argmin()
    assert auc(recall, precision) == pytest.approx(HAND["auprc"][1])
    assert hits[nearest] == HAND["tpr_at_fpr5"][1] == 1 - HAND["fnr_at_fpr5"][1]
    assert HAND_THRESHOLD[0] <= thresholds[nearest] <= HAND_THRESHOLD[1]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_allowed_stays_near_the_budget(seed):
    """Do the readings differ by no more than the curve has points, and is interpolation among tied scores none?"""
    for labels, scores in metric_inputs(Case(seed)):
        rows = allowed_points(labels, scores)
        within = roc_curve(labels, scores, drop_intermediate=False)
        best = within[1][within[0] <= 0.05].max()
        assert best in rows[:, 0]
        assert (rows[:, 1] < rows[:, 2]).all()
    assert np.interp(0.05, *within[:2]) - best > 1e-3  # the last detector has tied scores


def test_the_tpr_needs_a_threshold_that_exists():
    """Is there no interpolation between thresholds?"""
    labels, scores = np.repeat([0, 1], [10, 2]), np.array([*range(10), 8.5, 20.0])
    assert reference.evaluate_detector(labels, scores)["tpr_at_fpr5"] == 0.5


def test_every_usual_quantile_lies_in_the_range():
    """Is the range of thresholds no narrower than the text?"""
    scores = np.arange(10.0)
    low, high = quantile_range(scores, 0.25)
    assert low <= reference.threshold_from_validation(scores, 0.25) <= high
    assert (low, high) == (6.0, 7.25)


@pytest.mark.parametrize("task", TASKS)
def test_stored_expectations_are_small(task):
    """Do the expected values stay a few hundred numbers?"""
    assert sum(np.size(value) for value in public_expectations("evaluation", task).values()) < 200
