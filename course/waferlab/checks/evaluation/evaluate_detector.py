"""Task 2 of assignment 06: `evaluate_detector`, for detectors drawn at random, one of them small.

The text leaves two readings of two measures, and both pass: the area under precision and recall as average precision or
by trapezoids, and the point at FPR 5 % as the largest TPR within the budget or as the point of the ROC curve that is
nearest to it. `areas` and `allowed` in what is expected hold, for each detector, what one of the readings allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import MAX_TEXT, Case, Check, Fault, Observation, Task, array_of
from waferlab.checks.plain import kind_of
from waferlab.checks.reading import UnexpectedResult, one_number
from waferlab.checks.watching import asked, stopped

METRICS = ("auroc", "auprc", "tpr_at_fpr5", "fnr_at_fpr5", "threshold_at_fpr5")
METRIC_ATOL = 1e-6
NEVER = 1e300  # as a threshold: no score raises an alarm


# --- probe -------------------------------------------------------------------------------------------------------


def metric_inputs(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and scores of several detectors: small, good, poor, few anomalies, upside down, tied scores."""
    rng = case.rng(1)
    rows = [small_detector(rng)]
    for normals, anomalies, shift in ((200, 80, 1.5), (325, 57, 0.4), (500, 6, 2.0), (103, 41, -1.0)):
        scores = np.concatenate([rng.normal(0, 1, normals), rng.normal(shift, 1.3, anomalies)])
        rows.append((np.repeat([0, 1], [normals, anomalies]), scores))
    rows.append(tied_detector(rng))
    orders = [rng.permutation(len(labels)) for labels, _ in rows]
    return [(labels[order], scores[order]) for (labels, scores), order in zip(rows, orders, strict=True)]


