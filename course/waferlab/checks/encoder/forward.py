"""Task 1: the encoder's forward pass, compared with the reference on given weights.

The probe draws the weights and writes them into the provided layers, so that only the forward pass can differ. They
keep the log-variance within about [-3, 3], so that an answer which clamps it sensibly gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, relative_difference, scenario
from waferlab.checks.encoder.tensors import GRAPH_HINT, RTOL, gradient, tensor
from waferlab.checks.reading import numbers, pair
from waferlab.checks.watching import asked, bounded, changed_fault, own_randomness, stopped

if TYPE_CHECKING:
    import torch

BLOCKS = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "conv4", "bn4")
HEADS = ("fc_mu", "fc_logvar")
PARAMETERS = tuple(f"{name}.{key}" for name in BLOCKS + HEADS for key in ("weight", "bias"))
OUTPUTS = ("mu", "logvar")
PARTS = ("train", "eval", "other-train", "other-eval", "one")
OTHER_SIZES = (32, 48, 64, 80, 96)
GRADIENT_RTOL = 1e-2
BLOCK_HINT = "Four blocks of convolution, normalisation, `self.act`; flatten; two linear layers, nothing behind them."
MODE_HINT = "In evaluation mode it is right: in training mode the normalisation must use the batch's own statistics."


# --- probe -------------------------------------------------------------------------------------------------------


def give_weights(encoder: torch.nn.Module, rng: np.random.Generator) -> None:
    """Write random weights and running statistics into the provided layers, in place, so that aliases follow.

    Raises:
        AttributeError: a provided layer is missing.
    """
    import torch

    for name in BLOCKS + HEADS:
        layer = getattr(encoder, name, None)
        if layer is None:
            raise AttributeError(f"ConvEncoder has lost its layer `{name}`: leave __init__ as it was provided")
        for key, value in draw_layer(layer, rng).items():
            getattr(layer, key).data.copy_(torch.from_numpy(value))


def draw_layer(layer: torch.nn.Module, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random values for one layer, by attribute; all outputs stay near unit size."""
    shape = tuple(layer.weight.shape)
    if len(shape) == 1:
        low_high = {"weight": (0.6, 1.4), "bias": (-0.4, 0.4), "running_mean": (-0.4, 0.4), "running_var": (0.7, 1.6)}
        return {key: rng.uniform(low, high, shape) for key, (low, high) in low_high.items()}
    scale = (1.2 if len(shape) == 4 else 0.8) / math.sqrt(math.prod(shape[1:]))
    return {"weight": scale * rng.standard_normal(shape), "bias": rng.uniform(-0.4, 0.4, shape[0])}


def make_encoder(answer: Callable[..., Any], case: Case, stream: int, size: int, latent_dim: int) -> torch.nn.Module:
    """A fresh encoder with the weights of a stream, in the case's dtype."""
    import torch

    encoder = answer(latent_dim=latent_dim, image_size=size).to(getattr(torch, case.dtype))
    give_weights(encoder, case.rng(stream))
    return encoder


def make_images(case: Case, stream: int, count: int, size: int) -> torch.Tensor:
    """Random images with some structure at every scale, shape (count, 1, size, size), values in [0, 1]."""
    rng = case.rng(stream)
    noise, level = rng.random((count, 1, size, size)), rng.random((count, 1, 1, 1))
    return tensor(0.7 * noise + 0.3 * level, case)


def encode(seen: Observation, part: str, encoder: torch.nn.Module, x: torch.Tensor) -> None:
    """Run the encoder on a copy of the images and record `<part>.mu`, `<part>.logvar` and whether the copy changed."""
    with asked(seen, part):
        given = x.clone()
        result = encoder(given)
        seen[f"{part}.changed"] = not given.equal(x)
        for key, value in zip(OUTPUTS, pair(result, "forward", "(mu, logvar)"), strict=True):
            seen[f"{part}.{key}"] = numbers(value, key)


def encode_both_modes(seen: Observation, prefix: str, answer: Any, case: Case, stream: int, x: torch.Tensor) -> None:
    """A fresh encoder for the images in training mode (`<prefix>train`) and another in evaluation mode."""
    latent_dim = int(case.rng(stream, 1).integers(4, 9))
    for mode, training in (("train", True), ("eval", False)):
        with scenario(seen, f"{prefix}{mode}"):
            encoder = make_encoder(answer, case, stream, x.shape[-1], latent_dim).train(training)
            encode(seen, f"{prefix}{mode}", encoder, x)


