"""Task 2 of assignment 06: `evaluate_detector`, for detectors drawn at random and one worked out by hand.

The text leaves two readings of two measures, and both pass: the area under precision and recall as average precision or
by trapezoids, and the point at FPR 5 % as the largest TPR within the budget or as the point of the ROC curve that is
nearest to it. The probe writes down, for each detector, every point that one of the readings allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from waferlab.checks.core import MAX_TEXT, Case, Check, Fault, Observation, Task, array_of, error_of, scenario

METRICS = ("auroc", "auprc", "tpr_at_fpr5", "fnr_at_fpr5", "threshold_at_fpr5")
METRIC_ATOL = 1e-6
BUDGET = 0.05
NEVER = 1e300  # as a threshold: no score raises an alarm
#: Labels and scores that a person can work through: 20 normals, 4 anomalies of which two lie above all normals.
HAND_LABELS = (0,) * 20 + (1,) * 4
HAND_SCORES = (*range(20), 30, 25, 18.5, 3.5)
#: What is right for them. AUROC (20 + 20 + 19 + 4) / 80; average precision, and the area by trapezoids; with one false
#: alarm of 20 either 3 of 4 are found, or 2 at the first point that is as near to 5 %.
HAND = {
    "auroc": (0.7875,),
    "auprc": ((1 + 1 + 3 / 4 + 4 / 20) / 4, 0.5 + 0.25 * (2 / 3 + 3 / 4) / 2 + 0.25 * (3 / 19 + 4 / 20) / 2),
    "tpr_at_fpr5": (0.75, 0.5),
    "fnr_at_fpr5": (0.25, 0.5),
}
HAND_THRESHOLD = (18.0, 19.0)


# --- probe -------------------------------------------------------------------------------------------------------


def metric_inputs(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and scores of several detectors: good, poor, with few anomalies, upside down, with tied scores."""
    rng, rows = case.rng(1), []
    for normals, anomalies, shift in ((200, 80, 1.5), (325, 57, 0.4), (500, 6, 2.0), (103, 41, -1.0)):
        scores = np.concatenate([rng.normal(0, 1, normals), rng.normal(shift, 1.3, anomalies)])
        rows.append((np.repeat([0, 1], [normals, anomalies]), scores))
    rows.append(tied_detector(rng))
    orders = [rng.permutation(len(labels)) for labels, _ in rows]
    return [(labels[order], scores[order]) for (labels, scores), order in zip(rows, orders, strict=True)]


