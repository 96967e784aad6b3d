"""Loading: the names, the limits, and what every data set has in common."""

import pytest
import torch
from torchvision.transforms import v2
from waferlab import data, fashion
from waferlab.data import Batches, DataError, DataUnavailableError, Split, load_dataset, resize
from waferlab.profiles import PROFILES

SMOKE = PROFILES["smoke"]
NAMES = [
    pytest.param(
        "fashion-mnist",
        marks=pytest.mark.skipif(not fashion.fashion_mnist_available(), reason="Fashion-MNIST is not on this machine"),
    ),
    "synthetic-wafers",
]


@pytest.fixture
def unavailable(monkeypatch):
    """Fashion-MNIST is neither on disk nor downloadable."""

    def fail():
        raise DataUnavailableError("a long explanation", "Fashion-MNIST could not be downloaded (no route to host)")

    monkeypatch.setattr(fashion, "ensure_archives", fail)
    monkeypatch.setattr(fashion, "find_archives", lambda: None)


@pytest.mark.parametrize("name", NAMES)
def test_a_split_is_what_it_promises(name):
    """Do all splits have the promised types, shapes and ranges?"""
    dataset = load_dataset(name, SMOKE)
    for split in (dataset.train, dataset.val, dataset.test):
        assert split.images.shape == (len(split), 1, 32, 32)
        assert split.images.dtype == torch.float32
        assert split.images.min() >= 0 and split.images.max() <= 1
        for values in (split.labels, split.classes, split.indices):
            assert values.shape == (len(split),) and values.dtype == torch.int64
        assert torch.equal(split.labels, (split.classes > 0).long())
        assert split.masks is None or (split.masks.shape == split.images.shape and split.masks.dtype == torch.bool)


@pytest.mark.parametrize("name", NAMES)
def test_the_limits_of_a_profile(name):
    """Does the smoke profile keep its number of images of each kind?"""
    dataset = load_dataset(name, SMOKE)
    assert (len(dataset.train), len(dataset.val)) == (SMOKE.max_train, SMOKE.max_val)
    assert dataset.test.labels.bincount().tolist() == [SMOKE.max_test, SMOKE.max_test]


@pytest.mark.parametrize("name", NAMES)
def test_a_limited_split_is_the_beginning_of_the_whole(name):
    """Does a limit keep the first images, so that results on a subset concern the same images?"""
    small, large = load_dataset(name, SMOKE), load_dataset(name, PROFILES["t4"], image_size=32)
    assert torch.equal(small.train.images, large.train.images[: len(small.train)])
    assert torch.equal(small.test.images[:200], large.test.images[:200])
    assert torch.equal(small.test.images[200:], large.test.images[1000:1200])
    assert torch.equal(small.test.indices[200:], large.test.indices[1000:1200])


@pytest.mark.parametrize("name", NAMES)
def test_the_same_call_gives_the_same_tensors(name):
    """Is loading deterministic?"""
    first, second = load_dataset(name, SMOKE), load_dataset(name, SMOKE)
    assert torch.equal(first.train.images, second.train.images)
    assert torch.equal(first.test.images, second.test.images)


def test_the_image_size_can_be_chosen():
    """Does `image_size` win over the profile's?"""
    assert load_dataset("synthetic-wafers", SMOKE, image_size=48).test.images.shape[-2:] == (48, 48)


def test_variables_name_data_set_and_profile(monkeypatch):
    """Do WAFERLAB_DATASET and WAFERLAB_PROFILE decide when the call names neither?"""
    monkeypatch.setenv("WAFERLAB_DATASET", "synthetic-wafers")
    monkeypatch.setenv("WAFERLAB_PROFILE", "smoke")
    dataset = load_dataset()
    assert (dataset.name, dataset.image_size, len(dataset.train)) == ("synthetic-wafers", 32, 1000)


def test_an_unknown_name():
    """Does a wrong name give the value found and the names expected?"""
    with pytest.raises(ValueError, match=r"'mnist': expected fashion-mnist, synthetic-wafers, auto or folder:PATH"):
        load_dataset("mnist", SMOKE)


