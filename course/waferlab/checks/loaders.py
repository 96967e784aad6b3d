"""Loaders for probes, and where an answer brings their batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from waferlab.checks.core import Check, Observation

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader


def loader_of(images: torch.Tensor, batch_size: int, labels: torch.Tensor | None = None) -> DataLoader:
    """A plain `DataLoader` over pairs of images and labels, always in the same order, as the case study makes it.

    Args:
        images: (n, 1, s, s).
        batch_size: images in a batch; the last one holds what is left.
        labels: (n,); zeros when left out.
    """
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    labels = torch.zeros(len(images), dtype=torch.long) if labels is None else labels
    return DataLoader(TensorDataset(images, labels), batch_size=batch_size)


def observe_device(seen: Observation, call: Callable[[torch.nn.Module, DataLoader], Any]) -> None:
    """Record as `device` what lies on a pretended GPU when the model is called: 1 or 0 for the images and the model.

    Args:
        seen: the observation.
        call: gives the answer a model on the GPU, a loader on the CPU, and the device `cuda`.
    """
    import torch

    from waferlab.checks.stubs import brought_to_device

    loader = loader_of(torch.rand(6, 1, 16, 16), 3)
    found = brought_to_device(lambda model: call(model, loader))
    seen["device"] = [int(found[name]) for name in ("images", "model") if name in found]


def device_fault(seen: Observation, expected: Observation) -> str | None:
    """What was not on the given device."""
    found = seen.get("device")
    if not isinstance(found, list):
        return "the function did not run to its end"
    missing = [name for name, there in zip(("images", "model"), found, strict=False) if there != 1]
    return f"not there when the model was called: {' and '.join(missing)}" if missing else None


def device_check(points: float, requires: tuple[str, ...]) -> Check:
    """The check that images go to the given device, where the model is, of what `observe_device` recorded."""
    tested = "the images, with a model on a device of its own (pretended)"
    return Check("device", points, tested, "each batch goes to `device`, too", device_fault, requires)
