"""Synthetic wafers: the same everywhere, with masks that are exact and defects that can be seen."""

import hashlib

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from waferlab.profiles import PROFILES
from waferlab.synthetic import BLOCK, CLASS_NAMES, _Draws, draw_wafers, load

DEFECTS = CLASS_NAMES[1:]
NOISE = 4.6  # grey levels
GOLDEN = {
    "normal": "c892ee0937ca076b",
    "scratch": "e3a692a5af66ba4e",
    "particle": "74e9a02efcba79c4",
    "pattern-shift": "ed0116ec3a4399d8",
    "missing-feature": "b8b1cfe0a4b0c64f",
    "stain": "e85e45d80c0ca2b1",
    "edge-ring": "e13ccd439f686ac1",
}


@pytest.mark.parametrize("kind", CLASS_NAMES)
def test_the_same_bytes_everywhere(kind):
    """Do seed 42's images have the checksum that they had when the course was written?"""
    images, masks = draw_wafers(BLOCK + 8, 64, kind, seed=42)
    assert hashlib.sha256(images.tobytes() + masks.tobytes()).hexdigest()[:16] == GOLDEN[kind]


@pytest.mark.parametrize("kind", DEFECTS)
@pytest.mark.parametrize("size", [32, 64, 128])
def test_masks_are_exact(kind, size):
    """Is a pixel in the mask exactly when it differs from the image of the same wafer without the defect?"""
    images, masks = draw_wafers(BLOCK, size, kind, seed=3)
    flawless, none = draw_wafers(BLOCK, size, "normal", seed=3)
    assert np.array_equal(images != flawless, masks)
    assert not none.any()


@pytest.mark.parametrize("kind", DEFECTS)
@pytest.mark.parametrize("size", [32, 64])
def test_every_defect_stands_out_of_the_noise(kind, size):
    """Has every defect several pixels that differ by more than three standard deviations of the noise?"""
    images, _ = draw_wafers(240, size, kind, seed=5)
    flawless, _ = draw_wafers(240, size, "normal", seed=5)
    difference = np.abs(images.astype(int) - flawless.astype(int)).reshape(240, -1)
    strong = (difference > 3 * NOISE).sum(axis=1)
    assert strong.min() >= 2 and np.median(strong) >= 6


@pytest.mark.parametrize("kind", DEFECTS)
def test_a_defect_is_a_small_part(kind):
    """Does a defect leave most of the image alone?"""
    _, masks = draw_wafers(240, 64, kind, seed=5)
    share = masks.reshape(240, -1).mean(axis=1)
    assert share.min() > 0 and share.max() < 0.4


@pytest.mark.parametrize("kind", DEFECTS)
def test_mean_brightness_does_not_give_a_defect_away(kind):
    """Is the mean of an image a poor detector?"""
    normal, _ = draw_wafers(400, 32, "normal", seed=1)
    defective, _ = draw_wafers(400, 32, kind, seed=2)
    means = np.concatenate([normal, defective]).reshape(800, -1).mean(axis=1)
    assert 0.35 < roc_auc_score([0] * 400 + [1] * 400, means) < 0.65


@pytest.mark.parametrize("kind", ["normal", "stain"])
def test_an_image_does_not_depend_on_how_many_are_drawn(kind):
    """Is image i the same in a set of 5 and of 70?"""
    few, few_masks = draw_wafers(5, 32, kind, seed=9)
    many, many_masks = draw_wafers(70, 32, kind, seed=9)
    assert np.array_equal(few, many[:5]) and np.array_equal(few_masks, many_masks[:5])


@pytest.mark.parametrize("change", [{"seed": 1}, {"stream": 1}], ids=["seed", "stream"])
def test_another_seed_or_stream_gives_other_wafers(change):
    """Do seeds and streams give independent images?"""
    base, _ = draw_wafers(4, 32, seed=0, stream=0)
    other, _ = draw_wafers(4, 32, **({"seed": 0, "stream": 0} | change))
    assert not np.array_equal(base, other)


def test_no_image_is_drawn_twice():
    """Are all images of several blocks different?"""
    images, _ = draw_wafers(5 * BLOCK, 32, seed=0)
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == 5 * BLOCK


def test_noise_is_what_the_documentation_says():
    """Has the noise mean 0, a standard deviation of 4.6 grey levels and a maximum of 16?"""
    noise = _Draws(0).noise(64)
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert noise.std() == pytest.approx(NOISE, abs=0.05)
    assert np.abs(noise).max() <= 16


def test_no_pixel_saturates():
    """Does every image stay clear of black and white, as exact masks need?"""
    for kind in CLASS_NAMES:
        images, _ = draw_wafers(100, 64, kind, seed=8)
        assert images.min() > 0 and images.max() < 255


def test_sizes_and_kinds_of_the_data_set():
    """Are the splits as large as the case study's, and the defects balanced?"""
    dataset = load(32, PROFILES["t4"], seed=42)
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (4800, 1200, 1400)
    assert dataset.test.classes.bincount().tolist() == [1000, 67, 67, 67, 67, 66, 66]
    assert dataset.test.masks[:1000].sum() == 0
    assert dataset.test.masks[1000:].flatten(1).any(dim=1).all()


def test_a_limit_keeps_all_kinds():
    """Does a small subset still hold every kind of defect?"""
    dataset = load(32, PROFILES["smoke"], seed=42)
    assert dataset.test.classes[200:].bincount().tolist() == [0, 34, 34, 33, 33, 33, 33]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1, 32, "dent"), "'dent': expected one of normal, scratch"), ((1, 31), "31: expected a positive even")],
    ids=["unknown kind", "odd size"],
)
def test_what_cannot_be_drawn(arguments, message):
    """Do errors name the value found and what was expected?"""
    with pytest.raises(ValueError, match=message):
        draw_wafers(*arguments)
