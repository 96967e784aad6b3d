"""Task 3 of assignment 06: `threshold_from_validation`, which must be a quantile by any usual definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, error_of, scenario
from waferlab.checks.watching import changed_fault

QUANTILE_METHODS = (
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
)


def threshold_cases(case: Case) -> list[tuple[str, np.ndarray, float]]:
    """Part, scores and target of every call."""
    rng = case.rng(1)
    cases = [("default", rng.gamma(3.0, 0.01, n), 0.05) for n in (1200, 300, 137)]
    targets = (0.01, 0.1, 0.25, float(rng.uniform(0.02, 0.2)))
    return cases + [("targets", rng.gamma(2.0, 1.0, 400), target) for target in targets]


def quantile_range(scores: np.ndarray, target: float) -> tuple[float, float]:
    """The smallest and the largest value that a usual definition of the quantile gives."""
    values = [float(np.quantile(scores, 1 - target, method=method)) for method in QUANTILE_METHODS]
    return min(values), max(values)


def probe_threshold(answers: Mapping[str, Any], case: Case) -> Observation:
    """Ask for thresholds by default and for other targets."""
    seen: Observation = {}
    answer = answers["threshold_from_validation"]
    for part in ("default", "targets"):
        chosen = [(scores, target) for name, scores, target in threshold_cases(case) if name == part]
        with scenario(seen, part):
            values, changed = [], False
            for scores, target in chosen:
                given = scores.copy()
                result = answer(given) if part == "default" else answer(given, target_fpr=target)
                values.append(float(result))
                changed |= not np.array_equal(given, scores)
            seen[part], seen[f"{part}.changed"] = np.array(values), changed
            seen[f"{part}.ranges"] = np.array([quantile_range(*one) for one in chosen])
    return seen


def threshold_fault(part: str) -> Fault:
    """The fault "a threshold of this part lies where no quantile lies"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := error_of(seen, part):
            return f"raised {error}"
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
    expects=("default.ranges", "targets.ranges"),
    checks=(
        Check("default", 1.0, "1200, 300 and 137 scores, 5 % false alarms", GOAL, threshold_fault("default")),
        Check("targets", 0.75, "other shares of false alarms", GOAL, threshold_fault("targets")),
        Check(
            "unchanged",
            0.25,
            "the given scores",
            "left as they were",
            changed_fault(("default", "targets"), "the given scores"),
            requires=("default",),
        ),
    ),
)
