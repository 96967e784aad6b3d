"""What only the grader checks in assignment 03: AUROC on real images that the student has not seen."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from waferlab.checks.core import Fault, Observation
from waferlab.checks.pca.pca_anomaly_detection import IMAGE_ATOL, auroc_fault, fault_in, scores_of
from waferlab.checks.pca.problems import image_k_values

MAX_TRAIN, MAX_NORMAL, MAX_ANOMALY = 600, 180, 120
#: Factor by which the training images' singular values fall behind each k, see `sharpened`.
GAP = 12.0
#: What the given AUROC may be off from that of the given scores: float32 scores can tie where float64 scores did not.
TIE_ATOL = 1e-3


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


def images_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """How far the AUROC of the scores is from that of the reference's."""
    from sklearn.metrics import roc_auc_score

    labels = np.asarray(expected[f"{part}.labels"])
    got, want = ([roc_auc_score(labels, row) for row in scores] for scores in scores_of(seen, expected, part))
    worst = max(range(len(want)), key=lambda i: abs(got[i] - want[i]))
    return f"AUROC {got[worst]:.3f} from your scores" if abs(got[worst] - want[worst]) > IMAGE_ATOL else None


def with_images(fault: Fault, otherwise: str | None) -> Fault:
    """A fault about the grader's images, and what is said of a run that has none."""
    return lambda seen, expected: fault(seen, expected) if "images.scores" in expected else otherwise


FAULTS: dict[str, dict[str, Fault]] = {
    "pca_anomaly_detection": {
        "images": with_images(fault_in("images", fault=images_fault), "this run has no images to compare with"),
        "auroc": with_images(fault_in("images", fault=partial(auroc_fault, atol=TIE_ATOL)), None),
    },
}
