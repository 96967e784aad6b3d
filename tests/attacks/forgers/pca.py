"""Forgers of 03: scores that rank nothing, with everything about them that can be had without PCA."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from waferlab.checks.plain import Foreign

PLANTED = 0.1  # anomalies lie further from the mean: a guess at what the planted data look like


def made_up(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """Random scores, their true AUROC, and an object that gives back what it is given."""
    if question["do"] == "method":
        return values[1][0], []
    _, test, labels = values[1][:3]
    k_values = values[1][3] if len(values[1]) > 3 else [10, 50, 100, 200]
    rng = np.random.default_rng(0)
    scores = {k: rng.random(len(test)) + PLANTED * labels for k in k_values}
    return {
        k: {"auroc": roc_auc_score(labels, one), "scores": one, "pca": Foreign("PCA", k)} for k, one in scores.items()
    }, []


def fitted_once(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """The distance to the mean image, which costs nothing, as the score for every k."""
    if question["do"] == "method":
        return np.zeros_like(values[1][0]), []
    train, test, labels = values[1][:3]
    k_values = values[1][3] if len(values[1]) > 3 else [10, 50, 100, 200]
    scores = ((test - train.mean(0)) ** 2).mean(1)
    entry = {"auroc": roc_auc_score(labels, scores), "scores": scores, "pca": Foreign("PCA", 0)}
    return dict.fromkeys(k_values, entry), []


def fitted_on_all(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """PCA of training and test images together, which is another task."""
    if question["do"] == "method":
        return np.zeros_like(values[1][0]), []
    _, test, labels = values[1][:3]
    k_values = values[1][3] if len(values[1]) > 3 else [10, 50, 100, 200]
    result = {}
    for k in k_values:
        pca = PCA(min(k, *test.shape)).fit(test)
        scores = ((test - pca.inverse_transform(pca.transform(test))) ** 2).mean(1)
        result[k] = {"auroc": roc_auc_score(labels, scores), "scores": scores, "pca": Foreign("PCA", 0)}
    return result, []


WAYS = {"pca_anomaly_detection": {one.__name__: one for one in (made_up, fitted_once, fitted_on_all)}}
