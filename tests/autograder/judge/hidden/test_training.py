"""Does the grader judge the trained weights of assignment 05 as it should, and a right loop for whatever seed?"""

from __future__ import annotations

from functools import cache
from types import FunctionType
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


def judged(task: str, seen: dict, expected: dict) -> dict[str, str]:
    """What the grader finds wrong, by check."""
    findings = TASKS[task].judge(seen, expected, hidden.FAULTS.get(task))
    return {finding.name: finding.found for finding in findings if not finding.passed}


def observed(task: str, seed: int, dtype: str = "float32") -> dict:
    """What the reference gives in an exam."""
    answers = {name: getattr(reference, name) for name in TASKS[task].defines}
    return TASKS[task].probe(answers, Case(seed, dtype, {"normals": NORMALS}))


@cache
def right_one() -> dict:
    """What is expected in the exam of seed 100."""
    return observed("train_vae", 100, "float64")


def failed(task: str, seed: int) -> dict[str, str]:
    """What is found wrong when the grader judges the reference, by check."""
    return judged(task, observed(task, seed), observed(task, seed, "float64"))


@pytest.mark.parametrize("seed", range(100, 104))
def test_reference_passes_for_many_seeds(seed: int, short_learning: None) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    assert failed("kl_weight", seed) == failed("train_vae", seed) == {}


def unanswered(epoch: int, kl_anneal_epochs: int) -> float:
    """As the release has it."""
    raise NotImplementedError


@pytest.mark.parametrize(
    "wrong",
    [lambda epoch, kl_anneal_epochs: 7.0, lambda epoch, kl_anneal_epochs: epoch + 0.5, unanswered, lambda epoch: "no"],
    ids=["constant", "grows", "unanswered", "takes one argument"],
)
def test_a_wrong_kl_weight_does_not_cost_the_loop_its_points(
    short_learning: None, monkeypatch: pytest.MonkeyPatch, wrong: Any
) -> None:
    """Is Task 2 judged on its own, when it calls a Task 1 that is wrong?"""
    expected = right_one()
    monkeypatch.setattr(reference, "kl_weight", wrong)
    assert judged("train_vae", observed("train_vae", 100), expected) == {}
    assert reference.kl_weight is wrong


def test_a_loop_that_only_agrees_with_a_wrong_kl_weight_is_wrong(
    short_learning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Does a loop without annealing lose beta, although its own `kl_weight` would be of the same opinion?"""
    expected = right_one()
    monkeypatch.setattr(reference, "kl_weight", lambda epoch, kl_anneal_epochs: 1.0)
    train_vae = reference.train_vae
    blind = FunctionType(train_vae.__code__, {**train_vae.__globals__}, "blind", train_vae.__defaults__)

    def loop(*args: Any, **options: Any) -> Any:
        return blind(*args, **options)

    seen = TASKS["train_vae"].probe({"train_vae": loop}, Case(100, arrays={"normals": NORMALS}))
    assert set(judged("train_vae", seen, expected)) == {"beta"}


def test_weights_above_the_floor_lose_their_check(short_learning: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the grader ask for more than the notebook?"""
    monkeypatch.setattr(hidden, "floor", lambda module, quantity: 0.01)
    assert set(failed("train_vae", 100)) == {"weights"}


def test_the_examiner_rebuilds_images_with_the_weights_that_came_back() -> None:
    """Does the examiner's own model give, with a trained model's weights, what that model gives?"""
    torch.manual_seed(3)
    model, images = ConvVAE(latent_dim=16, image_size=32), torch.rand(4, 1, 32, 32)
    model.train()(images)  # gives batch normalisation statistics of its own
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    model.eval()
    with torch.no_grad():
        want = model.decoder(model.encoder(images)[0]).numpy()
    assert runs.rebuilt_with(weights, images.numpy()) == pytest.approx(want)


@pytest.mark.parametrize("weights", [None, {}, {"encoder.conv1.weight": np.zeros(3)}, [0.5]], ids=str)
def test_what_are_no_weights_has_learnt_nothing(weights: Any) -> None:
    """Does the examiner refuse whatever a desk gives in place of weights?"""
    with pytest.raises(ValueError, match="without its weights"):
        runs.rebuilt_with(weights, np.zeros((1, 1, 32, 32), dtype=np.float32))


def test_measured_floor_is_rarely_missed() -> None:
    """Is the chance that a right answer misses the floor below 1 in 10,000, and the visible limit no harder?"""
    for quantity in hidden.QUANTITIES:
        rows = floors._measured()["training"][f"{quantity.task}/{quantity.key}"]
        assert len(rows) == 2 and all(row["chance"] < 1e-4 for row in rows.values())
        assert floors.floor("training", quantity) <= judging.LEARN_LIMIT
