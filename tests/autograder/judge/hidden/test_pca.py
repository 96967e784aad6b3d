"""Are the grader's images of assignment 03 a fair question, and does the comparison with the reference see through?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from waferlab.checks.core import Case, Observation
from waferlab.checks.pca import TASKS
from waferlab.checks.pca.pca_anomaly_detection import IMAGE_ATOL
from waferlab.checks.pca.problems import image_k_values
from waferlab.data import load_dataset
from waferlab.profiles import PROFILES
from waferlab.reference.pca import pca_anomaly_detection

from autograder.judge.hidden.pca import FAULTS, MAX_ANOMALY, MAX_NORMAL, MAX_TRAIN, arrays, sharpened

TASK = TASKS["pca_anomaly_detection"]
SEEDS = (1, 20_240_607, 2**47 + 5)


def load_small() -> Any:
    """The data set behind `images`."""
    return load_dataset("synthetic-wafers", PROFILES["smoke"], image_size=16)


@cache
def images(seed: int) -> dict[str, np.ndarray]:
    """The grader's images, small ones."""
    return arrays(load_small(), np.random.default_rng(seed))


def observe(seed: int, dtype: Any, answer: Callable[..., Any] = pca_anomaly_detection) -> Observation:
    """What the probe sees in an answer."""
    return TASK.probe({"pca_anomaly_detection": answer}, Case(seed, dtype, images(seed)))


def failed(seen: Observation, expected: Observation) -> dict[str, str]:
    """What is found wrong when the grader judges, by check."""
    findings = TASK.judge(seen, expected, FAULTS[TASK.name])
    return {finding.name: finding.found for finding in findings if not finding.passed}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes_on_the_images(seed: int) -> None:
    """Does the reference in float32 agree with itself in float64, for every seed?"""
    assert failed(observe(seed, "float32"), observe(seed, "float64")) == {}


def test_an_auroc_made_for_the_images_is_found() -> None:
    """Is an AUROC caught that follows from the scores everywhere but on the grader's images?"""

    def flattering(train: np.ndarray, *rest: Any) -> Any:
        results = pca_anomaly_detection(train, *rest)
        return {k: {**one, "auroc": 0.99} for k, one in results.items()} if len(train) == MAX_TRAIN else results

    assert set(failed(observe(1, "float32", flattering), observe(1, "float64"))) == {"auroc"}


def test_scores_made_for_planted_data_are_found() -> None:
    """Does somebody lose the images who scores them by brightness?"""

    def brightness(train: np.ndarray, test: np.ndarray, labels: np.ndarray, *rest: Any) -> Any:
        if len(train) != MAX_TRAIN:
            return pca_anomaly_detection(train, test, labels, *rest)
        scores = np.asarray(test).mean(axis=1)
        return {k: {"auroc": roc_auc_score(labels, scores), "scores": scores} for k in rest[0]}

    wrong = failed(observe(1, "float32", brightness), observe(1, "float64"))
    assert set(wrong) == {"images"} and "from your scores" in wrong["images"]


def test_images_are_a_fresh_sample_in_range() -> None:
    """Are the probe's images other ones for each seed, in [0, 1], with both labels?"""
    first, again, other = images(1), arrays(load_small(), np.random.default_rng(1)), images(2)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["test"], other["test"])
    assert first["train"].shape == (MAX_TRAIN, 256) and first["test"].shape == (MAX_NORMAL + MAX_ANOMALY, 256)
    assert np.bincount(first["labels"]).tolist() == [MAX_NORMAL, MAX_ANOMALY]
    assert min(first["train"].min(), first["test"].min()) >= 0 and max(first["train"].max(), first["test"].max()) <= 1


def exact_scores(train: np.ndarray, test: np.ndarray, k: int) -> np.ndarray:
    """Reconstruction MSE by a full SVD in float64."""
    mean = train.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
    centred = test - mean
    return ((centred - centred @ axes.T @ axes) ** 2).mean(axis=1)


def test_sharpening_changes_no_auroc() -> None:
    """Does PCA on the probe's images give what it gives on the raw ones?"""
    dataset = load_small()
    train, test = dataset.train.images.flatten(1).numpy()[:300], dataset.test.images.flatten(1).numpy()
    labels = dataset.test.labels.numpy()
    sharp = sharpened(train, test)
    for k in image_k_values(train.shape):
        raw = roc_auc_score(labels, exact_scores(train, test, k))
        assert abs(roc_auc_score(labels, exact_scores(sharp["train"], sharp["test"], k)) - raw) < IMAGE_ATOL / 4


def test_a_run_without_images_gives_no_points_for_them() -> None:
    """Does the check of the images say that there is nothing to compare with, and cost nothing else?"""
    seen = TASK.probe({"pca_anomaly_detection": pca_anomaly_detection}, Case(1))
    assert failed(seen, seen) == {"images": "this run has no images to compare with"}
