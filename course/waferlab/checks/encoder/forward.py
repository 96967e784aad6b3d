"""Task 1: the encoder's forward pass, compared with the reference on given weights.

The probe draws the weights, and a shim writes them into the provided layers, so that only the forward pass can differ.
They keep the log-variance within about [-3, 3], so that an answer which clamps it sensibly gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, relative_difference
from waferlab.checks.encoder.tensors import GRAPH_HINT, RTOL, gradient, pulled_back, tensor
from waferlab.checks.reading import UnexpectedResult, numbers, pair
from waferlab.checks.watching import asked, bounded, changed_fault, own_randomness, stopped

if TYPE_CHECKING:
    from torch import Tensor, nn

CHANNELS = (1, 32, 64, 128, 256)  # of the images, and behind each block
KERNEL = 4
BLOCKS = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "conv4", "bn4")
HEADS = ("fc_mu", "fc_logvar")
LAYERS = BLOCKS + HEADS
PARAMETERS = tuple(f"{name}.{key}" for name in LAYERS for key in ("weight", "bias"))
OUTPUTS = ("mu", "logvar")
PAIR = ("forward", "(mu, logvar)")
PARTS = ("train", "eval", "other-train", "other-eval", "one")
OTHER_SIZES = (32, 48, 64, 80, 96)
#: Of a gradient's norm. In float32 the sign of a number near 0 may be another one, and with it the slope of `act`: seen
#: for one seed of 30, where a projection was 1.2 % off; all others are right to within 1e-5.
GRADIENT_RTOL = 5e-2
BLOCK_HINT = "Four blocks of convolution, normalisation, `self.act`; flatten; two linear layers, nothing behind them."
MODE_HINT = "In evaluation mode it is right: in training mode the normalisation must use the batch's own statistics."

#: In what an exception says whose cause may be a wrong shape.
SHAPE_WORDS = ("shape", "size", "RuntimeError")

#: Values for every layer, by its name and by the name of the attribute.
Weights = Mapping[str, Mapping[str, Any]]


# --- at the desk -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What an encoder is made from: its two arguments, and its weights."""

    latent_dim: int
    image_size: int
    weights: Weights


def keep(answers: Mapping[str, Any], services: Any, latent_dim: int, image_size: int, weights: Weights) -> Plan:
    """Keep the weights, so that they travel once."""
    return Plan(latent_dim, image_size, weights)


def layers_of(encoder: nn.Module) -> dict[str, Any]:
    """The provided layers by name; where a student has renamed them, by kind and order. None for one that is lost."""
    from torch import nn

    found: dict[str, Any] = {}
    for prefix, kind in (("conv", nn.Conv2d), ("bn", nn.BatchNorm2d), ("fc", nn.Linear)):
        names = [name for name in LAYERS if name.startswith(prefix)]
        named = [getattr(encoder, name, None) for name in names]
        there = [one for one in encoder.modules() if isinstance(one, kind)]
        found |= zip(names, there if None in named and len(there) == len(names) else named, strict=True)
    return found


def made(answers: Mapping[str, Any], plan: Plan) -> tuple[Any, dict[str, Any], str]:
    """A fresh encoder with the planned weights, its layers, and the name of one that does not take them.

    The values are written in place, so that aliases follow.
    """
    encoder = answers["ConvEncoder"](latent_dim=plan.latent_dim, image_size=plan.image_size)
    layers = layers_of(encoder.to(plan.weights["conv1"]["weight"].dtype))
    for name, values in plan.weights.items():
        for key, value in values.items():
            there = getattr(layers[name], key, None)
            if there is None or there.shape != value.shape:
                return encoder, layers, name
            there.data.copy_(value)
    return encoder, layers, ""


def encode(answers: Mapping[str, Any], services: Any, plan: Plan, x: Tensor, training: bool, times: int = 1) -> Any:
    """What a fresh encoder makes of the images, each time; or which of its layers is lost."""
    encoder, _, lost = made(answers, plan)
    if lost:
        return {"lost": lost}
    given = [x, *(x.clone() for _ in range(times - 1))]
    encoder.train(training)
    return [encoder(one) for one in given]


