"""What the two tasks have in common: the size of the noise, and reading a returned tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from waferlab.checks.core import Observation
from waferlab.checks.plain import kind_of
from waferlab.checks.reading import numbers

SIGMA = 0.02
#: Correlation from which two calls have the same noise; independent ones stay below 0.01.
SAME = 0.5


def read_tensor(seen: Observation, part: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """What an answer returned, as a new float64 array; the first thing that is not as asked becomes `<part>.flaw`.

    Raises:
        UnexpectedResult: it holds no numbers.
    """
    array, flaws = numbers(value, "the result"), []
    if not hasattr(value, "detach"):
        flaws.append(f"a {kind_of(value)}, expected a tensor")
    elif not value.is_floating_point():
        flaws.append(f"a tensor of type {str(value.dtype).removeprefix('torch.')}, expected floating point")
    if array.shape != shape:
        flaws.append(f"a tensor of shape {array.shape}, expected {shape}")
    if flaws:
        seen.setdefault(f"{part}.flaw", f"returned {flaws[0]}")
    return array
