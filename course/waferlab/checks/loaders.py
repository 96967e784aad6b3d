"""Loaders for probes: given batches, with whatever a student's loop may ask of a `DataLoader`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from waferlab.checks.core import Check, Observation

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


def observe_device(seen: Observation, call: Callable[[torch.nn.Module, Batches], Any]) -> None:
    """Record as `device` what an answer brings to a pretended GPU: 1 or 0 for the images and for the model.

    Args:
        seen: the observation.
        call: gives the answer a model and a loader on the CPU, and the device `cuda`.
    """
    import torch

    from waferlab.checks.stubs import brought_to_device

    loader = Batches(torch.rand(6, 1, 16, 16), 3)
    found = brought_to_device(lambda model: call(model, loader))
    seen["device"] = [int(found[name]) for name in ("images", "model") if name in found]


def device_fault(seen: Observation, expected: Observation) -> str | None:
    """What did not go to the given device."""
    found = seen.get("device")
    if not isinstance(found, list):
        return "the function did not run to its end"
    missing = [name for name, there in zip(("images", "model"), found, strict=False) if there != 1]
    return f"not brought there: {' and '.join(missing)}" if missing else None


def device_check(points: float, requires: tuple[str, ...]) -> Check:
    """The check that model and images go to the given device, of what `observe_device` recorded."""
    tested, goal = "model and images, on a device of their own (pretended)", "both are brought to `device`"
    return Check("device", points, tested, goal, device_fault, requires)
