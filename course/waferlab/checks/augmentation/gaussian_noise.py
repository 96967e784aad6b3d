"""Task 1: sensor noise, measured on mid-grey, where the limits of [0, 1] are many standard deviations away."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from waferlab.checks.augmentation.results import SAME, SIGMA, read_tensor
from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of
from waferlab.checks.draws import KS_LIMIT, Z_LIMIT, correlation, ks_distance
from waferlab.checks.watching import asked, bounded, changed_fault, own_randomness, stopped

if TYPE_CHECKING:
    import torch

OTHER_SIGMA = 0.035
CALLS, SIDE = 40, 32  # calls of the noise, and the side of the images it gets
BATCH_CALLS, BATCH = 10, 4
SHAPES = {
    "default": (CALLS, 1, SIDE, SIDE),
    "other": (CALLS, 1, SIDE, SIDE),
    "batch": (BATCH_CALLS, BATCH, 1, 20, 28),
    "limits": (CALLS, 1, SIDE, SIDE),
}
NOTHING = "no finite numbers of the right shape"


# --- probe -------------------------------------------------------------------------------------------------------


def grey(case: Case, stream: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Random mid-grey, float32 in [0.35, 0.45]: no noise of these tasks reaches 0 or 1 from there."""
    import torch

    return torch.tensor(case.rng(stream).uniform(0.35, 0.45, shape), dtype=torch.float32)


def black_and_white(case: Case) -> torch.Tensor:
    """An image (1, SIDE, SIDE) of which half of the pixels, drawn at random, are 0 and the others 1."""
    import torch

    pixels = case.rng(4).permutation(SIDE * SIDE) % 2
    return torch.tensor(pixels.reshape(1, SIDE, SIDE), dtype=torch.float32)


def add_noise(seen: Observation, part: str, bench: Bench, image: torch.Tensor, **options: float) -> None:
    """Call the answer often on one image; records it, and `<part>.noise` (calls, *image.shape) float32."""
    with asked(seen, part):
        noise, found = bench.call("GaussianNoise", **options), []
        for _ in range(SHAPES[part][0]):
            result = bench.call(noise, image)
            seen[f"{part}.changed"] = bool(seen.get(f"{part}.changed")) or bool(bench.changed)
            noisy = read_tensor(seen, part, result, tuple(image.shape))
            if noisy.size != image.numel():
                return
            found.append(noisy.reshape(image.shape) - image.double().numpy())
        seen[f"{part}.noise"], seen[f"{part}.image"] = np.stack(found).astype(np.float32), image.numpy()


def probe_noise(bench: Bench, case: Case) -> Observation:
    """Add noise to grey images with the default and with another sigma, to a batch, and to black and white."""
    seen: Observation = {}
    with own_randomness(case):
        add_noise(seen, "default", bench, grey(case, 1, (1, SIDE, SIDE)))
        add_noise(seen, "other", bench, grey(case, 2, (1, SIDE, SIDE)), sigma=OTHER_SIGMA)
        add_noise(seen, "batch", bench, grey(case, 3, (BATCH, 1, 20, 28)), sigma=SIGMA)
        add_noise(seen, "limits", bench, black_and_white(case), sigma=SIGMA)
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def noise_fault(part: str, fault: Callable[[np.ndarray], str | None]) -> Fault:
    """The fault "something is wrong with the noise of this part"; nothing is read from `expected`."""

    def judged(seen: Observation, expected: Observation) -> str | None:
        noise = bounded(seen, f"{part}.noise", SHAPES[part])
        return (stopped(seen, part) or NOTHING) if noise is None else fault(noise)

    return judged


def own(noise: np.ndarray) -> int:
    """How many numbers of a part are independent: those of one call, where all calls gave the same."""
    return noise.size if again_fault(noise) is None else noise[0].size


def spread_fault(noise: np.ndarray, sigma: float) -> str | None:
    """What is wrong with the standard deviation of noise on grey, in words; None when it is sigma."""
    spread = float(noise.std())
    if abs(spread / sigma - 1) <= Z_LIMIT / math.sqrt(2 * own(noise)):
        return None
    found = f"a standard deviation of {spread:.4f}, with sigma = {sigma:g}"
    if abs(spread / math.sqrt(sigma) - 1) < 0.15:
        return f"{found}. sigma is the standard deviation, not the variance: take no square root"
    if abs(spread / sigma**2 - 1) < 0.1:
        return f"{found}. sigma is the standard deviation already: do not square it"
    if abs(spread * math.sqrt(12) / sigma - 1) < 0.03 or abs(spread * math.sqrt(3) / sigma - 1) < 0.03:
        return f"{found}. Is it uniform noise (torch.rand)?"
    return found


def spreads_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the standard deviation by default, or else for another sigma."""
    sigmas = {"default": SIGMA, "other": OTHER_SIGMA}
    faults = (noise_fault(part, partial(spread_fault, sigma=sigma)) for part, sigma in sigmas.items())
    return next((found for fault in faults if (found := fault(seen, expected))), None)


def mean_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the mean of the noise, in words; None when it is 0."""
    mean, calls = float(noise.mean()), noise.reshape(len(noise), -1).mean(axis=1)
    error = max(float(noise.std()) / math.sqrt(own(noise)), float(calls.std()) / math.sqrt(len(calls)))
    if abs(mean) <= Z_LIMIT * max(error, 1e-9):
        return None
    return f"on average a pixel changes by {mean:+.4f}"


