"""What both tasks of assignment 08 need: a number from anything, a model's modes, one fault of several parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import Fault, Observation, array_of, error_of
from waferlab.checks.plain import kind_of
from waferlab.checks.reading import UnexpectedResult, one_number

if TYPE_CHECKING:
    import torch

#: `(seen, expected, part)` -> what is wrong with one part, in words; None when nothing is.
PartFault = Callable[[Observation, Observation, str], str | None]


def number_of(value: Any) -> float:
    """A number as float; NaN for anything else."""
    try:
        return one_number(value, "")
    except UnexpectedResult:
        return float("nan")


def describe(value: Any) -> str:
    """A value in a few words."""
    return "missing" if value is None else f"a {kind_of(value)}"


def modes_of(model: torch.nn.Module) -> list[int]:
    """Whether each module is in training mode, the model first: 1 for yes, 0 for no."""
    return [int(module.training) for module in model.modules()]


def told_modes(modes: Any) -> np.ndarray:
    """Modes as a desk tells them; empty where they cannot be read."""
    fine = isinstance(modes, list) and all(type(mode) is int for mode in modes)
    return np.array(modes if fine else [], dtype=float)


def first_fault(faults: Iterable[str | None]) -> str | None:
    """The first that is not None."""
    return next((fault for fault in faults if fault is not None), None)


def in_parts(parts: Iterable[str], fault: PartFault) -> Fault:
    """The fault "something is wrong with one of these parts"."""
    parts = tuple(parts)
    return lambda seen, expected: first_fault(fault(seen, expected, part) for part in parts)


def restored_fault(came: Mapping[str, bool]) -> Fault:
    """The fault "a module is in another mode than before".

    Args:
        came: for each part whether its model came in training mode.
    """

    def fault(seen: Observation, expected: Observation, part: str) -> str | None:
        if error := error_of(seen, part):
            return f"raised {error}"
        modes = array_of(seen, f"{part}.modes")
        if modes is None or not modes.size:
            return "unknown"
        wrong = int((modes.astype(bool) != came[part]).sum())
        names = ("evaluation", "training")
        mode = names[came[part]]
        return f"came in {mode} mode, {wrong} of {modes.size} modules left in the other" if wrong else None

    return in_parts(came, fault)
