"""Task 1 of assignment 05: `kl_weight`, at the start, on the ramp, beyond it, and without annealing."""

from __future__ import annotations

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of
from waferlab.checks.reading import one_number
from waferlab.checks.watching import asked, stopped

NAME = "kl_weight"
PARTS = ("start", "ramp", "cap", "no-annealing")
WEIGHT_TOL = 1e-6


def weight_cases(case: Case) -> list[tuple[str, int, int]]:
    """Part, epoch and kl_anneal_epochs of every call."""
    rng = case.rng(1)
    cases = [("start", 0, n) for n in (1, 3, 10)]
    lengths = [int(n) for n in rng.choice(np.arange(4, 40), size=6, replace=False)]
    cases += [("ramp", int(rng.integers(1, n)), n) for n in lengths] + [("ramp", 1, 3), ("ramp", 5, 10)]
    cases += [("cap", n + extra, n) for n, extra in zip(lengths, (0, 1, 2, 7, 30, 300), strict=True)]
    return cases + [("no-annealing", epoch, 0) for epoch in (0, 1, 12)]


def probe_weight(bench: Bench, case: Case) -> Observation:
    """Call the function for the start, on the ramp, beyond it, and without annealing."""
    seen: Observation = {}
    for part in PARTS:
        with asked(seen, part):
            calls = [(epoch, n) for name, epoch, n in weight_cases(case) if name == part]
            seen[part] = np.array([one_number(bench.call(NAME, *call), "the weight") for call in calls])
    return seen


def weight_fault(part: str) -> Fault:
    """The fault "a value of this part is not the reference's"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := stopped(seen, part):
            return error
        got, want = array_of(seen, part), np.asarray(expected[part], dtype=float)
        if got is None or got.shape != want.shape:
            return "no numbers"
        wrong = ~(np.abs(got - want) <= WEIGHT_TOL)
        return wrong_words(got, wrong, got[wrong] - want[wrong]) if wrong.any() else None

    return fault


def wrong_words(got: np.ndarray, wrong: np.ndarray, off: np.ndarray) -> str:
    """What the wrong ones among some weights have in common, and the first of them."""
    side = "too large" if (off > 0).all() else "too small" if (off < 0).all() else "wrong"
    hint = ""
    if np.isin(got, (0, 1)).all() and len(got) > 3:
        hint = ". All are 0 or 1: is there no ramp, or a division of whole numbers?"
    return f"{int(wrong.sum())} of {len(got)} values {side}, the first is {got[wrong][0]:.4f}{hint}"


WEIGHT = Task(
    module="training",
    name=NAME,
    title=f"Task 1: {NAME}",
    defines=(NAME,),
    observe=probe_weight,
    apart=True,
    expects=PARTS,
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
