"""Profiles: how a run's size is chosen."""

import dataclasses

import pytest
from waferlab.profiles import PROFILES, get_profile


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    """WAFERLAB_PROFILE is not set."""
    monkeypatch.delenv("WAFERLAB_PROFILE", raising=False)


@pytest.mark.parametrize(("has_gpu", "expected"), [(True, "t4"), (False, "cpu")], ids=["GPU", "no GPU"])
def test_the_device_decides_when_nothing_else_does(has_gpu, expected):
    """Does a GPU give the case study's size and a laptop the smaller one?"""
    assert get_profile(has_gpu=has_gpu).name == expected


def test_the_variable_wins_over_the_device(monkeypatch):
    """Does WAFERLAB_PROFILE decide on a GPU machine, too?"""
    monkeypatch.setenv("WAFERLAB_PROFILE", "smoke")
    assert get_profile(has_gpu=True).name == "smoke"


def test_the_argument_wins_over_the_variable(monkeypatch):
    """Does a profile named in the call win?"""
    monkeypatch.setenv("WAFERLAB_PROFILE", "smoke")
    assert get_profile("t4").name == "t4"


def test_an_unknown_name(monkeypatch):
    """Does a misspelt variable give the value found and the names expected?"""
    monkeypatch.setenv("WAFERLAB_PROFILE", "tiny")
    with pytest.raises(ValueError, match="'tiny': expected one of t4, cpu, smoke"):
        get_profile()


def test_t4_is_the_case_study():
    """Has the t4 profile the case study's image size, epochs and whole data set?"""
    t4 = PROFILES["t4"]
    assert (t4.image_size, t4.num_epochs, t4.kl_anneal_epochs) == (128, 30, 10)
    assert (t4.max_train, t4.max_val, t4.max_test) == (None, None, None)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_fits_the_model(name):
    """Is the image size a multiple of 16, and does beta reach 1 before training ends?"""
    profile = PROFILES[name]
    assert profile.name == name
    assert profile.image_size % 16 == 0
    assert profile.kl_anneal_epochs < profile.num_epochs


def test_a_profile_cannot_be_changed():
    """Is a profile frozen, so that no cell changes it for the others?"""
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROFILES["smoke"].num_epochs = 1
