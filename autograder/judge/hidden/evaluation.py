"""What only the grader checks in assignment 06: what the student's scores are worth on real images.

The probe trains the real model with the notebook's loop (the student's own, where it was pasted in) and scores images
that nobody has seen, from a loader without true labels. AUROC is computed here and must reach a measured floor. It
counts only together with right scores for a model of drawn weights, which no knowledge of the images helps with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from waferlab.checks.core import Fault, Observation, array_of
from waferlab.checks.evaluation.compute_anomaly_scores import ANOMALIES, NORMALS, TRAIN, VAL

from autograder.judge.floors import Quantity, floor

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


def detector_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the scores find fewer anomalies than those of a right answer."""
    labels, scores = np.asarray(expected["detector.labels"]), array_of(seen, "detector.scores")
    if scores is None or scores.shape != labels.shape or not np.isfinite(scores).all():
        return "not one finite score for each image"
    auroc = roc_auc_score(labels, scores)
    return None if auroc >= floor("evaluation", QUANTITIES[0]) else f"{auroc:.3f}"


FAULTS: dict[str, dict[str, Fault]] = {"compute_anomaly_scores": {"detector": detector_fault}}
