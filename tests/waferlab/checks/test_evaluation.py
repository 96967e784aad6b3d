"""Are the visible checks of assignment 06 as the notebook says?"""

from __future__ import annotations

import numpy as np
import pytest
from waferlab.checks import CheckFailed
from waferlab.checks.core import public_expectations
from waferlab.checks.evaluation import TASKS, compute_anomaly_scores
from waferlab.checks.evaluation.evaluate_detector import HAND, HAND_LABELS, HAND_SCORES
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
        scores, labels = reference.compute_anomaly_scores(model, data_loader, device)
        return scores * compute_anomaly_scores.SIZE**2, labels

    with pytest.raises(CheckFailed):
        TASKS["compute_anomaly_scores"].check(summed)
    assert "the sum over the pixels; the mean was asked for" in capsys.readouterr().out


def test_the_small_case_by_hand():
    """Does the reference give what a person computes?"""
    assert reference.evaluate_detector(HAND_LABELS, HAND_SCORES) == pytest.approx(HAND)


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
