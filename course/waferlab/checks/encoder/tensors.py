"""What the three tasks have in common: tensors from arrays, gradients from tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import Case
from waferlab.checks.reading import numbers

if TYPE_CHECKING:
    import torch

#: Outputs, and gradients with respect to inputs, may be off by this share of the largest expected magnitude.
RTOL = 1e-4
GRAPH_HINT = " (is there a no_grad(), a detach(), an .item() or a call of numpy?)"


def tensor(values: np.ndarray, case: Case, *, requires_grad: bool = False) -> torch.Tensor:
    """An array as a new tensor of the case's dtype on the CPU."""
    import torch

    return torch.tensor(values, dtype=getattr(torch, case.dtype), requires_grad=requires_grad)


def pulled_back(outputs: Sequence[Any], cotangents: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]) -> Any:
    """At the desk: the gradients of `sum(output * cotangent)` with respect to each input; None where none arrives."""
    import torch

    pairs = zip(outputs, cotangents, strict=True)
    parts = [(one * weight).sum() for one, weight in pairs if isinstance(one, torch.Tensor) and one.requires_grad]
    if not parts:
        return [None] * len(inputs)
    return list(torch.autograd.grad(torch.stack(parts).sum(), inputs, allow_unused=True))


def gradient(value: Any, shape: tuple[int, ...] = ()) -> np.ndarray:
    """A gradient as it came from a desk, as a new float64 array; zeros of a shape where there is none."""
    return np.zeros(shape) if value is None else numbers(value, "a gradient")