def test_auto_without_data_and_network(unavailable, capsys):
    """Does `auto` fall back to synthetic wafers and say why in one sentence?"""
    assert load_dataset("auto", SMOKE).name == "synthetic-wafers"
    said = capsys.readouterr().out
    assert said == "Data: synthetic-wafers, because Fashion-MNIST could not be downloaded (no route to host).\n"


def test_a_named_data_set_is_never_replaced(unavailable):
    """Is there an error, not another data set, when the one asked for cannot be had?"""
    with pytest.raises(DataUnavailableError, match="a long explanation"):
        load_dataset("fashion-mnist", SMOKE)


def test_auto_does_not_hide_damage(monkeypatch):
    """Is a damaged archive an error for `auto`, too?"""

    def damaged():
        raise DataError("train-images-idx3-ubyte.gz is damaged")

    monkeypatch.setattr(fashion, "ensure_archives", damaged)
    with pytest.raises(DataError, match="is damaged"):
        load_dataset("auto", SMOKE)


@pytest.mark.parametrize(("on_disk", "how"), [(True, "found on disk"), (False, "downloaded")])
def test_auto_says_where_the_data_came_from(on_disk, how, monkeypatch, capsys):
    """Does `auto` say whether it found or downloaded Fashion-MNIST?"""
    monkeypatch.setattr(data, "fashion_mnist_available", lambda: on_disk)
    monkeypatch.setattr(fashion, "load", lambda *settings: None)
    load_dataset("auto", SMOKE)
    assert capsys.readouterr().out == f"Data: fashion-mnist, {how}.\n"


@pytest.mark.parametrize("size", [16, 32, 64], ids=["smaller", "a little larger", "larger"])
def test_resizing_equals_torchvision(size):
    """Is the batched resize what torchvision's `Resize` gives?"""
    images = torch.randint(0, 256, (5, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = v2.Resize((size, size), antialias=True)(images.unsqueeze(1).float() / 255)
    assert torch.allclose(resize(images, size), expected, atol=1e-6)


def test_no_resize_keeps_exact_values():
    """Do images of the right size keep their grey levels exactly?"""
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
    assert torch.equal(resize(images, 16)[:, 0], images.float() / 255)


def test_no_images_at_all():
    """Does an empty batch keep the shape of a batch?"""
    assert resize(torch.zeros(0, 28, 28, dtype=torch.uint8), 32).shape == (0, 1, 32, 32)


@pytest.fixture
def split():
    """Ten images whose pixels and labels are their number."""
    numbers = torch.arange(10)
    return Split(numbers.float().reshape(-1, 1, 1, 1).expand(10, 1, 4, 4), numbers, numbers, numbers)


def order(batches: Batches) -> list[int]:
    """The numbers of the images in one pass."""
    return [int(label) for _, labels in batches for label in labels]


def test_batches_in_order(split):
    """Do batches without shuffling follow the split, the last one shorter?"""
    batches = Batches(split, 4)
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    assert len(batches) == 3
    assert order(batches) == list(range(10))


def test_every_pass_takes_a_new_order(split):
    """Does shuffling give all images once, in another order every time?"""
    batches = Batches(split, 4, shuffle=True)
    first, second = order(batches), order(batches)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_images_keep_their_labels_when_shuffled(split):
    """Do an image and its label stay together?"""
    for images, labels in Batches(split, 3, shuffle=True):
        assert torch.equal(images[:, 0, 0, 0].long(), labels)


def test_the_same_seed_gives_the_same_orders(split):
    """Are the orders those of the seed, whatever the global generator did?"""
    torch.manual_seed(0)
    first = order(Batches(split, 4, shuffle=True, seed=5))
    torch.manual_seed(1)
    assert order(Batches(split, 4, shuffle=True, seed=5)) == first
    assert order(Batches(split, 4, shuffle=True, seed=6)) != first


def test_a_batch_of_nothing(split):
    """Is a batch size of zero refused?"""
    with pytest.raises(ValueError, match="batch_size is 0: expected a positive number"):
        Batches(split, 0)


def test_an_image_of_nothing():
    """Is an image size of zero refused, not taken for the default?"""
    with pytest.raises(ValueError, match="image_size is 0: expected a positive number"):
        load_dataset("synthetic-wafers", SMOKE, image_size=0)
