"""What only the grader checks in assignment 05: what the trained weights are worth, computed outside.

The weights of the real model come back as plain arrays. A forward pass in NumPy rebuilds normal images that no training
saw, and the error that is left must be below a floor that `course calibrate` measured with the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from waferlab.checks.core import Fault, Observation, array_of
from waferlab.checks.training.runs import LEARN_HELD, LEARN_SIZE, LEARN_TRAIN, LEARN_VAL

from autograder.judge.floors import Quantity, floor

#: What the reference leaves of the mean image's squared error; lower is better.
QUANTITIES = (Quantity("train_vae", "learn.left", "most"),)
EPS = 1e-5  # of batch normalisation, as in torch
SLOPE = 0.2


def arrays(dataset: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Normal images of a data set, drawn anew for every run.

    Args:
        dataset: a `waferlab.data.WaferDataset` in the `smoke` profile (32 px).
        rng: drawn from the run's secret.

    Returns:
        `normals` (n, 1, 32, 32) float32 in [0, 1].
    """
    images = np.concatenate([dataset.train.images.numpy(), dataset.val.images.numpy()])
    chosen = rng.choice(len(images), size=LEARN_TRAIN + LEARN_VAL + LEARN_HELD, replace=False)
    return {"normals": images[chosen]}


def weights_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the trained model rebuilds images that it has not seen worse than a right answer's does."""
    if "learn.held" not in expected:
        return "this run has no images to rebuild"
    left = squared_error_left(seen, expected)
    if left is None:
        return "the model's weights did not come back whole"
    most = floor("training", QUANTITIES[0])
    return None if left <= most else f"{left:.0%} of what the mean training image leaves"


FAULTS: dict[str, dict[str, Fault]] = {"train_vae": {"weights": weights_fault}}


def squared_error_left(seen: Observation, expected: Observation) -> float | None:
    """The model's squared error on the held-out images over that of the mean image; None when it cannot be computed."""
    held, mean = (np.asarray(expected[f"learn.{name}"], dtype=np.float64) for name in ("held", "mean"))
    prefix = "learn.weight."
    weights = {key.removeprefix(prefix): array_of(seen, key) for key in expected if key.startswith(prefix)}
    shapes = {key.removeprefix(prefix): np.shape(expected[key]) for key in expected if key.startswith(prefix)}
    if any(array is None or array.shape != shapes[name] for name, array in weights.items()):
        return None
    with np.errstate(all="ignore"):
        rebuilt = decode(weights, encode(weights, held))
        left = float(np.square(rebuilt - held).sum() / np.square(mean - held).sum())
    return left if np.isfinite(left) else None


# --- the model of assignment 04 in evaluation mode, in NumPy -----------------------------------------------------


def encode(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The means of the codes of images (n, 1, s, s): (n, latent_dim)."""
    for number in range(1, 5):
        x = convolve(x, weights[f"encoder.conv{number}.weight"], weights[f"encoder.conv{number}.bias"], stride=2)
        x = leaky(normalise(x, weights, f"encoder.bn{number}"))
    return x.reshape(len(x), -1) @ weights["encoder.fc_mu.weight"].T + weights["encoder.fc_mu.bias"]


def decode(weights: dict[str, np.ndarray], z: np.ndarray) -> np.ndarray:
    """The images of codes (n, latent_dim): (n, 1, s, s)."""
    side = LEARN_SIZE // 16
    x = (z @ weights["decoder.fc.weight"].T + weights["decoder.fc.bias"]).reshape(len(z), 256, side, side)
    for number in range(1, 5):
        kernel, bias = (weights[f"decoder.deconv{number}.{name}"] for name in ("weight", "bias"))
        x = convolve(spread_out(x), kernel.swapaxes(0, 1)[:, :, ::-1, ::-1], bias, stride=1, padding=2)
        if number < 4:
            x = leaky(normalise(x, weights, f"decoder.bn{number}"))
    return 1 / (1 + np.exp(-x))


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int, padding: int = 1) -> np.ndarray:
    """Cross-correlation as in `torch.nn.functional.conv2d`, kernel (out, in, 4, 4)."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (4, 4), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.tensordot(windows, kernel, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2) + bias[:, None, None]


def spread_out(x: np.ndarray) -> np.ndarray:
    """Zeros between the pixels: a transposed convolution of stride 2 is a plain one of this."""
    n, channels, height, width = x.shape
    wide = np.zeros((n, channels, 2 * height - 1, 2 * width - 1))
    wide[:, :, ::2, ::2] = x
    return wide


def normalise(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Batch normalisation with running statistics."""
    mean, var = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
    scale = weights[f"{name}.weight"] / np.sqrt(var + EPS)
    return (x - mean[:, None, None]) * scale[:, None, None] + weights[f"{name}.bias"][:, None, None]


def leaky(x: np.ndarray) -> np.ndarray:
    """LeakyReLU with slope 0.2."""
    return np.where(x > 0, x, SLOPE * x)
