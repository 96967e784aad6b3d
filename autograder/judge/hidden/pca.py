"""Hidden verdict of assignment 03: the points, and AUROC on real images that the student has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from waferlab.checks.core import Finding, Observation, array_of
from waferlab.checks.pca import auroc_of, image_k_values, judge_auroc, trouble

from autograder.base.records import Check

MAX_TRAIN, MAX_NORMAL, MAX_ANOMALY = 600, 180, 120
#: Factor by which the training images' singular values fall behind each k, see `sharpened`.
GAP = 12.0
#: Measured: the worst of seven solvers in float32, 40 samples of both data sets, is off by 0.0001.
IMAGE_ATOL = 0.002
#: What the given AUROC may be off from that of the given scores: float32 scores can tie where float64 scores did not.
TIE_ATOL = 1e-3

CHECKS: dict[str, tuple[Check, ...]] = {
    "pca_anomaly_detection": (
        Check("results", 0.5, requires=("ranking",)),
        Check("ranking", 1.5),
        Check("scores", 2.5),
        Check("sizes", 1.0),
        Check("auroc", 1.0),  # wants scores that differ, so constants and labels give nothing here
        Check("train-only", 0.5, requires=("ranking",)),
        Check("unchanged", 0.5, requires=("ranking",)),
        Check("default", 0.5, requires=("ranking",)),
        Check("images", 1.0, requires=("ranking",)),
    ),
}


def arrays(dataset: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A random sample of a data set, flattened: other images for every run.

    Args:
        dataset: a `waferlab.data.WaferDataset`, usually in the `smoke` profile.
        rng: drawn from the run's secret.

    Returns:
        `train` (n_train, d) and `test` (n_test, d) float32, `labels` (n_test,) int64; normals first.
    """
    labels = dataset.test.labels.numpy()
    normals = _draw(rng, np.flatnonzero(labels == 0), MAX_NORMAL)
    chosen = np.concatenate([normals, _draw(rng, np.flatnonzero(labels == 1), MAX_ANOMALY)])
    train = _draw(rng, np.arange(len(dataset.train.images)), MAX_TRAIN)
    train_images, test_images = (split.images.flatten(1).numpy() for split in (dataset.train, dataset.test))
    return {"labels": labels[chosen], **sharpened(train_images[train], test_images[chosen])}


def sharpened(train: np.ndarray, test: np.ndarray) -> dict[str, np.ndarray]:
    """Make the principal subspaces of real images plain enough for every solver, and change nothing else.

    The training images keep their mean and their principal axes, so PCA with any of the probe's k scores every test
    image as before. Only the singular values fall in steps, so that a randomised solver with few iterations finds the
    axes, too (on the raw images `torch.pca_lowrank` with its defaults misses the AUROC by up to 0.07). Both sets are
    then scaled alike, into [0, 1].

    Args:
        train: (n_train, d) in [0, 1].
        test: (n_test, d) in [0, 1].

    Returns:
        `train` and `test`, float32.
    """
    mean = train.mean(axis=0, dtype=np.float64)
    left, singular, axes = np.linalg.svd(train - mean, full_matrices=False)
    for k in image_k_values(train.shape):
        singular[k:] /= GAP
    train = mean + left * singular @ axes
    low, high = min(train.min(), test.min()), max(train.max(), test.max())
    return {name: ((x - low) / (high - low)).astype(np.float32) for name, x in (("train", train), ("test", test))}


def _draw(rng: np.random.Generator, positions: np.ndarray, most: int) -> np.ndarray:
    return rng.choice(positions, size=min(most, len(positions)), replace=False)


def judge(task: str, seen: Observation, expected: Observation) -> list[Finding]:
    """Findings about the grader's images; none when the run has no images, and the check then gives no points."""
    if task != "pca_anomaly_detection" or "images.scores" not in expected:
        return []
    return [judge_images(seen, expected), judge_auroc(seen, expected, ("images",), TIE_ATOL)]


def judge_images(seen: Observation, expected: Observation) -> Finding:
    """Do the scores separate anomalies from normals as the reference's do?"""
    found = trouble(seen, expected, "images")
    if found is None:
        labels = np.asarray(expected["images.labels"])
        got = [auroc_of(labels, scores) for scores in array_of(seen, "images.scores")]
        want = [auroc_of(labels, scores) for scores in np.asarray(expected["images.scores"])]
        worst = max(range(len(want)), key=lambda i: abs(got[i] - want[i]))
        if abs(got[worst] - want[worst]) > IMAGE_ATOL:
            found = f"AUROC {got[worst]:.3f} from your scores"
    return Finding(
        "images",
        "AUROC on images that you have not seen",
        found is None,
        found or "as it should be",
        f"that of PCA reconstruction error, to within {IMAGE_ATOL}",
    )
