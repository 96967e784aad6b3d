"""Set-up: seeds, device, and what the first cell says."""

import random

import numpy as np
import pytest
import torch
from waferlab import runtime
from waferlab.profiles import PROFILES
from waferlab.runtime import GPU_HELP_COLAB, GPU_HELP_LOCAL, Runtime, describe, seed_everything, setup


@pytest.fixture
def no_gpu(monkeypatch):
    """This machine has no GPU, and no profile is named."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("WAFERLAB_PROFILE", raising=False)


@pytest.fixture
def gpu(monkeypatch):
    """This machine has a T4, and no profile is named."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "Tesla T4")
    monkeypatch.delenv("WAFERLAB_PROFILE", raising=False)


def draws() -> tuple[float, float, float]:
    """One number of each global generator."""
    return random.random(), float(np.random.rand()), float(torch.rand(1))


@pytest.mark.parametrize("seed", [0, 42, 2**40], ids=["zero", "case study", "more than NumPy takes"])
def test_seeding_reaches_every_generator(seed):
    """Do Python, NumPy and torch repeat themselves after seeding?"""
    seed_everything(seed)
    first = draws()
    seed_everything(seed)
    assert draws() == first


def test_setup_without_a_gpu(no_gpu, capsys):
    """Does the first cell choose the cpu profile and say that this is fine?"""
    chosen = setup()
    assert (chosen.device, chosen.profile.name, chosen.seed) == ("cpu", "cpu", 42)
    assert "No GPU found. Profile cpu: 64 px" in capsys.readouterr().out


def test_setup_with_a_gpu(gpu, capsys):
    """Does the first cell name the GPU and choose the case study's size?"""
    chosen = setup()
    assert (chosen.device, chosen.profile.name) == ("cuda", "t4")
    assert "GPU: Tesla T4. Profile t4: 128 px, 30 epochs" in capsys.readouterr().out


def test_setup_takes_a_profile_and_a_seed(no_gpu):
    """Do the arguments win, and is the seed used?"""
    chosen = setup("smoke", seed=7)
    first = draws()
    seed_everything(7)
    assert chosen.profile.name == "smoke" and draws() == first


@pytest.mark.parametrize(("colab", "text"), [(True, GPU_HELP_COLAB), (False, GPU_HELP_LOCAL)], ids=["Colab", "local"])
def test_advice_fits_the_place(colab, text, monkeypatch):
    """Does the text tell how to switch a GPU on only where there is one to switch on?"""
    monkeypatch.setattr(runtime, "in_colab", lambda: colab)
    assert describe(Runtime("cpu", PROFILES["cpu"], 42)).endswith(text)


def test_this_is_not_colab():
    """Is a machine without `google.colab` recognised, without an error?"""
    assert not runtime.in_colab()