def normal_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the shape of the distribution, whatever its mean and spread; None when it is normal."""
    spread = float(noise.std())
    if spread < 1e-6:
        return "no noise"
    distance = ks_distance((noise - noise.mean()) / spread)
    if distance * math.sqrt(own(noise)) <= KS_LIMIT:
        return None
    return f"the distribution functions differ by {distance:.3f}. Is it uniform noise (torch.rand)?"


def related_fault(noise: np.ndarray) -> str | None:
    """Which pixels of one call share noise, in words; None when all are independent.

    Args:
        noise: (calls, B, 1, h, w).
    """
    noise = noise - noise.mean()
    pairs = {
        "neighbours in a row": (noise[..., 1:], noise[..., :-1]),
        "neighbours in a column": (noise[..., 1:, :], noise[..., :-1, :]),
        "images of a batch": (noise[:, 1:], noise[:, :-1]),
    }
    if noise.std() < 1e-6:
        return "no noise"
    errors = {who: abs(correlation(*pair)) * math.sqrt(pair[0].size) for who, pair in pairs.items()}
    worst = max(errors, key=errors.__getitem__)
    if errors[worst] <= Z_LIMIT:
        return None
    return f"{worst} share their noise: draw one number per pixel (randn_like)"


def again_fault(noise: np.ndarray) -> str | None:
    """What is wrong with the noise of successive calls, in words; None when each draws anew."""
    if noise.std() < 1e-6:
        return "no noise"
    centred = noise - noise.mean()
    if correlation(centred[1:], centred[:-1]) > SAME:
        return "successive calls gave the same noise, or similar. Is there a fixed seed, or noise that is kept?"
    return None


def centre_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the noise on average: its mean, or that it follows the image; None when it does neither."""
    noise, image = bounded(seen, "default.noise", SHAPES["default"]), array_of(seen, "default.image")
    if noise is None or image is None:
        return stopped(seen, "default") or NOTHING
    if found := mean_fault(noise):
        return found
    along = image - image.mean()
    slope, error = float((noise * along).mean() / along.var()), float(noise.std() / along.std() / math.sqrt(own(noise)))
    return None if abs(slope) <= Z_LIMIT * max(error, 1e-6) else "the result is not the image with something added"


def limits_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong at black and white, in words; None when the result is cut off at 0 and 1.

    Cut off means that about half of the black pixels stay at exactly 0, and half of the white ones at exactly 1.
    """
    noise, image = bounded(seen, "limits.noise", SHAPES["limits"]), array_of(seen, "limits.image")
    if noise is None or image is None or not 0 < image.mean() < 1:
        return stopped(seen, "limits") or NOTHING
    is_white = image > 0.5
    black, white = noise[:, ~is_white], 1 + noise[:, is_white]
    low, high = min(black.min(), white.min()), max(black.max(), white.max())
    if low < 0 or high > 1:
        return f"values from {low:.3f} to {high:.3f}: nothing keeps them in [0, 1]"
    stay = {"black": float((black < 1e-6).mean()), "white": float((white > 1 - 1e-6).mean())}
    for colour, share in stay.items():
        if abs(share - 0.5) > Z_LIMIT * 0.5 / math.sqrt(black.size):
            hint = ". Cut off what leaves [0, 1] (clamp); do not fold, squeeze or rescale it" if share < 0.5 else ""
            return f"{share:.0%} of the {colour} pixels stay {colour}{hint}"
    return None


def form_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps a result from being a floating-point tensor of its image's shape; None when all are."""
    for part in ("default", "batch"):
        if found := stopped(seen, part) or (NOTHING if array_of(seen, f"{part}.noise") is None else None):
            return found
    return None


# --- the task ----------------------------------------------------------------------------------------------------
#
# How often a right answer fails: means, spreads and normality of the noise as in `waferlab.checks.draws`, 3e-9 each.
# Checks that an image without any noise passes by accident count only together with one that it cannot pass.

NOISE = Task(
    module="augmentation",
    name="gaussian_noise",
    title="Task 1: GaussianNoise",
    defines=("GaussianNoise",),
    observe=probe_noise,
    checks=(
        Check(
            "spread",
            0.75,
            f"standard deviation of the noise on grey, sigma = {SIGMA:g} (by default) and sigma = {OTHER_SIGMA:g}",
            "sigma, also where it is not the default",
            spreads_fault,
        ),
        Check("mean", 0.25, "mean of the noise on grey", "0", centre_fault, ("new-draw",)),
        Check(
            "normal",
            0.5,
            "the noise is normally distributed",
            "torch.randn, by the Kolmogorov-Smirnov distance",
            noise_fault("default", normal_fault),
            requires=("new-draw", "mean"),
        ),
        Check(
            "independent",
            0.25,
            "every pixel has its own noise",
            "no correlation within an image or a batch",
            noise_fault("batch", related_fault),
            requires=("new-draw", "mean"),
        ),
        Check(
            "new-draw",
            0.25,
            "every call draws anew",
            "other noise at each call",
            noise_fault("default", again_fault),
            requires=("mean",),
        ),
        Check(
            "clamped",
            0.5,
            "black and white stay in [0, 1]",
            "values beyond 0 and 1 are cut off there",
            limits_fault,
        ),
        Check(
            "shape",
            0.25,
            "the result has the shape of the image, for single images and for batches",
            "a floating-point tensor of the same shape",
            form_fault,
            requires=("new-draw", "mean"),
        ),
        Check(
            "unchanged",
            0.25,
            "the given image is left as it was",
            "no in-place operation (`+=`, `add_`)",
            changed_fault(("default", "batch"), "the given images"),
            requires=("new-draw", "mean"),
        ),
    ),
)
