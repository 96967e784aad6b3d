"""What the three tasks have in common: tensors from arrays, gradients from tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def gradient(value: torch.Tensor) -> np.ndarray:
    """The gradient that reached a tensor, zeros where none did; a new float64 array."""
    return np.zeros(value.shape) if value.grad is None else numbers(value.grad, "a gradient")