def tied_detector(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four different scores only: one threshold with 3 to 4.5 % false alarms, and at the next more than 20 %."""
    few = int(rng.integers(6, 10))
    normals, anomalies = (few, 40, 60, 100 - few), (25, 15, 12, 8)
    levels = np.sort(rng.uniform(0, 1, 4))[::-1]
    scores = np.concatenate([np.repeat(levels, normals), np.repeat(levels, anomalies)])
    return np.repeat([0, 1], [sum(normals), sum(anomalies)]), scores


def allowed_points(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Every point of the ROC curve that a reading of "at FPR 5 %" allows: rows of TPR, lowest and highest threshold.

    Any threshold between two neighbouring scores gives the same alarms, and so do both: one with `>`, one with `>=`.
    """
    from sklearn.metrics import roc_curve

    false_alarms, hits, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    within = false_alarms <= BUDGET
    chosen = within & (hits == hits[within].max())
    for drop in (False, True):  # without intermediate points another one may be the nearest
        rates, _, kept = roc_curve(labels, scores, drop_intermediate=drop)
        distance = np.abs(rates - BUDGET)
        chosen |= np.isin(thresholds, kept[distance <= distance.min() + 1e-12])
    high = np.minimum(thresholds, NEVER)
    low = np.append(high[1:], -NEVER)
    return np.stack([hits, low, high], axis=1)[chosen]


def precision_areas(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """The average precision, and the area under precision and recall by trapezoids."""
    from sklearn.metrics import auc, average_precision_score, precision_recall_curve

    precision, recall, _ = precision_recall_curve(labels, scores)
    return float(average_precision_score(labels, scores)), float(auc(recall, precision))


def probe_metrics(answers: Mapping[str, Any], case: Case) -> Observation:
    """Evaluate one detector that can be worked out by hand, and detectors drawn at random."""
    seen: Observation = {}
    inputs = [(np.array(HAND_LABELS), np.array(HAND_SCORES, dtype=float)), *metric_inputs(case)]
    allowed = [allowed_points(*one) for one in inputs]
    numbers = np.repeat(np.arange(len(allowed)), [len(rows) for rows in allowed])
    seen["allowed"] = np.column_stack([numbers, np.concatenate(allowed)])
    seen["areas"] = np.array([precision_areas(*one) for one in inputs])
    with scenario(seen, "values"):
        results = [answers["evaluate_detector"](labels.copy(), scores.copy()) for labels, scores in inputs]
        wrong = next((one for one in results if not isinstance(one, Mapping)), None)
        if wrong is not None:
            raise TypeError(f"the result is a {type(wrong).__name__}, expected a dictionary")
        seen["keys"] = [str(key)[:40] for key in list(results[0])[:12]]
        for name in METRICS:
            if all(name in one for one in results):
                values = np.array([float(one[name]) for one in results])
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


def metric_fault(name: str, bounds_of: Bounds, hint: str) -> Fault:
    """The fault "this measure is wrong for one of the detectors drawn at random"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := error_of(seen, "values"):
            return f"raised {error}"
        got, count = array_of(seen, name), len(np.asarray(expected["auroc"]))
        if got is None or got.shape != (count,):
            keys = ", ".join(map(str, seen.get("keys", []) if isinstance(seen.get("keys"), list) else []))
            return f"no number under {name!r}; the keys are: {keys}"[:MAX_TEXT]
        for number in range(1, count):
            bounds = bounds_of(seen, expected, number)
            if not fits(got[number], bounds):
                return f"{got[number]:.4f} instead of {in_words(bounds[0])}. {hint}"
        return None

    return fault


def in_words(bounds: np.ndarray) -> str:
    """One number, or from which to which."""
    low, high = bounds
    return f"{low:.4f}" if low == high else f"{low:.4f} to {high:.4f}"


def by_hand_fault(seen: Observation, expected: Observation) -> str | None:
    """Which measure of the small case is wrong; nothing is read from `expected`."""
    if error := error_of(seen, "values"):
        return f"raised {error}"
    right = {**{name: exactly(values) for name, values in HAND.items()}, METRICS[-1]: np.array([HAND_THRESHOLD])}
    for name, bounds in right.items():
        values = array_of(seen, name)
        if values is None or not values.size:
            return f"{name} missing"
        if values.ndim != 1 or not fits(values[0], bounds):
            return f"{name} {float(values.ravel()[0]):.4f}"
    return None


# --- the task ----------------------------------------------------------------------------------------------------

STEP = "Take the largest TPR among the thresholds whose FPR is at most 0.05; do not interpolate."

MEASURES = Task(
    module="evaluation",
    name="evaluate_detector",
    title="Task 2: evaluate_detector",
    defines=("evaluate_detector",),
    observe=probe_metrics,
    expects=("auroc", "areas", "allowed"),
    checks=(
        Check(
            "by-hand",
            0.5,
            "24 images by hand",
            ", ".join(f"{name} {' or '.join(f'{value:.4f}' for value in values)}" for name, values in HAND.items())
            + f", {METRICS[-1]} {HAND_THRESHOLD[0]:g} to {HAND_THRESHOLD[1]:g}",
            by_hand_fault,
        ),
        Check(
            "auroc",
            0.75,
            "area under the ROC curve",
            "roc_auc_score",
            metric_fault("auroc", auroc_bounds, "Are labels and scores in the right order?"),
        ),
        Check(
            "auprc",
            0.75,
            "area under precision and recall",
            "average_precision_score, or the area by trapezoids",
            metric_fault("auprc", auprc_bounds, "Are labels and scores in the right order?"),
        ),
        Check(
            "tpr_at_fpr5",
            1.0,
            "TPR with 5 % false alarms",
            "that of the best threshold that the budget allows, or of the point nearest to 5 %",
            metric_fault("tpr_at_fpr5", tpr_bounds, STEP),
        ),
        Check(
            "fnr_at_fpr5",
            0.5,
            "FNR at the same threshold",
            "1 - tpr_at_fpr5",
            metric_fault("fnr_at_fpr5", fnr_bounds, STEP),
        ),
        Check(
            "threshold_at_fpr5",
            0.5,
            "that threshold",
            "a threshold that gives this very TPR",
            metric_fault("threshold_at_fpr5", threshold_bounds, "It belongs to the point whose TPR you report."),
        ),
    ),
)
