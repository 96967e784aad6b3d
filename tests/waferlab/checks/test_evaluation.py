"""Are the visible checks of assignment 06 as the notebook says?"""

from __future__ import annotations

import numpy as np
import pytest
from waferlab.checks import CheckFailed, evaluation
from waferlab.checks.core import public_expectations
from waferlab.checks.evaluation import (
    HAND,
    HAND_LABELS,
    HAND_SCORES,
    TASKS,
    check_compute_anomaly_scores,
    check_evaluate_detector,
    check_threshold_from_validation,
    quantile_range,
)
from waferlab.reference.evaluation import compute_anomaly_scores, evaluate_detector, threshold_from_validation

CHECKS = {
    check_compute_anomaly_scores: compute_anomaly_scores,
    check_evaluate_detector: evaluate_detector,
    check_threshold_from_validation: threshold_from_validation,
}


@pytest.mark.parametrize("check", CHECKS)
def test_visible_checks_accept_the_reference(check):
    """Does the reference pass its own checks, the trained detector included?"""
    assert check(CHECKS[check]) is None


@pytest.mark.parametrize("check", CHECKS)
def test_unanswered_tasks_do_not_stop_the_notebook(check, capsys):
    """Does an untouched placeholder give no points, and a line instead of an error?"""

    def unanswered(*args, **options):
        raise NotImplementedError

    assert check(unanswered) == 0
    assert capsys.readouterr().out.endswith("not yet answered.\n")


def test_a_sum_is_named(monkeypatch, capsys):
    """Does a student who summed over the pixels read just that?"""
    monkeypatch.setattr(evaluation, "TRAIN_EPOCHS", 1)

    def summed(model, data_loader, device="cuda"):
        scores, labels = compute_anomaly_scores(model, data_loader, device)
        return scores * evaluation.SIZE**2, labels

    with pytest.raises(CheckFailed):
        check_compute_anomaly_scores(summed)
    assert "the sum over the pixels; the mean was asked for" in capsys.readouterr().out


def test_the_small_case_by_hand():
    """Does the reference give what a person computes?"""
    assert evaluate_detector(HAND_LABELS, HAND_SCORES) == pytest.approx(HAND)


def test_the_tpr_needs_a_threshold_that_exists():
    """Is there no interpolation between thresholds?"""
    labels, scores = np.repeat([0, 1], [10, 2]), np.array([*range(10), 8.5, 20.0])
    assert evaluate_detector(labels, scores)["tpr_at_fpr5"] == 0.5


def test_every_usual_quantile_lies_in_the_range():
    """Is the range of thresholds no narrower than the text?"""
    scores = np.arange(10.0)
    low, high = quantile_range(scores, 0.25)
    assert low <= threshold_from_validation(scores, 0.25) <= high
    assert (low, high) == (6.0, 7.25)


@pytest.mark.parametrize("task", TASKS)
def test_stored_expectations_are_small(task):
    """Do the expected values stay a few hundred numbers?"""
    assert sum(np.size(value) for value in public_expectations("evaluation", task).values()) < 200
