"""Task 1 of assignment 05: `kl_weight`, at the start, on the ramp, beyond it, and without annealing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, error_of, scenario

PARTS = ("start", "ramp", "cap", "no-annealing")


def weight_cases(case: Case) -> list[tuple[str, int, int]]:
    """Part, epoch and kl_anneal_epochs of every call."""
    rng = case.rng(1)
    cases = [("start", 0, n) for n in (1, 3, 10)]
    lengths = [int(n) for n in rng.choice(np.arange(4, 40), size=6, replace=False)]
    cases += [("ramp", int(rng.integers(1, n)), n) for n in lengths] + [("ramp", 1, 3), ("ramp", 5, 10)]
    cases += [("cap", n + extra, n) for n, extra in zip(lengths, (0, 1, 2, 7, 30, 300), strict=True)]
    return cases + [("no-annealing", epoch, 0) for epoch in (0, 1, 12)]


def probe_weight(answers: Mapping[str, Any], case: Case) -> Observation:
    """Call the function for the start, on the ramp, beyond it, and without annealing."""
    seen: Observation = {}
    for part in PARTS:
        with scenario(seen, part):
            calls = [(epoch, n) for name, epoch, n in weight_cases(case) if name == part]
            seen[part] = np.array([float(answers["kl_weight"](epoch, n)) for epoch, n in calls])
            seen[f"{part}.calls"] = np.array(calls)
    return seen


def right_weight(epoch: int, kl_anneal_epochs: int) -> float:
    """The rule of the notebook's text."""
    return min(1.0, epoch / kl_anneal_epochs) if kl_anneal_epochs > 0 else 1.0


def weight_fault(part: str) -> Fault:
    """The fault "a value of this part is not the rule's"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := error_of(seen, part):
            return f"raised {error}"
        calls, got = np.asarray(expected[f"{part}.calls"], dtype=int), array_of(seen, part)
        if got is None or got.shape != (len(calls),):
            return "no numbers"
        for (epoch, n), value in zip(calls, got, strict=True):
            want = right_weight(epoch, n)
            if not abs(value - want) <= 1e-6:
                return f"kl_weight({epoch}, {n}) gave {value:.4f} instead of {want:.4f}"
        return None

    return fault


WEIGHT = Task(
    module="training",
    name="kl_weight",
    title="Task 1: kl_weight",
    defines=("kl_weight",),
    observe=probe_weight,
    expects=tuple(f"{part}.calls" for part in PARTS),
    checks=(
        Check("start", 0.25, "the first epoch has number 0", "beta = 0", weight_fault("start"), requires=("ramp",)),
        Check("ramp", 1.0, "during annealing", "beta = epoch / kl_anneal_epochs", weight_fault("ramp")),
        Check("cap", 0.5, "when annealing is over", "beta = 1, never more", weight_fault("cap"), requires=("ramp",)),
        Check(
            "no-annealing",
            0.25,
            "kl_anneal_epochs = 0",
            "beta = 1 from the start",
            weight_fault("no-annealing"),
            requires=("ramp",),
        ),
    ),
)