def small_detector(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """20 normals and 4 anomalies, which a person can count; half of the anomalies are easy to find."""
    normals, near, far = (rng.choice(places, count, False) for places, count in ((60, 20), (40, 2), (40, 2)))
    return np.repeat([0, 1], [20, 4]), np.concatenate([normals, near + 0.5, far + 40.5])


def tied_detector(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four different scores only: one threshold with 3 to 4.5 % false alarms, and at the next more than 20 %."""
    few = int(rng.integers(6, 10))
    normals, anomalies = (few, 40, 60, 100 - few), (25, 15, 12, 8)
    levels = np.sort(rng.uniform(0, 1, 4))[::-1]
    scores = np.concatenate([np.repeat(levels, normals), np.repeat(levels, anomalies)])
    return np.repeat([0, 1], [sum(normals), sum(anomalies)]), scores


def probe_metrics(bench: Bench, case: Case) -> Observation:
    """Have all detectors evaluated."""
    seen: Observation = {}
    with asked(seen, "values"):
        results = [bench.call("evaluate_detector", *one) for one in metric_inputs(case)]
        wrong = next((one for one in results if not isinstance(one, Mapping)), None)
        if wrong is not None:
            raise UnexpectedResult(f"returned a {kind_of(wrong)}, expected a dictionary")
        seen["keys"] = [str(key)[:40] for key in list(results[0])[:12]]
        for name in METRICS:
            if all(name in one for one in results):
                values = np.array([one_number(one[name], f"'{name}'") for one in results])
                seen[name] = np.clip(values, -NEVER, NEVER)  # a threshold may be infinite
    return seen


# --- faults ------------------------------------------------------------------------------------------------------

#: What is right for a detector: `(seen, expected, its number) -> bounds`, (n, 2), any of which may hold the value.
Bounds = Callable[[Observation, Observation, int], np.ndarray]


def exactly(values: Any) -> np.ndarray:
    """Bounds for these very values."""
    return np.repeat(np.asarray(values, dtype=float).reshape(-1, 1), 2, axis=1)


def auroc_bounds(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """The area under the ROC curve."""
    return exactly(np.asarray(expected["auroc"])[number])


def auprc_bounds(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """Both areas under precision and recall."""
    return exactly(np.asarray(expected["areas"])[number])


def points_of(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """The points allowed for a detector; those with the TPR that was reported, when that is one of them."""
    rows = np.asarray(expected["allowed"], dtype=float)
    rows = rows[rows[:, 0] == number, 1:]
    reported = array_of(seen, "tpr_at_fpr5")
    if reported is None or reported.shape != np.shape(expected["auroc"]):
        return rows
    same = np.abs(rows[:, 0] - reported[number]) <= METRIC_ATOL
    return rows[same] if same.any() else rows


def tpr_bounds(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """The TPRs of all points that are allowed."""
    return exactly(points_of(seen, expected, number)[:, 0])


def fnr_bounds(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """1 minus those."""
    return exactly(1 - points_of(seen, expected, number)[:, 0])


def threshold_bounds(seen: Observation, expected: Observation, number: int) -> np.ndarray:
    """From which to which threshold each point is reached."""
    return points_of(seen, expected, number)[:, 1:]


def fits(value: float, bounds: np.ndarray) -> bool:
    """Whether a value lies within any of some bounds."""
    return bool(((bounds[:, 0] - METRIC_ATOL <= value) & (value <= bounds[:, 1] + METRIC_ATOL)).any())


BOUNDS: dict[str, Bounds] = dict(
    zip(METRICS, (auroc_bounds, auprc_bounds, tpr_bounds, fnr_bounds, threshold_bounds), strict=True)
)


def missing_fault(seen: Observation, expected: Observation, name: str) -> str | None:
    """Why a measure cannot be judged, in words; None when it can."""
    if found := stopped(seen, "values"):
        return found
    got = array_of(seen, name)
    if got is not None and got.shape == np.shape(expected["auroc"]):
        return None
    keys = ", ".join(map(str, seen.get("keys", []) if isinstance(seen.get("keys"), list) else []))
    return f"no number under {name!r}; the keys are: {keys}"[:MAX_TEXT]


def value_fault(seen: Observation, expected: Observation, name: str, number: int) -> str | None:
    """What is wrong with a measure of one detector, in words; None when nothing is."""
    value, bounds = array_of(seen, name)[number], BOUNDS[name](seen, expected, number)
    if fits(value, bounds):
        return None
    side = "too high" if value > bounds.max() else "too low" if value < bounds.min() else "which no threshold gives"
    return f"{value if abs(value) < NEVER else np.copysign(np.inf, value):.5g}, {side}"


def metric_fault(name: str, hint: str) -> Fault:
    """The fault "this measure is wrong for one of the larger detectors"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if found := missing_fault(seen, expected, name):
            return found
        numbers = range(1, len(np.asarray(expected["auroc"])))
        found = next((one for number in numbers if (one := value_fault(seen, expected, name, number))), None)
        return found and f"{found}. {hint}"

    return fault


def small_fault(seen: Observation, expected: Observation) -> str | None:
    """Which measure of the small detector is wrong."""
    for name in METRICS:
        if found := missing_fault(seen, expected, name):
            return found
        if found := value_fault(seen, expected, name, 0):
            return f"{name} {found}"
    return None


# --- the task ----------------------------------------------------------------------------------------------------

ORDER = "Are labels and scores in the right order?"
STEP = "Take the largest TPR among the thresholds whose FPR is at most 0.05; do not interpolate."

MEASURES = Task(
    module="evaluation",
    name="evaluate_detector",
    title="Task 2: evaluate_detector",
    defines=("evaluate_detector",),
    observe=probe_metrics,
    apart=True,
    expects=("auroc", "areas", "allowed"),
    checks=(
        Check(
            "small",
            0.5,
            "24 images, few enough to count",
            f"{', '.join(METRICS[:-1])} and {METRICS[-1]}, all as the text has them",
            small_fault,
        ),
        Check(
            "auroc",
            0.75,
            "area under the ROC curve",
            "roc_auc_score",
            metric_fault("auroc", ORDER),
        ),
        Check(
            "auprc",
            0.75,
            "area under precision and recall",
            "average_precision_score, or the area by trapezoids",
            metric_fault("auprc", ORDER),
        ),
        Check(
            "tpr_at_fpr5",
            1.0,
            "TPR with 5 % false alarms",
            "that of the best threshold that the budget allows, or of the point nearest to 5 %",
            metric_fault("tpr_at_fpr5", STEP),
        ),
        Check(
            "fnr_at_fpr5",
            0.5,
            "FNR at the same threshold",
            "1 - tpr_at_fpr5",
            metric_fault("fnr_at_fpr5", STEP),
        ),
        Check(
            "threshold_at_fpr5",
            0.5,
            "that threshold",
            "a threshold that gives this very TPR",
            metric_fault("threshold_at_fpr5", "It belongs to the point whose TPR you report."),
        ),
    ),
)
