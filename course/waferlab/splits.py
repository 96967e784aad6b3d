"""What a data set is: three splits of images held in memory, the resize that makes them, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.utils.data import Dataset, random_split

TRAIN_SHARE = 0.8


class DataError(Exception):
    """Data that cannot be used; the message is one sentence that says what is wrong and what to do."""


class DataUnavailableError(DataError):
    """Data that is neither on disk nor downloadable.

    Attributes:
        cause: why, as half a sentence.
    """

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Split:
    """One part of a data set, whole in memory.

    Attributes:
        images: (n, 1, s, s) float32 in [0, 1].
        labels: (n,) int64, 0 for normal and 1 for anomalous.
        classes: (n,) int64, index into the data set's `class_names`.
        indices: (n,) int64, position in the original data set.
        masks: (n, 1, s, s) bool, True where a defect is; `None` where the data set has no masks.
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: torch.Tensor
    indices: torch.Tensor
    masks: torch.Tensor | None = None

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def take(self, chosen: slice | torch.Tensor) -> Split:
        """A part of this split: a slice, positions or a mask of type bool."""
        masks = None if self.masks is None else self.masks[chosen]
        return Split(self.images[chosen], self.labels[chosen], self.classes[chosen], self.indices[chosen], masks)


class WithClasses(Dataset[tuple[torch.Tensor, int]]):
    """Images with the numbers of their classes, one by one, as torchvision's data sets give them.

    Args:
        images: (n, 1, s, s).
        classes: (n,) int64.

    >>> image, number = WithClasses(torch.rand(3, 1, 8, 8), torch.tensor([0, 7, 2]))[1]
    >>> tuple(image.shape), number
    ((1, 8, 8), 7)
    """

    def __init__(self, images: torch.Tensor, classes: torch.Tensor) -> None:
        self._images, self._classes = images, classes

    def __len__(self) -> int:
        """The number of images."""
        return len(self._images)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, int]:
        """An image, (1, s, s), and the number of its class.

        Raises:
            IndexError: there is no image at this position.
        """
        return self._images[position], int(self._classes[position])


@dataclass(frozen=True)
class WaferDataset:
    """Normal images to learn from, and a test split with anomalies to find.

    Attributes:
        name: how `load_dataset` knows it.
        image_size: side of the square images in pixels.
        class_names: what the numbers in `Split.classes` mean.
        train: normal images only.
        val: normal images only, for choosing thresholds.
        test: normal images first, then anomalies.
    """

    name: str
    image_size: int
    class_names: tuple[str, ...]
    train: Split
    val: Split
    test: Split


class Batches:
    """Batches of a split, in the form that a `DataLoader` gives them, sliced from tensors in memory.

    The images move to the device once. With `shuffle`, every pass takes a new order, and the same seed gives the same
    series of orders on every device.

    Args:
        split: the images and their labels.
        batch_size: images in a batch; the last batch holds what is left.
        shuffle: whether every pass takes a new random order.
        device: where the batches are.
        seed: of the orders.

    Raises:
        ValueError: `batch_size` is not positive.

    >>> split = Split(torch.rand(5, 1, 8, 8), *(torch.zeros(5, dtype=torch.int64) for _ in range(3)))
    >>> [tuple(images.shape) for images, labels in Batches(split, batch_size=2)]
    [(2, 1, 8, 8), (2, 1, 8, 8), (1, 1, 8, 8)]
    """

    def __init__(
        self, split: Split, batch_size: int, *, shuffle: bool = False, device: str = "cpu", seed: int = 42
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: expected a positive number of images")
        self.images = split.images.to(device)
        self.labels = split.labels.to(device)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """The number of batches in a pass."""
        return -(-len(self.images) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Go through all images once: pairs of (b, 1, s, s) images and (b,) labels."""
        if not self.shuffle:
            yield from zip(self.images.split(self.batch_size), self.labels.split(self.batch_size), strict=True)
            return
        order = torch.randperm(len(self.images), generator=self._generator).to(self.images.device)
        for chosen in order.split(self.batch_size):
            yield self.images[chosen], self.labels[chosen]


def split_positions(count: int, seed: int) -> tuple[list[int], list[int]]:
    """Split positions 0 to count - 1 at random: 80 % to train, the rest to validate.

    This is `torch.utils.data.random_split` with a generator of its own, so torch's global seed plays no part.

    Args:
        count: how many images there are.
        seed: of the generator.

    Returns:
        Positions to train with and positions to validate with, both in random order.

    >>> train, val = split_positions(10, seed=42)
    >>> len(train), len(val), sorted(train + val) == list(range(10))
    (8, 2, True)
    """
    num_train = int(TRAIN_SHARE * count)
    generator = torch.Generator().manual_seed(seed)
    train, val = random_split(range(count), [num_train, count - num_train], generator=generator)
    return list(train.indices), list(val.indices)


def resize(images: torch.Tensor, image_size: int) -> torch.Tensor:
    """Turn 8-bit images into floats of the wanted size, in one operation for the whole batch.

    Bilinear with antialiasing, as torchvision's `Resize` does; images of the wanted size keep their exact values.

    Args:
        images: (n, h, w) uint8, 0 to 255.
        image_size: side of the result in pixels.

    Returns:
        (n, 1, image_size, image_size) float32 in [0, 1].

    >>> resize(torch.full((2, 4, 4), 255, dtype=torch.uint8), 8).unique().tolist()
    [1.0]
    """
    batch = images.unsqueeze(1).float().div_(255)
    if batch.shape[-2:] == (image_size, image_size) or not len(batch):
        return batch.reshape(-1, 1, image_size, image_size)
    size = (image_size, image_size)
    return F.interpolate(batch, size=size, mode="bilinear", align_corners=False, antialias=True).clamp_(0, 1)
