"""A user's own images in the MVTec layout: what is loaded, and what is said when something is missing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from waferlab.data import DataError, load_dataset
from waferlab.profiles import PROFILES, Profile

FULL = PROFILES["t4"]


def write_image(path: Path, level: int, size: tuple[int, int] = (40, 40)) -> None:
    """Write a plain image of one grey level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(size, level, dtype=np.uint8)).save(path)


@pytest.fixture
def root(tmp_path):
    """Ten good images to learn from, two to test with, and two kinds of defect with masks."""
    for number in range(10):
        write_image(tmp_path / "train/good" / f"{number:03}.png", level=10 * number)
    for number in range(2):
        write_image(tmp_path / "test/good" / f"{number:03}.png", level=100)
    for defect, count in (("bridge", 3), ("crack", 2)):
        for number in range(count):
            write_image(tmp_path / "test" / defect / f"{number:03}.png", level=200)
            write_image(tmp_path / "ground_truth" / defect / f"{number:03}_mask.png", level=0)
    return tmp_path


def load(root: Path, profile: Profile = FULL, image_size: int = 32):
    return load_dataset(f"folder:{root}", profile, image_size=image_size)


def test_what_is_loaded(root):
    """Do 80 % of the good images train and the rest validate, and does the test split hold all others?"""
    dataset = load(root)
    assert (len(dataset.train), len(dataset.val), len(dataset.test)) == (8, 2, 7)
    assert dataset.class_names == ("good", "bridge", "crack")
    assert dataset.test.classes.tolist() == [0, 0, 1, 2, 1, 2, 1]
    assert dataset.test.images.shape == (7, 1, 32, 32)


def test_training_and_validation_share_nothing(root):
    """Is every good image in exactly one of the two splits, under its own position?"""
    dataset = load(root)
    levels = torch.cat([dataset.train.images, dataset.val.images])[:, 0, 0, 0].mul(255).round().long()
    positions = torch.cat([dataset.train.indices, dataset.val.indices])
    assert torch.equal(levels, 10 * positions)
    assert sorted(positions.tolist()) == list(range(10))


def test_positions_count_through_the_test_folder(root):
    """Do the indices point into good, bridge and crack, in this order?"""
    assert load(root).test.indices.tolist() == [0, 1, 2, 5, 3, 6, 4]


def test_a_limit_keeps_all_kinds_of_defect(root):
    """Does a limit of two anomalies keep one of each kind?"""
    limited = Profile("smoke", 32, 1, 1, 8, max_train=3, max_val=1, max_test=2)
    dataset = load(root, limited)
    assert (len(dataset.train), len(dataset.val)) == (3, 1)
    assert dataset.test.classes.tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("002.png", np.full((20, 30, 3), 100, dtype=np.uint8)),
        ("002.png", np.full((20, 30, 4), 100, dtype=np.uint8)),
        ("002.png", np.full((20, 30), 100 * 257, dtype=np.uint16)),
        ("002.jpg", np.full((20, 30, 3), 100, dtype=np.uint8)),
        ("002.BMP", np.full((20, 30), 100, dtype=np.uint8)),
        ("002.tif", np.full((20, 30), 100 * 257, dtype=np.uint16)),
    ],
    ids=["colour", "transparency", "16 bits", "JPEG", "BMP", "16-bit TIFF"],
)
def test_every_kind_of_file_becomes_grey(root, name, pixels):
    """Is an image read as the same grey whatever its format?"""
    Image.fromarray(pixels).save(root / "test/good" / name)
    image = load(root).test.images[2]
    assert torch.allclose(image, torch.full((1, 32, 32), 100 / 255), atol=1.5 / 255)


@pytest.mark.parametrize("name", ["000_mask.png", "000.png"])
def test_both_names_of_masks(root, name):
    """Is a mask found under MVTec's name and under the image's own?"""
    (root / "ground_truth/crack/000_mask.png").rename(root / "ground_truth/crack" / name)
    assert load(root).test.masks.shape == (7, 1, 32, 32)


def test_a_single_pixel_survives_shrinking(root):
    """Is one marked pixel of a large mask still marked in a small one?"""
    mask = np.zeros((256, 256), dtype=np.uint8)
    mask[100, 200] = 255
    write_image(root / "test/crack/000.png", level=200, size=(256, 256))
    Image.fromarray(mask).save(root / "ground_truth/crack/000_mask.png")
    found = load(root).test.masks[3, 0].nonzero().tolist()
    assert found == [[100 * 32 // 256, 200 * 32 // 256]]


def test_without_ground_truth(root):
    """Does a folder without any masks load, with masks of None?"""
    shutil.rmtree(root / "ground_truth")
    assert load(root).test.masks is None


def spoil_image(root: Path) -> None:
    (root / "train/good/003.png").write_bytes(b"not an image")


def truncate_image(root: Path) -> None:
    path = root / "train/good/003.png"
    path.write_bytes(path.read_bytes()[:50])


def spoil_mask(root: Path) -> None:
    write_image(root / "ground_truth/crack/001_mask.png", level=0, size=(20, 30))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(shutil.rmtree, "is not a folder: expected", id="no folder"),
        pytest.param(lambda r: shutil.rmtree(r / "train"), "train/good holds 0 images", id="nothing to train with"),
        pytest.param(lambda r: shutil.rmtree(r / "test/good"), "test/good holds no images", id="no normal tests"),
        pytest.param(lambda r: shutil.rmtree(r / "test"), "test holds no anomalies", id="no anomalies"),
        pytest.param(spoil_image, r"train/good/003.png cannot be read as an image", id="unreadable"),
        pytest.param(truncate_image, r"train/good/003.png cannot be read as an image", id="truncated"),
        pytest.param(
            lambda r: (r / "ground_truth/crack/001_mask.png").unlink(),
            r"crack/001.png has no mask: expected 001_mask.png or 001.png",
            id="one mask missing",
        ),
        pytest.param(spoil_mask, r"001_mask.png is 30x20 pixels: expected 40x40", id="mask of another size"),
    ],
)
def test_what_is_wrong_is_said(root, spoil, message):
    """Is the error one sentence that names the place and what was expected?"""
    spoil(root)
    with pytest.raises(DataError, match=message) as caught:
        load(root)
    assert "\n" not in str(caught.value)