def pull_back(answers: Mapping[str, Any], services: Any, plan: Plan, x: Tensor, cotangents: list[Tensor]) -> Any:
    """What a fresh encoder makes of the images in evaluation mode, and the gradients of its parameters, as a pair."""
    encoder, layers, lost = made(answers, plan)
    if lost:
        return {"lost": lost}
    codes = encoder.eval()(x)
    if not isinstance(codes, tuple | list) or len(codes) != len(OUTPUTS):
        return codes, []
    parameters = [getattr(layers[name], key) for name, key in (path.split(".") for path in PARAMETERS)]
    return codes, pulled_back(codes, cotangents, parameters)


# --- probe -------------------------------------------------------------------------------------------------------


def draw_weights(rng: np.random.Generator, latent_dim: int, image_size: int) -> dict[str, dict[str, np.ndarray]]:
    """Random weights and running statistics for all layers; all outputs stay near unit size."""
    weights = {}
    for number, (before, behind) in enumerate(pairwise(CHANNELS), start=1):
        weights[f"conv{number}"] = draw_linear(rng, (behind, before, KERNEL, KERNEL), 1.2)
        low_high = {"weight": (0.6, 1.4), "bias": (-0.4, 0.4), "running_mean": (-0.4, 0.4), "running_var": (0.7, 1.6)}
        weights[f"bn{number}"] = {key: rng.uniform(low, high, behind) for key, (low, high) in low_high.items()}
    length = CHANNELS[-1] * (image_size // 2 ** (len(CHANNELS) - 1)) ** 2
    return weights | {name: draw_linear(rng, (latent_dim, length), 0.8) for name in HEADS}


def draw_linear(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> dict[str, np.ndarray]:
    """Random weights and biases of a convolution or of a linear layer."""
    deviation = scale / math.sqrt(math.prod(shape[1:]))
    return {"weight": deviation * rng.standard_normal(shape), "bias": rng.uniform(-0.4, 0.4, shape[0])}


def plan_encoder(bench: Bench, case: Case, stream: int, size: int, latent_dim: int) -> Any:
    """Have the desk keep the weights of a stream, in the case's dtype."""
    drawn = draw_weights(case.rng(stream), latent_dim, size)
    weights = {name: {key: tensor(one, case) for key, one in values.items()} for name, values in drawn.items()}
    return bench.shim("keep", latent_dim, size, weights)


def make_images(case: Case, stream: int, count: int, size: int) -> Tensor:
    """Random images with some structure at every scale, shape (count, 1, size, size), values in [0, 1]."""
    rng = case.rng(stream)
    noise, level = rng.random((count, 1, size, size)), rng.random((count, 1, 1, 1))
    return tensor(0.7 * noise + 0.3 * level, case)


def refuse_lost(result: Any) -> None:
    """Say which layer is lost.

    Raises:
        UnexpectedResult: the desk says that one is.
    """
    if isinstance(result, dict) and result.get("lost") in LAYERS:
        lost = f"ConvEncoder has lost its layer `{result['lost']}`, or it has another shape"
        raise UnexpectedResult(f"{lost}: leave __init__ as it was provided")


def record_codes(seen: Observation, part: str, result: Any) -> None:
    """Record `<part>.mu` and `<part>.logvar`."""
    for key, value in zip(OUTPUTS, pair(result, *PAIR), strict=True):
        seen[f"{part}.{key}"] = numbers(value, key)


def encode_both_modes(seen: Observation, prefix: str, bench: Bench, case: Case, stream: int, x: Tensor) -> None:
    """A fresh encoder for the images in training mode (`<prefix>train`) and another in evaluation mode."""
    plan = plan_encoder(bench, case, stream, x.shape[-1], int(case.rng(stream, 1).integers(4, 9)))
    for mode, training in (("train", True), ("eval", False)):
        with asked(seen, part := f"{prefix}{mode}"):
            result = bench.shim("encode", plan, x, training)
            seen[f"{part}.changed"] = 1 in bench.changed
            refuse_lost(result)
            record_codes(seen, part, result[0] if isinstance(result, list) and result else None)


def encode_one(seen: Observation, bench: Bench, case: Case, plan: Any) -> None:
    """A single image at 128 px in evaluation mode, twice, so that a forward pass that is random shows."""
    with asked(seen, "one"):
        result = bench.shim("encode", plan, make_images(case, 31, 1, 128), False, 2)
        refuse_lost(result)
        for part, codes in zip(("one", "again"), pair(result, "the encoder", "of two codes"), strict=True):
            record_codes(seen, part, codes)


def encoder_gradients(seen: Observation, bench: Bench, case: Case, plan: Any, latent_dim: int) -> None:
    """Norm and one random projection of every parameter's gradient, of a random projection of both outputs.

    In evaluation mode: in training mode a convolution's bias has no effect, since normalisation takes it away again.
    """
    with asked(seen, "gradients"):
        cotangents = [tensor(one, case) for one in case.rng(42).standard_normal((2, 2, latent_dim))]
        result = bench.shim("pull_back", plan, make_images(case, 41, 2, 128), cotangents)
        refuse_lost(result)
        codes, found = pair(result, "the encoder", "of codes and gradients")
        pair(codes, *PAIR)
        if not isinstance(found, list) or len(found) != len(PARAMETERS):
            raise UnexpectedResult("no gradients")
        seen["gradients"] = np.array([condensed(one, case.rng(43, number)) for number, one in enumerate(found)])


def condensed(value: Any, rng: np.random.Generator) -> tuple[float, float]:
    """The norm of a gradient and its product with standard normal numbers; zeros where there is none."""
    values = gradient(value).ravel()
    return float(np.linalg.norm(values)), float(values @ rng.standard_normal(values.size))


def probe_forward(bench: Bench, case: Case) -> Observation:
    """Run the encoder with given weights at 128 px and at another size, in both modes, and look at its gradients."""
    seen: Observation = {}
    size = int(case.rng(1).choice(OTHER_SIZES))
    with own_randomness(case), asked(seen, "eval"):
        encode_both_modes(seen, "", bench, case, 10, make_images(case, 11, 2, 128))
        encode_both_modes(seen, "other-", bench, case, 20, make_images(case, 21, 3, size))
        plan = plan_encoder(bench, case, 30, 128, 5)
        encode_one(seen, bench, case, plan)
        encoder_gradients(seen, bench, case, plan, 5)
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
        return f"{found}{shape_hint(part) if any(word in found for word in SHAPE_WORDS) else ''}"
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
        return found
    want = np.asarray(expected["gradients"], dtype=float)
    got = bounded(seen, "gradients", want.shape)
    if got is None:
        return "no finite gradients"
    names = np.array(PARAMETERS)
    if none := names[got[:, 0] == 0].tolist():
        return f"no gradient reaches {', '.join(none[:4])}{' and others' if len(none) > 4 else ''}{GRAPH_HINT}"
    off = names[(np.abs(got - want) > GRADIENT_RTOL * want[:, :1]).any(axis=1)].tolist()
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
    apart=True,
    shims={"keep": keep, "encode": encode, "pull_back": pull_back},
    expects=(*(f"{part}.{key}" for part in PARTS for key in OUTPUTS), "gradients"),
    checks=(
        Check(
            "shapes",
            0.25,
            "forward returns (mu, logvar), each of shape (B, latent_dim)",
            "a pair of tensors, one row per image",
            shapes_fault,
            requires=("eval-mode",),
        ),
        Check(
            "function",
            0.25,
            "in evaluation mode the code depends on the image, and on nothing else",
            "different images, different codes; no chance",
            function_fault,
            requires=("eval-mode",),
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
