"""Hidden verdict of assignment 06: the points, and what the student's scores are worth on real images.

The probe trains the real model with the notebook's loop (the student's own, where it was pasted in) and scores images
that nobody has seen, from a loader without true labels. AUROC is computed here and must reach a measured floor. It
counts only together with right scores for a model of drawn weights, which no knowledge of the images helps with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from waferlab.checks.core import Finding, Observation, array_of, error_of
from waferlab.checks.evaluation import ANOMALIES, NORMALS, TRAIN, VAL

from autograder.base.records import Check
from autograder.judge.floors import Quantity, floor

CHECKS: dict[str, tuple[Check, ...]] = {
    "compute_anomaly_scores": (
        Check("scores", 1.5),
        Check("single", 0.5),
        Check("repeatable", 0.5, requires=("scores",)),
        Check("eval-mode", 0.5, requires=("scores",)),
        Check("unchanged", 0.25, requires=("scores",)),
        Check("no-grad", 0.25, requires=("scores",)),
        Check("device", 0.25, requires=("scores",)),
        Check("labels", 0.5),
        Check("detector", 0.75, requires=("scores",)),
    ),
    "evaluate_detector": (
        Check("by-hand", 0.5),
        Check("auroc", 1.0),
        Check("auprc", 1.0),
        Check("tpr_at_fpr5", 1.0),
        Check("fnr_at_fpr5", 0.5),
    ),
    "threshold_from_validation": (
        Check("default", 1.0),
        Check("targets", 0.75),
        Check("unchanged", 0.25, requires=("default",)),
    ),
}
QUANTITIES = (Quantity("compute_anomaly_scores", "detector.auroc", "least"),)


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


def judge(task: str, seen: Observation, expected: Observation) -> list[Finding]:
    """Do the student's scores find anomalies?"""
    if task != "compute_anomaly_scores":
        return []
    tested, goal = "scores of a model trained on the run's own images", "an AUROC as a right answer reaches it"
    if error := error_of(seen, "detector"):
        return [Finding("detector", tested, False, f"raised {error}", goal)]
    labels, scores = np.asarray(expected["detector.labels"]), array_of(seen, "detector.scores")
    if scores is None or scores.shape != labels.shape or not np.isfinite(scores).all():
        return [Finding("detector", tested, False, "not one finite score for each image", goal)]
    auroc = roc_auc_score(labels, scores)
    return [Finding("detector", tested, bool(auroc >= floor("evaluation", QUANTITIES[0])), f"{auroc:.3f}", goal)]
