"""Watching an answer at work, and saying what was seen: randomness put back, inputs left alone, why nothing came."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from waferlab.checks.core import Case, Fault, Observation, array_of, error_of, scenario
from waferlab.checks.reading import UnexpectedResult

MAX_FLAW = 250
HUGE = 1e6  # larger numbers are not looked at


@contextmanager
def own_randomness(case: Case) -> Iterator[None]:
    """Seed torch's, NumPy's and Python's global generators for a probe and put them back: a check leaves no trace."""
    import torch

    python, numpy = random.getstate(), np.random.get_state()
    seed = int(case.rng(0).integers(2**31))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


def first_error(seen: Observation, parts: Iterable[str]) -> str | None:
    """What the first of some parts raised that raised anything, as `raised …`; None when none did."""
    return next((f"raised {error}" for part in parts if (error := error_of(seen, part))), None)


def trouble(seen: Observation, part: str, key: str) -> str | None:
    """Why the value under `<part>.<key>` cannot be judged, in words; None when it can."""
    if error := error_of(seen, part):
        return f"raised {error}"
    value = array_of(seen, f"{part}.{key}")
    if value is None:
        return f"returned {str(seen.get(f'{part}.flaw', 'nothing'))[:MAX_FLAW]}"
    return None if np.isfinite(value).all() else f"'{key}' holds NaN or infinite values"


def changed_fault(parts: tuple[str, ...], what: str) -> Fault:
    """The fault "the given inputs were changed in place", read from `<part>.changed`, which must be False.

    Args:
        parts: of the probe, each of which noted whether its inputs changed.
        what: the inputs, as `the given images`.
    """

    def fault(seen: Observation, expected: Observation) -> str | None:
        if all(seen.get(f"{part}.changed") is False for part in parts):
            return None
        return first_error(seen, parts) or f"{what} were changed in place"

    return fault


@contextmanager
def asked(seen: Observation, part: str) -> Iterator[None]:
    """As `scenario`, for a part that also reads what came back: what cannot be read becomes `<part>.flaw`, no error."""
    with scenario(seen, part):
        try:
            yield
        except UnexpectedResult as error:
            seen[f"{part}.flaw"] = str(error)


def stopped(seen: Observation, *parts: str) -> str | None:
    """What the first of some parts raised, or returned that could not be read, in words; None when all went well."""
    for part in parts:
        if error := error_of(seen, part):
            return f"raised {error}"
        if flaw := str(seen.get(f"{part}.flaw") or ""):
            return flaw[:MAX_FLAW]
    return None


@contextmanager
def quiet_bars() -> Iterator[None]:
    """Keep tqdm bars and other output away from the check's table."""
    import tqdm.std

    original = tqdm.std.tqdm.__init__

    def disabled(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **{**options, "disable": True})

    tqdm.std.tqdm.__init__ = disabled
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        tqdm.std.tqdm.__init__ = original


def bounded(seen: Observation, key: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """An array of a shape with numbers that can be squared; None when there is none."""
    array = array_of(seen, key)
    return array if array is not None and array.shape == shape and (np.abs(array) < HUGE).all() else None
