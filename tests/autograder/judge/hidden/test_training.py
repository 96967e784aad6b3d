"""Does the grader judge the trained weights of assignment 05 as it should, and a right loop for whatever seed?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks.core import Case
from waferlab.checks.training import TASKS, runs
from waferlab.checks.training import train_vae as judging
from waferlab.reference import training as reference
from waferlab.reference.encoder import ConvVAE

from autograder.judge import floors
from autograder.judge.hidden import training as hidden

NORMALS = np.random.default_rng(1).random((48, 1, 32, 32), dtype=np.float32)


@pytest.fixture
def short_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch on a few images, which every loop passes: what is asked here is about the loop."""
    for name, value in {"LEARN_TRAIN": 16, "LEARN_VAL": 16, "LEARN_HELD": 16, "LEARN_EPOCHS": 1}.items():
        monkeypatch.setattr(runs, name, value)
    monkeypatch.setattr(judging, "LEARN_LIMIT", 99.0)
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 99.0)


def failed(task: str, seed: int, **arrays: np.ndarray) -> dict[str, str]:
    """What is found wrong when the grader judges the reference, by check."""
    asked = TASKS[task]
    answers = {name: getattr(reference, name) for name in asked.defines}
    seen, expected = (asked.probe(answers, Case(seed, dtype, arrays)) for dtype in ("float32", "float64"))
    findings = asked.judge(seen, expected, hidden.FAULTS.get(task))
    return {finding.name: finding.found for finding in findings if not finding.passed}


@pytest.mark.parametrize("seed", range(100, 104))
def test_reference_passes_for_many_seeds(seed: int, short_learning: None) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    assert failed("kl_weight", seed) == failed("train_vae", seed, normals=NORMALS) == {}


def test_a_wrong_kl_weight_does_not_cost_the_loop_its_points(
    short_learning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is Task 2 judged on its own, when it calls a Task 1 that is wrong?"""
    monkeypatch.setattr(reference, "kl_weight", lambda epoch, kl_anneal_epochs: 7.0)
    assert failed("train_vae", 100, normals=NORMALS) == {}
    assert reference.kl_weight(0, 1) == 7.0


def test_weights_above_the_floor_lose_their_check(short_learning: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the grader ask for more than the notebook, and say so where it has no images?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.01)
    assert set(failed("train_vae", 100, normals=NORMALS)) == {"weights"}
    assert failed("train_vae", 100) == {"weights": "this run has no images to rebuild"}


def test_weights_are_judged_as_torch_would() -> None:
    """Does the forward pass in NumPy give what the model gives?"""
    torch.manual_seed(3)
    model = ConvVAE(latent_dim=16, image_size=32).double()
    held, mean = torch.rand(4, 1, 32, 32).double(), torch.rand(1, 32, 32).double()
    model.train()(held)  # gives batch normalisation statistics of its own
    model.eval()
    with torch.no_grad():
        want = (model.decoder(model.encoder(held)[0]) - held).pow(2).sum() / (mean - held).pow(2).sum()
    seen: dict[str, Any] = {f"learn.weight.{name}": value.numpy() for name, value in model.state_dict().items()}
    expected = {**seen, "learn.held": held.numpy(), "learn.mean": mean.numpy()}
    assert hidden.squared_error_left(seen, expected) == pytest.approx(float(want), rel=1e-9)


def test_measured_floor_is_rarely_missed() -> None:
    """Is the chance that a right answer misses the floor below 1 in 10,000, and the visible limit no harder?"""
    for quantity in hidden.QUANTITIES:
        rows = floors._measured()["training"][f"{quantity.task}/{quantity.key}"]
        assert len(rows) == 2 and all(row["chance"] < 1e-4 for row in rows.values())
        assert floors.floor("training", quantity) <= judging.LEARN_LIMIT
