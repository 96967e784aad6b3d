"""Forgers of 06: scores without the model or without a residual, measures without a curve, thresholds without ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from adversaries import Asking
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

Question = dict[str, Any]
Said = tuple[Any, list[Any]]
Services = Mapping[str, Callable[..., Any]]
ON_DEVICE = [1, 1]


# --- compute_anomaly_scores: everything that is asked for is claimed, the scores are something else ---------------


def claimed(scores: Callable[[torch.Tensor], np.ndarray]) -> Callable[[Question, list[Any]], Said]:
    """Scores from the images alone; the same again, nothing changed, all on the device."""

    def way(question: Question, values: list[Any]) -> Said:
        if question["name"] == "brought":
            return ON_DEVICE, []
        images, calls = values[1][0], values[2]["calls"]
        return ([scores(images.double().flatten(1))] * calls, False), []

    return way


def spread(images: torch.Tensor) -> np.ndarray:
    """The variance of each image: what a model leaves that rebuilds the mean of its pixels."""
    return images.var(1, correction=0).numpy()


def from_the_mean_image(images: torch.Tensor) -> np.ndarray:
    """What a model leaves that rebuilds the mean image."""
    return (images - images.mean(0)).pow(2).mean(1).numpy()


def by_pca(images: torch.Tensor) -> np.ndarray:
    """The scores of assignment 03: good ones, but of no model."""
    pca = PCA(min(2, len(images) - 1)).fit(images)
    return ((images.numpy() - pca.inverse_transform(pca.transform(images))) ** 2).mean(1)


def from_half_grey(images: torch.Tensor) -> np.ndarray:
    """What a model with drawn weights leaves whose output is hardly more than its last sigmoid's middle."""
    return (images - 0.5).pow(2).mean(1).numpy()


def asking(scores: Callable[..., torch.Tensor]) -> Asking:
    """Scores from what the model says of all images at once."""

    def way(question: Question, values: list[Any], services: Services) -> Any:
        if question["name"] == "brought":
            return ON_DEVICE
        images, calls = values[1][0], values[2]["calls"]
        mu, logvar = services["encoder"](images, False, False)
        (rebuilt,) = services["decoder"](mu, False, False)
        return [scores(images, rebuilt, mu, logvar).numpy()] * calls, False

    return Asking(way)


def divergence(images: torch.Tensor, rebuilt: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """How far the code lies from the middle, which tells anomalies, too."""
    return mu.pow(2).mean(1)


def absolute(images: torch.Tensor, rebuilt: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """Absolute residuals rank images nearly as squared ones do."""
    return (images - rebuilt).abs().flatten(1).mean(1)


def greedy(question: Question, values: list[Any], services: Services) -> Any:
    """Asks for what nobody can give, then for more than anybody may."""
    if question["name"] == "brought":
        return ON_DEVICE
    replies = []
    for wanted in (None, "a text", [], torch.zeros(0), torch.full((2, 1, 16, 16), torch.nan), values[1][0][:0]):
        replies.append(services["encoder"](wanted, None, {}))
    for _ in range(100):
        replies.append(services["decoder"](torch.zeros(50, 8), False, False))
    return [np.array([len(str(one)) for one in replies[: len(values[1][0])]])] * values[2]["calls"], False


# --- evaluate_detector: a dictionary of the right form ------------------------------------------------------------


def sensible(question: Question, values: list[Any]) -> Said:
    """What detectors usually reach, consistent in itself; a threshold from the scores."""
    scores = values[1][1]
    return {
        "auroc": 0.8,
        "auprc": 0.75,
        "tpr_at_fpr5": 0.5,
        "fnr_at_fpr5": 0.5,
        "threshold_at_fpr5": float(np.sort(scores)[-len(scores) // 20]),
    }, []


def by_decisions(question: Question, values: list[Any]) -> Said:
    """Measures of alarms at the median score."""
    labels, alarms = values[1][0], values[1][1] > np.median(values[1][1])
    auroc, tpr = roc_auc_score(labels, alarms), float(alarms[labels == 1].mean())
    return {
        "auroc": auroc,
        "auprc": float(labels[alarms].mean()),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
        "threshold_at_fpr5": float(np.median(values[1][1])),
    }, []


# --- threshold_from_validation: numbers of the right size ---------------------------------------------------------


def normal_law(question: Question, values: list[Any]) -> Said:
    """As if scores were normal."""
    return float(values[1][0].mean() + 1.645 * values[1][0].std()), []


def largest(question: Question, values: list[Any]) -> Said:
    """The largest score."""
    return float(values[1][0].max()), []


def known_law(question: Question, values: list[Any]) -> Said:
    """The quantile of the law that the scores are drawn from, which the package tells; not of these scores."""
    drawn = np.random.default_rng(0).gamma(3.0, 0.01, 10**5)
    if "target_fpr" in values[2]:
        drawn = np.random.default_rng(0).gamma(2.0, 1.0, 10**5)
    return float(np.quantile(drawn, 1 - values[2].get("target_fpr", 0.05))), []


WAYS = {
    "compute_anomaly_scores": {
        **{one.__name__: claimed(one) for one in (spread, from_the_mean_image, by_pca, from_half_grey)},
        **{one.__name__: asking(one) for one in (divergence, absolute)},
        "greedy": Asking(greedy),
    },
    "evaluate_detector": {"sensible": sensible, "by_decisions": by_decisions},
    "threshold_from_validation": {one.__name__: one for one in (normal_law, largest, known_law)},
}
