"""What the probe of assignment 03 asks with: planted images, and the grader's own.

The training sets are planted: their singular values fall in steps, with a large gap behind every k that is compared
exactly. Behind a gap the best subspace is well determined, so that every correct solver finds the same one: full or
truncated SVD, eigenvectors of the covariance, randomised methods with few iterations, in float64 and in float32.
(One does not, and is not correct to 1e-5: scikit-learn's `covariance_eigh` after a cast to float32, which subtracts the
mean only after squaring. That is why the inputs are float64.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from waferlab.checks.core import Case

DEFAULT_K = (10, 50, 100, 200)
#: How many times as far as a normal image a planted anomaly lies from the mean.
FARTHER, NEARER = 1.1, 0.7
#: Images that two test sets of the `swapped` question share.
SHARED = 7


@dataclass(frozen=True)
class Problem:
    """One call of the student's function.

    Attributes:
        train: normal images, (n_train, d) float64 in [0, 1]; every value is exact in float32, too.
        test: test images, (n_test, d), made like `train`.
        labels: (n_test,) int64, 0 normal and 1 anomaly.
        k_values: numbers of components to ask for.
    """

    train: np.ndarray
    test: np.ndarray
    labels: np.ndarray
    k_values: tuple[int, ...]


def odd(rng: np.random.Generator, low: int, high: int) -> int:
    """A random odd number in [low, high] that is no square, so that no image shape can be guessed from it."""
    choices = [n for n in range(low, high + 1) if n % 2 and math.isqrt(n) ** 2 != n]
    return int(rng.choice(choices))


def orthonormal(matrix: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span those of `matrix`, with signs that do not depend on the LAPACK in use."""
    q, r = np.linalg.qr(matrix)
    return q * np.sign(np.diag(r))


def steps(rng: np.random.Generator, rank: int, k_values: Sequence[int], gaps: Sequence[float]) -> np.ndarray:
    """Singular values that fall by the factor `gaps[i]` behind the first `k_values[i]`, else by little; (rank,)."""
    values = rng.uniform(0.8, 1.0, rank)
    for k, gap in zip(k_values, gaps, strict=True):
        values[k:] /= gap
    return values


def planted(
    rng: np.random.Generator,
    n_train: int,
    singular: np.ndarray,
    spread: np.ndarray,
    n_test: int,
    distance: float = FARTHER,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training and test images with a known principal subspace.

    Args:
        rng: source of all randomness.
        n_train: training images.
        singular: singular values of the centred training data, (rank,) with rank <= min(n_train - 1, d).
        spread: standard deviation of the test images along every principal axis, (d,).
        n_test: test images; two in five are anomalies.
        distance: how many times as far as a normal image an anomaly lies from the mean.

    Returns:
        `train` (n_train, d), `test` (n_test, d), `labels` (n_test,).
    """
    d, rank = len(spread), len(singular)
    left = rng.standard_normal((n_train, rank))
    axes = orthonormal(rng.standard_normal((d, d)))
    mean = rng.uniform(0.45, 0.55, d)
    train = orthonormal(left - left.mean(axis=0)) * singular @ axes[:, :rank].T
    labels = (rng.permutation(n_test) < round(0.4 * n_test)).astype(np.int64)
    test = rng.standard_normal((n_test, d)) * spread * np.where(labels, distance, 1.0)[:, None] @ axes.T
    scale = 0.42 / max(np.abs(train).max(), np.abs(test).max())
    return to_image_values(mean + scale * train), to_image_values(mean + scale * test), labels


def to_image_values(values: np.ndarray) -> np.ndarray:
    """Round to what float32 can hold, kept as float64: computing in either then starts from the same numbers."""
    return values.astype(np.float32).astype(np.float64)


def gapped(
    rng: np.random.Generator,
    n_train: int,
    d: int,
    n_test: int,
    k_values: Sequence[int],
    gaps: Sequence[float],
    distance: float = FARTHER,
) -> Problem:
    """A problem with a gap behind each k and test images that lie well outside the principal subspace.

    Args:
        rng: source of all randomness.
        n_train: training images.
        d: pixels.
        n_test: test images.
        k_values: in rising order; the function is asked for them in falling order.
        gaps: factor by which the singular values fall behind each k.
        distance: as in `planted`.
    """
    rank, top = min(n_train - 1, d), max(k_values)
    singular = steps(rng, rank, k_values, gaps)
    spread = np.zeros(d)
    spread[:top] = singular[:top] / math.sqrt(n_train)
    spread[k_values[0] : top] *= 1.2
    spread[top:] = 2.0 * math.sqrt((singular**2).sum() / n_train / (d - top))
    images = planted(rng, n_train, singular, spread, n_test, distance)
    return Problem(*images, tuple(sorted(k_values, reverse=True)))


def main_problem(rng: np.random.Generator) -> Problem:
    """Odd sizes, two k in falling order."""
    n_train, d = odd(rng, 55, 75), odd(rng, 83, 99)
    return gapped(rng, n_train, d, 31, (int(rng.integers(3, 6)), int(rng.integers(9, 13))), (50.0, 200.0))


def swapped_problem(rng: np.random.Generator, main: Problem) -> Problem:
    """The main problem with other test images, apart from the first `SHARED`, which come last."""
    new = to_image_values(np.clip(main.test[SHARED:] + rng.normal(0.03, 0.1, main.test[SHARED:].shape), 0, 1))
    test = np.concatenate([new, main.test[:SHARED]])
    return Problem(main.train, test, rng.permutation(main.labels), main.k_values)


def tall_problem(rng: np.random.Generator) -> Problem:
    """More images than pixels, a single component; anomalies lie nearer to the mean, so that the AUROC is below 0.5."""
    return gapped(rng, odd(rng, 89, 109), odd(rng, 33, 43), 19, (1,), (200.0,), NEARER)


def edge_problem(rng: np.random.Generator) -> Problem:
    """More pixels than images, and one component less than images: the most that centred data have."""
    n_train = odd(rng, 17, 23)
    return gapped(rng, n_train, odd(rng, 131, 151), 17, (n_train - 1,), (1.0,))


def default_problem(rng: np.random.Generator) -> Problem:
    """Large enough for the default k of up to 200."""
    n_train, d = odd(rng, 211, 219), odd(rng, 205, 209)
    singular = steps(rng, d, DEFAULT_K, (3.0, 3.0, 3.0, 10.0))
    return Problem(*planted(rng, n_train, singular, singular / math.sqrt(n_train), 15), DEFAULT_K)


def image_problem(case: Case) -> Problem:
    """The grader's images, in the dtype of the case."""
    train, test = (np.asarray(case.arrays[name], dtype=case.dtype) for name in ("train", "test"))
    labels = np.asarray(case.arrays["labels"], dtype=np.int64)
    return Problem(train, test, labels, image_k_values(train.shape))


def image_k_values(shape: tuple[int, ...]) -> tuple[int, ...]:
    """What the function is asked for on training images of this shape, (n_train, d): two k in falling order."""
    most = min(shape) - 1
    return min(40, most), min(10, most - 1)
