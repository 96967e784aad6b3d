"""Is a sample drawn from the distribution it should be drawn from? Tests with stated error rates.

They judge standardised noise of shape (draws, rows, dims): codes of `rows` images with `dims` latent dimensions were
drawn `draws` times; every element should be standard normal and independent of all others. With 4,096 draws of 24
elements, a right sample fails any of the tests with probability below 1e-8.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np

#: Means, spreads and correlations may be this many standard errors off. A right sample exceeds it with probability
#: 2.2e-9 in any of 24 means (t) and 2.0e-9 in any of 24 spreads (chi-squared), both with 4,095 degrees of freedom.
Z_LIMIT = 6.5
#: Largest distance between the empirical and the normal distribution function, times sqrt(n). A right sample exceeds it
#: with probability below 2 exp(-2 * 3.2**2) = 2.6e-9 (Dvoretzky, Kiefer and Wolfowitz, 1956; Massart, 1990).
KS_LIMIT = 3.2
#: Below this spread (in standard deviations) draws count as constant.
CONSTANT = 1e-3


def mean_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the means, in words; None when they are 0.

    Standard errors come from the sample's own spread, so that a wrong spread is not reported twice.
    """
    means = noise.mean(axis=0)
    allowed = Z_LIMIT * np.maximum(noise.std(axis=0), CONSTANT) / math.sqrt(len(noise))
    if (np.abs(means) <= allowed).all():
        return None
    return f"a mean is off by {float(np.abs(means).max()):.2f} standard deviations. Add mu, once, without scaling it."


def spread_fault(noise: np.ndarray, logvar: np.ndarray) -> str | None:
    """What is wrong with the spreads, in words; None when they are 1.

    Args:
        noise: standardised noise, (draws, rows, dims).
        logvar: the log-variance it was standardised with, (rows, dims); tells what the spread follows instead.
    """
    ratio = noise.std(axis=0)
    if np.abs(ratio - 1).max() <= Z_LIMIT / math.sqrt(2 * len(noise)):
        return None
    if ratio.max() < CONSTANT:
        return "the draws do not vary: either there is no noise, or all images share the same noise"
    log_ratio = np.log(np.maximum(ratio, 1e-9)).ravel()
    exponent = float(np.polyfit(logvar.ravel(), log_ratio, 1)[0] + 0.5)
    found = f"a spread is {math.exp(log_ratio[np.abs(log_ratio).argmax()]):.2f} times what it should be"
    if abs(exponent - 1) < 0.05:
        return f"{found}. You scale with the variance exp(logvar): the standard deviation is exp(logvar / 2)."
    if abs(exponent) < 0.05:
        return f"{found}. The spread does not grow with logvar."
    return f"{found}. It grows like exp({exponent:.2f} * logvar)."


def shape_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the shape of the distribution, whatever its mean and spread; None when it is normal."""
    spread = noise.std(axis=0)
    if spread.min() < CONSTANT:
        return "the draws do not vary"
    distance = ks_distance((noise - noise.mean(axis=0)) / spread)
    if distance * math.sqrt(noise.size) <= KS_LIMIT:
        return None
    return f"the distribution functions differ by {distance:.3f}. Is it uniform noise (torch.rand)?"


def normal_cdf(values: np.ndarray) -> np.ndarray:
    """The standard normal distribution function."""
    return np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in values.tolist()])


def ks_distance(values: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray] = normal_cdf) -> float:
    """Kolmogorov-Smirnov distance of a sample from a distribution, by default the standard normal one.

    By hand: scipy is none of the packages that `waferlab` may import.

    >>> ks_distance(np.zeros(1))
    0.5
    """
    ordered = np.sort(values.ravel())
    wanted = cdf(ordered)
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max((steps[1:] - wanted).max(), (wanted - steps[:-1]).max()))


def centred(noise: np.ndarray) -> np.ndarray:
    """The noise with the mean of every element taken away: what is left varies from draw to draw."""
    return noise - noise.mean(axis=0)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two centred samples; 1 when one of them does not vary.

    >>> correlation(np.array([1.0, -1.0]), np.array([-2.0, 2.0]))
    -1.0
    """
    a, b = a.ravel(), b.ravel()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > CONSTANT**2 * len(a) else 1.0


def related_fault(noise: np.ndarray) -> str | None:
    """Which elements share noise, in words; None when all are independent."""
    draws, rows, dims = noise.shape
    limit = Z_LIMIT / math.sqrt(draws)
    noise = centred(noise)
    if np.abs(noise).max() < CONSTANT:
        return "the draws do not vary: either there is no noise, or all images share the same noise"
    images = [correlation(noise[:, a], noise[:, b]) for a, b in combinations(range(rows), 2)]
    images.append(correlation(noise[1:], noise[:-1]))
    if max(map(abs, images)) > limit:
        return "images of a batch share their noise: draw one number per element (randn_like)"
    if any(abs(correlation(noise[:, :, i], noise[:, :, j])) > limit for i, j in combinations(range(dims), 2)):
        return "latent dimensions share their noise: draw one number per element (randn_like)"
    return None
