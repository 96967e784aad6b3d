"""What the probe of `categorize_failure_modes` asks with: test sets with planted failures.

How many images of each class there are and how many of them are missed is decided here, so that the classes with the
most misses are not those with the highest miss rates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

NORMAL = "T-shirt/Top"
#: The classes of Fashion-MNIST that are anomalies; which number each has is drawn.
ANOMALIES = ("Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
#: Missed and all images of the classes in the `ties` part: one is hardest, and three share the next rate.
TIES = ((4, 8), (3, 9), (2, 6), (1, 3), (1, 10), (0, 5))
SIDE = 4  # of the images, in pixels


@dataclass(frozen=True)
class Failures:
    """One call of the student's function.

    Attributes:
        false_negatives: (n_fn,) int64, positions of missed anomalies in the test set, in random order.
        false_positives: (n_fp,) int64, positions of reported normals, in random order.
        scores: (n,) float64, all different; reported images score above 0.5, the others below.
        images: (n, 1, 4, 4) float32 in [0, 1].
        classes: (n,) int64, index into `names`.
        labels: (n,) int64, 0 normal and 1 anomaly.
        names: of the classes; the first is the normal one, and some have no image.
        missed, total: (n_names,) int64, missed anomalies and all anomalies of each class.
    """

    false_negatives: np.ndarray
    false_positives: np.ndarray
    scores: np.ndarray
    images: np.ndarray
    classes: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    missed: np.ndarray
    total: np.ndarray


def plant(rng: np.random.Generator, counts: Sequence[tuple[int, int]], normals: int, alarms: int) -> Failures:
    """A test set with given failures, shuffled.

    Args:
        rng: source of all randomness.
        counts: for each class of anomalies, how many are missed and how many there are.
        normals: normal images.
        alarms: how many of them are reported.
    """
    names = (NORMAL, *rng.permutation(ANOMALIES).tolist())
    classes, failed = [0] * normals, [place < alarms for place in range(normals)]
    for number, (missed, total) in zip(1 + rng.permutation(len(ANOMALIES)), counts, strict=False):
        classes += [int(number)] * total
        failed += [place < missed for place in range(total)]
    order = rng.permutation(len(classes))
    classes, failed = np.array(classes, dtype=np.int64)[order], np.array(failed)[order]
    labels = (classes > 0).astype(np.int64)
    false_negatives, false_positives = (np.flatnonzero(failed & (labels == label)) for label in (1, 0))
    missed, total = (np.bincount(classes[of], minlength=len(names)) for of in (false_negatives, labels == 1))
    return Failures(
        rng.permutation(false_negatives).astype(np.int64),
        rng.permutation(false_positives).astype(np.int64),
        scored(rng, failed ^ (labels == 1), classes, missed / np.maximum(total, 1)),
        rng.random((len(order), 1, SIDE, SIDE), dtype=np.float32),
        classes,
        labels,
        names,
        missed,
        total,
    )


def scored(rng: np.random.Generator, reported: np.ndarray, classes: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Scores that do not give the hardest classes away: these score higher than the others, missed and found alike.

    Args:
        rng: source of all randomness.
        reported: (n,), whether an image scores above 0.5.
        classes: (n,).
        rates: of misses, by class.
    """
    hard = rates[classes] >= np.sort(rates)[-3]
    low, width = np.where(hard, 0.8, 0.2), np.where(classes == 0, 1.0, 0.2)
    return 0.5 * (reported + np.where(classes == 0, 0.0, low) + width * rng.random(len(classes)))


def main_failures(rng: np.random.Generator) -> Failures:
    """Six classes: the largest has the most misses and only the fourth rate; one is never missed."""
    extra = int(rng.integers(0, 4))
    counts = [(12, 40 + extra), (5, 6), (6, 11), (8, 20), (1, 9 + extra), (0, 7 + extra)]
    return plant(rng, counts, int(rng.integers(60, 90)), int(rng.integers(5, 9)))


def few_failures(rng: np.random.Generator) -> Failures:
    """Only two of four classes have misses."""
    return plant(rng, [(2, 9), (3, int(rng.integers(5, 8))), (0, 6), (0, 4)], 25, 1)


def no_failures(rng: np.random.Generator) -> Failures:
    """A perfect detector: nothing is missed, nothing wrongly reported."""
    return plant(rng, [(0, 5), (0, 7), (0, 3)], int(rng.integers(15, 25)), 0)


def tied_failures(rng: np.random.Generator) -> Failures:
    """Three classes share the second place, see `TIES`, and every normal image is reported."""
    return plant(rng, TIES, 12, 12)


PARTS: dict[str, Callable[[np.random.Generator], Failures]] = {
    "main": main_failures,
    "few": few_failures,
    "none": no_failures,
    "ties": tied_failures,
}