def encode_one(seen: Observation, answer: Callable[..., Any], case: Case) -> None:
    """A single image at 128 px in evaluation mode, twice, so that a forward pass that is random shows."""
    with scenario(seen, "one"):
        encoder = make_encoder(answer, case, 30, 128, 5).eval()
        x = make_images(case, 31, 1, 128)
        encode(seen, "one", encoder, x)
        encode(seen, "again", encoder, x)


def encoder_gradients(seen: Observation, answer: Callable[..., Any], case: Case) -> None:
    """The norm of every parameter's gradient at 128 px, of a random projection of both outputs.

    In evaluation mode: in training mode a convolution's bias has no effect, since normalisation takes it away again.
    """
    with asked(seen, "gradients"):
        encoder = make_encoder(answer, case, 40, 128, 5).eval()
        mu, logvar = pair(encoder(make_images(case, 41, 2, 128)), "forward", "(mu, logvar)")
        weights = tensor(case.rng(42).standard_normal((2, 2, 5)), case)
        (weights[0] * mu + weights[1] * logvar).sum().backward()
        given = [getattr(getattr(encoder, name), key) for name, key in (path.split(".") for path in PARAMETERS)]
        seen["gradients"] = np.array([np.linalg.norm(gradient(value)) for value in given])


def probe_forward(answers: Mapping[str, Any], case: Case) -> Observation:
    """Run the encoder with given weights at 128 px and at another size, in both modes, and look at its gradients."""
    seen: Observation = {}
    answer = answers["ConvEncoder"]
    size = int(case.rng(1).choice(OTHER_SIZES))
    with own_randomness(case):
        encode_both_modes(seen, "", answer, case, 10, make_images(case, 11, 2, 128))
        encode_both_modes(seen, "other-", answer, case, 20, make_images(case, 21, 3, size))
        encode_one(seen, answer, case)
        encoder_gradients(seen, answer, case)
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def output_fault(seen: Observation, expected: Observation, part: str, fallback: str = BLOCK_HINT) -> str | None:
    """What is wrong with the outputs of a part, in words; None when they equal the reference's.

    Args:
        seen: the student's observation.
        expected: the reference's.
        part: which part of the probe.
        fallback: the hint where the numbers do not give their cause away.
    """
    if found := stopped(seen, part):
        return f"{found}{shape_hint(part) if 'shape' in found or 'size' in found else ''}"
    got, want = ({key: array_of(source, f"{part}.{key}") for key in OUTPUTS} for source in (seen, expected))
    for key, value in got.items():
        if value is None or value.shape != want[key].shape:
            shape = None if value is None else value.shape
            return f"{key} has shape {shape} instead of {want[key].shape}{shape_hint(part)}"
    off = {key: relative_difference(got[key], want[key]) for key in got}
    wrong = [key for key in off if not off[key] <= RTOL]
    if not wrong:
        return None
    size = "NaN or infinite values" if math.isinf(off[wrong[0]]) else f"off by {off[wrong[0]]:.1e}"
    return f"{' and '.join(wrong)} wrong ({wrong[0]}: {size}). {output_hint(got, want) or fallback}"


def shape_hint(part: str) -> str:
    """The likely cause of a wrong shape with another image size or with a single image."""
    if part.startswith("other"):
        return ". A length of 16384 is right at 128 px only: flatten without naming it"
    return ". squeeze() drops the batch dimension of a single image" if part == "one" else ""


def output_hint(got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]) -> str | None:
    """The cause of wrong numbers of the right shape, where they give it away."""
    causes = (
        (got["mu"], want["logvar"], "mu and logvar are swapped: return (mu, logvar)."),
        (got["logvar"], np.exp(want["logvar"]), "You return the variance: `fc_logvar` gives its logarithm already."),
        (got["logvar"], np.exp(want["logvar"] / 2), "You return the standard deviation, not the log-variance."),
        (got["logvar"], want["mu"], "Both come from `fc_mu`: use `fc_logvar` for the second."),
        (got["mu"], np.maximum(want["mu"], 0), "mu is never negative: no activation behind the linear layers."),
    )
    return next((hint for a, b, hint in causes if relative_difference(a, b) <= RTOL), None)


