"""Are the visible checks of assignment 06 as the notebook says?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from waferlab.checks import CheckFailed
from waferlab.checks.core import PUBLIC_SEED, Case, public_expectations
from waferlab.checks.evaluation import TASKS, compute_anomaly_scores
from waferlab.checks.evaluation.evaluate_detector import metric_inputs
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


@pytest.fixture
def unevenly(monkeypatch):
    """Asks one answer about the 19 images alone; gives the findings by check."""
    task = TASKS["compute_anomaly_scores"]

    def only(seen, bench, case):
        seen["detector.auroc"] = 1.0

    monkeypatch.setattr(compute_anomaly_scores, "observe_detector", only)
    expected = task.probe(vars(reference), Case(3, "float64"))

    def run(answer):
        findings = task.judge(task.probe({"compute_anomaly_scores": answer}, Case(3)), expected)
        return {one.name: one.found for one in findings if not one.passed}

    return run


@torch.no_grad()
def residuals(model, data_loader, device="cuda"):
    """Scores through `model(x)`, in whatever mode the model is."""
    return torch.cat([(model(x)[0] - x).pow(2).mean(dim=(1, 2, 3)) for x, _ in data_loader])


def test_the_model_may_be_called_as_a_whole(unevenly):
    """Is the draw as good as the mean, where nothing asks for repeatable scores?"""
    assert set(unevenly(lambda model, *rest, **options: residuals(model.eval(), *rest, **options))) == {"device"}


def test_training_mode_is_seen_in_scores_and_statistics(unevenly):
    """Does batch normalisation work at the examiner's as the model's mode says?"""
    assert {"scores", "eval-mode", "unchanged"} <= set(unevenly(residuals))


def test_gradients_are_as_in_a_real_model(unevenly):
    """Do outputs require gradients when nobody switched them off, so that `.numpy()` alone is refused as always?"""

    def answer(model, data_loader, device="cuda"):
        model.eval()
        return np.concatenate([(model(x)[0] - x).pow(2).mean(dim=(1, 2, 3)).numpy() for x, _ in data_loader])

    assert "RuntimeError: Can't call numpy() on Tensor that requires grad" in unevenly(answer)["scores"]


def test_what_the_model_refuses_is_an_error_of_the_answer(unevenly):
    """Does a wrong shape end in torch's own words, at the answer's side?"""
    found = unevenly(lambda model, data_loader, device: model.encoder(torch.zeros(2, 3, 16, 16)))
    assert "expected input[2, 3, 16, 16] to have 1 channels" in found["scores"]


def test_the_model_is_asked_only_so_often(unevenly):
    """Does an answer that asks without end get told so?"""

    def answer(model, data_loader, device="cuda"):
        while True:
            residuals(model.eval(), data_loader)

    assert "the model was asked more than" in unevenly(answer)["scores"]


def test_a_whole_number_too_high_is_named():
    """Does a student who gives percentages read which measure is too high?"""

    def percent(labels, scores):
        return {name: 100 * value for name, value in reference.evaluate_detector(labels, scores).items()}

    task = TASKS["evaluate_detector"]
    seen = task.probe({"evaluate_detector": percent}, Case(PUBLIC_SEED))
    findings = task.judge(seen, public_expectations("evaluation", "evaluate_detector"))
    assert len(findings) == 6 and all("too high" in one.found for one in findings[:4])
    assert findings[0].found.startswith("auroc ")


@pytest.mark.parametrize("seed", range(20))
def test_the_small_detector_can_be_counted(seed):
    """Are there 20 normals and 4 anomalies, and no two scores alike?"""
    labels, scores = metric_inputs(Case(seed))[0]
    assert (labels == 0).sum() == 20 and (labels == 1).sum() == 4
    assert len(set(scores.tolist())) == 24


def test_the_tpr_needs_a_threshold_that_exists():
    """Is there no interpolation between thresholds?"""
    labels, scores = np.repeat([0, 1], [10, 2]), np.array([*range(10), 8.5, 20.0])
    assert reference.evaluate_detector(labels, scores)["tpr_at_fpr5"] == 0.5


@pytest.mark.parametrize("task", TASKS)
def test_stored_expectations_are_small(task):
    """Do the expected values stay a few hundred numbers?"""
    assert sum(np.size(value) for value in public_expectations("evaluation", task).values()) < 200
