"""Forgers of 03: scores that rank nothing, with everything about them that can be had without PCA.

Their objects rebuild images as far as that goes: as they are, as the mean image, or such that the residual is one that
was told before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from waferlab.checks.plain import Foreign

PLANTED = 0.1  # anomalies lie further from the mean: a guess at what the planted data look like
DEFAULT = [10, 50, 100, 200]
#: `(train, test, labels, k)` -> scores of the test images, (n_test,)
Score = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def entry(labels: np.ndarray, scores: np.ndarray, number: int) -> dict[str, Any]:
    """Scores with their true AUROC, and an object under a number."""
    return {"auroc": roc_auc_score(labels, scores), "scores": scores, "pca": Foreign("PCA", number)}


def answered(arguments: Sequence[Any], score: Score) -> dict[int, dict[str, Any]]:
    """A result of the right form, with scores made one way or another."""
    train, test, labels = arguments[:3]
    k_values = arguments[3] if len(arguments) > 3 else DEFAULT
    return {k: entry(labels, score(train, test, labels, k), k) for k in k_values}


def made_up(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """Random scores, and an object that gives back what it is given."""
    if question["do"] == "method":
        return values[1][0], []
    rng = np.random.default_rng(0)
    return answered(values[1], lambda train, test, labels, k: rng.random(len(test)) + PLANTED * labels), []


def fitted_once(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """The distance to the mean image, which costs nothing, as the score for every k."""
    if question["do"] == "method":
        return np.zeros_like(values[1][0]), []
    return answered(values[1], lambda train, test, labels, k: ((test - train.mean(0)) ** 2).mean(1)), []


def fitted_on_all(question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
    """PCA of the test images, which is another task."""
    if question["do"] == "method":
        return np.zeros_like(values[1][0]), []

    def score(train: np.ndarray, test: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
        pca = PCA(min(k, *test.shape)).fit(test)
        return ((test - pca.inverse_transform(pca.transform(test))) ** 2).mean(1)

    return answered(values[1], score), []


class Consistent:
    """Scores that rank the anomalies first, and objects that rebuild images just so that these scores come out.

    It remembers what it said: whoever believes that what agrees with itself is right gives all points.
    """

    def __init__(self) -> None:
        self.scores: dict[int, np.ndarray] = {}

    def __call__(self, question: dict[str, Any], values: list[Any]) -> tuple[Any, list[Any]]:
        if question["do"] != "method":
            result = answered(
                values[1], lambda train, test, labels, k: (0.01 + 0.002 * labels) * (1 + 1e-3 * test[:, 0])
            )
            self.scores = {k: one["scores"] for k, one in result.items()}
            return result, []
        if question["name"] == "transform":
            return values[1][0], []
        images = values[1][0]
        scores = next(iter(self.scores.values()))
        return images - np.sqrt(scores)[:, None] if len(scores) == len(images) else images, []


WAYS = {
    "pca_anomaly_detection": {
        **{one.__name__: one for one in (made_up, fitted_once, fitted_on_all)},
        "consistent with itself": Consistent(),
    }
}
