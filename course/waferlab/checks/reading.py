"""Reading what an answer returned: numbers in whatever form they come, pairs, and a sentence for anything else."""

from __future__ import annotations

from typing import Any

import numpy as np

from waferlab.checks.plain import kind_of


class UnexpectedResult(Exception):
    """The answer returned something that cannot be read; the message says what."""


def numbers(value: Any, name: str) -> np.ndarray:
    """Any number or array-like (list, NumPy, torch on any device) as a new float64 array.

    Args:
        value: what was returned.
        name: how the message calls it.

    Raises:
        UnexpectedResult: it does not hold numbers.
    """
    kind = kind_of(value)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.array("")
    if array.dtype.kind not in "biuf":
        raise UnexpectedResult(f"{name} is a {kind}, expected numbers")
    return np.array(array, dtype=np.float64)


def one_number(value: Any, name: str, hint: str = "") -> float:
    """A Python number, a NumPy scalar, or a tensor or array of one element.

    Args:
        value: what was returned.
        name: how the message calls it.
        hint: ends the message about more than one number.

    Raises:
        UnexpectedResult: it is no number, or more than one.
    """
    array = numbers(value, name)
    if array.size != 1:
        raise UnexpectedResult(f"{name} has shape {array.shape}, expected one number{hint}")
    return float(array.reshape(()))


def pair(result: Any, who: str, names: str) -> tuple[Any, Any]:
    """The two parts of a result.

    Args:
        result: what was returned.
        who: what returned it.
        names: of the two parts, as `(mu, logvar)`.

    Raises:
        UnexpectedResult: it is no pair.
    """
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        size = f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
        raise UnexpectedResult(f"{who} returned a {kind_of(result)}{size}, expected the pair {names}")
    return result[0], result[1]