def outputs_fault(*parts: str) -> Fault:
    """The fault "the outputs of one of these parts differ from the reference's"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        return next((found for part in parts if (found := output_fault(seen, expected, part))), None)

    return fault


def training_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the outputs in training mode; says so where they are right in evaluation mode."""
    right_in_evaluation = output_fault(seen, expected, "eval") is None
    return output_fault(seen, expected, "train", MODE_HINT if right_in_evaluation else BLOCK_HINT)


def shapes_fault(seen: Observation, expected: Observation) -> str | None:
    """What keeps the result from being a pair of (B, latent_dim); None when it is one."""
    if found := stopped(seen, "eval"):
        return found
    for key in OUTPUTS:
        got, want = array_of(seen, f"eval.{key}"), np.shape(expected[f"eval.{key}"])
        if got is None or got.shape != want:
            return f"{key} of shape {None if got is None else got.shape}, expected {want}"
    return None


def function_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether two images have the same code, or one image another code the second time; nothing else is compared."""
    if found := stopped(seen, "eval", "one"):
        return found
    rows = [array_of(seen, f"eval.{key}") for key in OUTPUTS]
    if any(row is None or row.ndim != 2 or len(row) < 2 for row in rows):
        return "no codes to compare"
    if any(np.allclose(row[0], row[1], rtol=1e-5, atol=1e-7) for row in rows):
        return "two different images have the same code"
    pairs = [(array_of(seen, f"one.{key}"), array_of(seen, f"again.{key}")) for key in OUTPUTS]
    if not all(a is not None and b is not None and np.allclose(a, b) for a, b in pairs):
        return "the same image has another code at the second call"
    return None


def gradients_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of the parameters, in words; None when they are right."""
    if found := stopped(seen, "gradients"):
        return f"{found}{GRAPH_HINT if 'does not require grad' in found else ''}"
    want = np.asarray(expected["gradients"], dtype=float)
    got = bounded(seen, "gradients", want.shape)
    if got is None:
        return "no finite gradients"
    names = np.array(PARAMETERS)
    if none := names[got == 0].tolist():
        return f"no gradient reaches {', '.join(none[:4])}{' and others' if len(none) > 4 else ''}"
    off = names[~(np.abs(got - want) <= GRADIENT_RTOL * want)].tolist()
    if not off:
        return None
    more = f" (and {len(off) - 1} more)" if len(off) > 1 else ""
    if output_fault(seen, expected, "eval") is None:
        return f"the outputs are right, but the gradient of {off[0]}{more} is not: is something detached?"
    return f"the gradient of {off[0]}{more} is not right, and neither are the outputs"


# --- the task ----------------------------------------------------------------------------------------------------

EQUAL = f"(mu, logvar) of four blocks and two linear layers, to within {RTOL:g} (relative)"

FORWARD = Task(
    module="encoder",
    name="forward",
    title="Task 1: ConvEncoder.forward",
    defines=("ConvEncoder",),
    observe=probe_forward,
    expects=(*(f"{part}.{key}" for part in PARTS for key in OUTPUTS), "gradients"),
    checks=(
        Check(
            "shapes",
            0.25,
            "forward returns (mu, logvar), each of shape (B, latent_dim)",
            "a pair of tensors, one row per image",
            shapes_fault,
            requires=("function",),
        ),
        Check(
            "function",
            0.25,
            "in evaluation mode the code depends on the image, and on nothing else",
            "different images, different codes; no chance",
            function_fault,
            requires=("shapes",),
        ),
        Check("train-mode", 1.0, "128 px, training mode, given weights", EQUAL, training_fault),
        Check("eval-mode", 1.0, "128 px, evaluation mode, given weights", EQUAL, outputs_fault("eval")),
        Check("other-size", 1.0, "another image size, both modes", EQUAL, outputs_fault("other-train", "other-eval")),
        Check("batch-of-one", 0.5, "a single image", EQUAL, outputs_fault("one")),
        Check(
            "gradients",
            0.75,
            "gradients of mu and logvar for every parameter",
            f"those of the four blocks and the two linear layers, to within {GRADIENT_RTOL:.0%}; nothing is detached",
            gradients_fault,
        ),
        Check(
            "unchanged",
            0.25,
            "the images are left as they were",
            "no in-place operation (such as `x -= ...`) on the input",
            changed_fault(("eval",), "the given images"),
            requires=("eval-mode",),
        ),
    ),
)
