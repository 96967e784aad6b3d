"""Does the points table of assignment 05 tell right answers from wrong ones?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from answer_bank import JUNK, Bank
from waferlab.checks import training
from waferlab.reference.encoder import ConvVAE

from autograder.judge import floors
from autograder.judge.hidden import training as verdict

NORMALS = np.random.default_rng(1).random((48, 1, 32, 32), dtype=np.float32)
BANK = Bank("05-training", {"normals": NORMALS})
SEED = 20_240_607


@pytest.fixture(autouse=True, scope="module")
def short_learning() -> Any:
    """One thread, and one epoch on a few images: the banks are about the loop, and `course validate` runs it whole."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"LEARN_TRAIN": 16, "LEARN_VAL": 16, "LEARN_HELD": 16, "LEARN_EPOCHS": 1}.items():
            patch.setattr(training, name, value)
        patch.setattr(training, "LEARN_LIMIT", 99.0)
        patch.setattr(verdict, "floor", lambda module, quantity: 0.5)  # out of reach
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)


@pytest.mark.parametrize("path", BANK.files("wrong"), ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    BANK.assert_caught(path, SEED)


@pytest.mark.filterwarnings("ignore:::answers")
@pytest.mark.parametrize("path", BANK.files("right"), ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does an answer written another way keep all its points?"""
    monkeypatch.setattr(verdict, "floor", lambda module, quantity: 99.0)
    BANK.assert_kept(path, SEED)


@pytest.mark.parametrize("seed", range(100, 106))
def test_reference_gets_full_marks_for_many_seeds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    monkeypatch.setattr(verdict, "floor", lambda module, quantity: 99.0)
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
    BANK.assert_survives(task, junk, SEED, most=0.25)


def test_a_wrong_kl_weight_does_not_cost_the_loop_its_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is Task 2 judged on its own, when it calls a Task 1 that is wrong?"""
    monkeypatch.setattr(verdict, "floor", lambda module, quantity: 99.0)
    wrong = "def kl_weight(epoch, kl_anneal_epochs):\n    return 7.0"
    assert BANK.judge(wrong, "train_vae", SEED)[1] == BANK.full("train_vae")


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
    assert verdict.squared_error_left(seen, expected) == pytest.approx(float(want), rel=1e-9)


def test_measured_floor_is_rarely_missed() -> None:
    """Is the chance that a right answer misses the floor below 1 in 10,000?"""
    for quantity in verdict.QUANTITIES:
        rows = floors._measured()["training"][f"{quantity.task}/{quantity.key}"]
        assert len(rows) == 2 and all(row["chance"] < 1e-4 for row in rows.values())
