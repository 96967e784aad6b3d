"""What only the grader checks and knows in assignment 06.

**What the student's scores are worth on real images.** The examiner trains the real model and has images scored that
nobody has seen; labels never leave it. AUROC is computed here and must reach a measured floor. It counts only together
with right scores for a model of drawn weights, which no knowledge of the images helps with.

**Every reading of the text that is right**: areas, points at FPR 5 %, and quantiles. They are computed here, so that
nothing that answers a task lies where an answer could import it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from waferlab.checks.core import Case, Fault, Observation, array_of
from waferlab.checks.evaluation.compute_anomaly_scores import ANOMALIES, NORMALS, TRAIN, VAL
from waferlab.checks.evaluation.evaluate_detector import NEVER, metric_inputs
from waferlab.checks.evaluation.threshold_from_validation import PARTS, threshold_cases

from autograder.judge.floors import Quantity, floor

QUANTITIES = (Quantity("compute_anomaly_scores", "detector.auroc", "least"),)
BUDGET = 0.05
QUANTILE_METHODS = (
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
)


# --- images, and what scores of them are worth ------------------------------------------------------------------------


def arrays(dataset: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Images of a data set, drawn anew for every run.

    Args:
        dataset: a `waferlab.data.WaferDataset` in the `smoke` profile (32 px).
        rng: drawn from the run's secret.

    Returns:
        `train`, `val` and `test` (n, 1, 32, 32) float32 in [0, 1], and `labels` of the test images in random order.
    """
    learn = rng.choice(len(dataset.train.images), size=TRAIN + VAL, replace=False)
    labels = dataset.test.labels.numpy()
    kinds = ((0, NORMALS), (1, ANOMALIES))
    chosen = np.concatenate([rng.choice(np.flatnonzero(labels == kind), count, replace=False) for kind, count in kinds])
    chosen = rng.permutation(chosen)
    images = dataset.train.images.numpy()[learn]
    test = dataset.test.images.numpy()[chosen]
    return {"train": images[:TRAIN], "val": images[TRAIN:], "test": test, "labels": labels[chosen]}


def detector_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the scores find fewer anomalies than those of a right answer."""
    labels, scores = np.asarray(expected["detector.labels"]), array_of(seen, "detector.scores")
    if scores is None or scores.shape != labels.shape or not np.isfinite(scores).all():
        return "not one finite score for each image"
    auroc = roc_auc_score(labels, scores)
    return None if auroc >= floor("evaluation", QUANTITIES[0]) else f"{auroc:.3f}"


FAULTS: dict[str, dict[str, Fault]] = {"compute_anomaly_scores": {"detector": detector_fault}}


# --- every reading ----------------------------------------------------------------------------------------------------


def allowed_points(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Every point of the ROC curve that a reading of "at FPR 5 %" allows: rows of TPR, lowest and highest threshold.

    Any threshold between two neighbouring scores gives the same alarms, and so do both: one with `>`, one with `>=`.
    """
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
    precision, recall, _ = precision_recall_curve(labels, scores)
    return float(average_precision_score(labels, scores)), float(auc(recall, precision))


def readings_of_measures(case: Case) -> Observation:
    """For each detector of the probe its areas, and as rows with its number the points that are allowed."""
    inputs = metric_inputs(case)
    points = [allowed_points(*one) for one in inputs]
    numbers = np.repeat(np.arange(len(points)), [len(rows) for rows in points])
    areas = np.array([precision_areas(*one) for one in inputs])
    return {"areas": areas, "allowed": np.column_stack([numbers, np.concatenate(points)])}


def quantile_range(scores: np.ndarray, target: float) -> tuple[float, float]:
    """The smallest and the largest value that a usual definition of the quantile gives."""
    values = [float(np.quantile(scores, 1 - target, method=method)) for method in QUANTILE_METHODS]
    return min(values), max(values)


def readings_of_thresholds(case: Case) -> Observation:
    """From which to which value each threshold may be."""
    return {f"{part}.ranges": np.array([quantile_range(*one) for one in threshold_cases(case, part)]) for part in PARTS}


READINGS = {"evaluate_detector": readings_of_measures, "threshold_from_validation": readings_of_thresholds}
