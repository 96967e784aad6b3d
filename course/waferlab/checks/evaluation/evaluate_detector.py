"""Task 2 of assignment 06: `evaluate_detector`, for detectors drawn at random and one worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from waferlab.checks.core import MAX_TEXT, Case, Check, Fault, Observation, Task, array_of, error_of, scenario

METRICS = ("auroc", "auprc", "tpr_at_fpr5", "fnr_at_fpr5")
METRIC_ATOL = 1e-6
#: Labels and scores that a person can work through: 20 normals, 4 anomalies of which two lie above all normals.
HAND_LABELS = (0,) * 20 + (1,) * 4
HAND_SCORES = (*range(20), 30, 25, 18.5, 3.5)
#: AUROC (20 + 20 + 19 + 4) / 80, average precision, 3 of 4 found with one false alarm of 20.
HAND = {"auroc": 0.7875, "auprc": (1 + 1 + 3 / 4 + 4 / 20) / 4, "tpr_at_fpr5": 0.75, "fnr_at_fpr5": 0.25}


def metric_inputs(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and scores of several detectors: good, poor, with few anomalies, with tied scores, upside down."""
    rng, rows = case.rng(1), []
    for normals, anomalies, shift in ((200, 80, 1.5), (331, 57, 0.4), (500, 6, 2.0), (97, 41, -1.0)):
        scores = np.concatenate([rng.normal(0, 1, normals), rng.normal(shift, 1.3, anomalies)])
        labels = np.repeat([0, 1], [normals, anomalies])
        order = rng.permutation(len(labels))
        rows.append((labels[order], scores[order]))
    labels, scores = rows[0]
    return [*rows, (labels, np.floor(scores * 2.7) / 7)]


def probe_metrics(answers: Mapping[str, Any], case: Case) -> Observation:
    """Evaluate detectors drawn at random and one that can be worked out by hand."""
    seen: Observation = {}
    inputs = [(np.array(HAND_LABELS), np.array(HAND_SCORES, dtype=float)), *metric_inputs(case)]
    with scenario(seen, "values"):
        results = [answers["evaluate_detector"](labels.copy(), scores.copy()) for labels, scores in inputs]
        wrong = next((one for one in results if not isinstance(one, Mapping)), None)
        if wrong is not None:
            raise TypeError(f"the result is a {type(wrong).__name__}, expected a dictionary")
        seen["keys"] = [str(key)[:40] for key in list(results[0])[:12]]
        for name in METRICS:
            if all(name in one for one in results):
                seen[name] = np.array([float(one[name]) for one in results])
    return seen


def metric_fault(name: str, hint: str) -> Fault:
    """The fault "this measure is wrong for one of the detectors drawn at random"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        if error := error_of(seen, "values"):
            return f"raised {error}"
        got, want = array_of(seen, name), np.asarray(expected[name], dtype=float)
        if got is None or got.shape != want.shape:
            keys = ", ".join(map(str, seen.get("keys", []) if isinstance(seen.get("keys"), list) else []))
            return f"no number under {name!r}; the keys are: {keys}"[:MAX_TEXT]
        wrong = ~(np.abs(got - want) <= METRIC_ATOL)[1:]
        first = int(wrong.argmax()) + 1
        return f"{got[first]:.4f} instead of {want[first]:.4f}. {hint}" if wrong.any() else None

    return fault


def by_hand_fault(seen: Observation, expected: Observation) -> str | None:
    """Which measure of the small case is wrong."""
    if error := error_of(seen, "values"):
        return f"raised {error}"
    for name, want in HAND.items():
        values = array_of(seen, name)
        if values is None or not values.size:
            return f"{name} missing"
        if values.ndim != 1 or not abs(values[0] - want) <= METRIC_ATOL:
            return f"{name} {float(values.ravel()[0]):.4f}"
    return None


STEP = "Take the largest TPR among the thresholds whose FPR is at most 0.05; do not interpolate."

MEASURES = Task(
    module="evaluation",
    name="evaluate_detector",
    title="Task 2: evaluate_detector",
    defines=("evaluate_detector",),
    observe=probe_metrics,
    expects=METRICS,
    checks=(
        Check(
            "by-hand",
            0.5,
            "24 images by hand",
            ", ".join(f"{name} {value:.4f}" for name, value in HAND.items()),
            by_hand_fault,
        ),
        Check(
            "auroc",
            1.0,
            "area under the ROC curve",
            "roc_auc_score",
            metric_fault("auroc", "Are labels and scores in the right order?"),
        ),
        Check(
            "auprc",
            1.0,
            "average precision",
            "average_precision_score",
            metric_fault("auprc", "The area by trapezoids is too optimistic."),
        ),
        Check(
            "tpr_at_fpr5",
            1.0,
            "TPR with at most 5 % false alarms",
            "the best threshold that the budget allows",
            metric_fault("tpr_at_fpr5", STEP),
        ),
        Check(
            "fnr_at_fpr5",
            0.5,
            "FNR at the same threshold",
            "1 - tpr_at_fpr5",
            metric_fault("fnr_at_fpr5", STEP),
        ),
    ),
)
