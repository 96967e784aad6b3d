"""Loaders for probes: given batches, with whatever a student's loop may ask of a `DataLoader`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Batches:
    """Given batches, over and over, with what loops ask of a loader: a length, a batch size and a data set.

    Args:
        images: (n, 1, s, s).
        batch_size: images in a batch; the last one holds what is left.
        labels: (n,); zeros when left out.
    """

    def __init__(self, images: torch.Tensor, batch_size: int, labels: torch.Tensor | None = None) -> None:
        import torch

        labels = torch.zeros(len(images), dtype=torch.long) if labels is None else labels
        self.batch_size = batch_size
        self.dataset = torch.utils.data.TensorDataset(images, labels)
        self.batches = list(zip(images.split(batch_size), labels.split(batch_size), strict=True))

    def __len__(self) -> int:
        """The number of batches."""
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pairs of images and labels, always in the same order."""
        return iter(self.batches)
