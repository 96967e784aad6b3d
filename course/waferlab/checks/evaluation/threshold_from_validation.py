"""Task 3 of assignment 06: `threshold_from_validation`, which must be a quantile by any usual definition."""

from __future__ import annotations

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of
from waferlab.checks.reading import one_number
from waferlab.checks.watching import asked, changed_fault, stopped

PARTS = ("default", "targets")


def threshold_cases(case: Case, part: str) -> list[tuple[np.ndarray, float]]:
    """Scores and target of every call of a part."""
    rng = case.rng(1 + PARTS.index(part))
    if part == "default":
        return [(rng.gamma(3.0, 0.01, n), 0.05) for n in (1200, 300, 137)]
    return [(rng.gamma(2.0, 1.0, 400), target) for target in (0.01, 0.1, 0.25, float(rng.uniform(0.02, 0.2)))]


def probe_threshold(bench: Bench, case: Case) -> Observation:
    """Ask for thresholds by default and for other targets."""
    seen: Observation = {}
    for part in PARTS:
        with asked(seen, part):
            values, changed = [], False
            for scores, target in threshold_cases(case, part):
                options = {} if part == "default" else {"target_fpr": target}
                result = bench.call("threshold_from_validation", scores, **options)
                values.append(one_number(result, "the threshold"))
                changed |= bool(bench.changed)
            seen[part], seen[f"{part}.changed"] = np.array(values), changed
    return seen


def threshold_fault(part: str) -> Fault:
    """The fault "a threshold of this part lies where no quantile lies"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if found := stopped(seen, part):
            return found
        ranges, got = np.asarray(expected[f"{part}.ranges"], dtype=float), array_of(seen, part)
        if got is None or got.shape != (len(ranges),):
            return "no numbers"
        slack = 1e-6 * np.abs(ranges).max()
        wrong = ~((got >= ranges[:, 0] - slack) & (got <= ranges[:, 1] + slack))
        first = int(wrong.argmax())
        side = "too high" if got[first] > ranges[first, 0] else "too low"
        return f"{got[first]:.4g}, {side}" if wrong.any() else None

    return fault


GOAL = "the 1 - target_fpr quantile of the scores, by any usual definition"

THRESHOLD = Task(
    module="evaluation",
    name="threshold_from_validation",
    title="Task 3: threshold_from_validation",
    defines=("threshold_from_validation",),
    observe=probe_threshold,
    apart=True,
    expects=("default.ranges", "targets.ranges"),
    checks=(
        Check("default", 1.0, "1200, 300 and 137 scores, 5 % false alarms", GOAL, threshold_fault("default")),
        Check("targets", 0.75, "other shares of false alarms", GOAL, threshold_fault("targets")),
        Check(
            "unchanged",
            0.25,
            "the given scores",
            "left as they were",
            changed_fault(PARTS, "the given scores"),
            requires=("default",),
        ),
    ),
)
