"""Visible checks of assignment 04: the encoder's forward pass, the reparameterisation and the KL divergence.

The encoder is compared with the reference on weights that the probe draws and writes into the provided layers, so that
only the forward pass can differ. The weights keep the log-variance within about [-3, 3], so that an answer which clamps
it sensibly gives the same numbers. The reparameterisation is judged as a distribution, with tolerances that a right
answer exceeds less than once in ten million runs (see `waferlab.checks.draws`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    relative_difference,
    run_visible,
    scenario,
)
from waferlab.checks.draws import (
    Z_LIMIT,
    centred,
    correlation,
    mean_fault,
    related_fault,
    shape_fault,
    spread_fault,
)

if TYPE_CHECKING:
    import torch

BLOCKS = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "conv4", "bn4")
HEADS = ("fc_mu", "fc_logvar")
OTHER_SIZES = (32, 48, 64, 80, 96)
OUTPUT_RTOL = 1e-4
GRADIENT_RTOL = 1e-2
BLOCK_HINT = "Four blocks of convolution, normalisation, `self.act`; flatten; two linear layers, nothing behind them."
MODE_HINT = "In evaluation mode it is right: in training mode the normalisation must use the batch's own statistics."

ROWS, DIMS = 4, 6  # different images and latent dimensions in the large draw
DRAWS = 4096  # of each of the ROWS * DIMS elements

KL_RTOL = 1e-4
GRAPH_HINT = " (is there a no_grad(), a detach(), an .item() or a call of numpy?)"
KL_SUM_HINT = "Sum over the latent dimensions, then take the mean over the batch."


# --- probes: common ----------------------------------------------------------------------------------------------


@contextmanager
def own_randomness(case: Case) -> Iterator[None]:
    """Seed torch's global generator for a probe and put it back afterwards: a check leaves no trace in a notebook."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(case.rng(0).integers(2**31)))
        yield


def tensor(values: np.ndarray, case: Case, *, requires_grad: bool = False) -> torch.Tensor:
    """An array as a new tensor of the case's dtype on the CPU."""
    import torch

    return torch.tensor(values, dtype=getattr(torch, case.dtype), requires_grad=requires_grad)


def numbers(value: Any, name: str) -> np.ndarray:
    """A tensor, array or number as a new float64 array.

    Raises:
        TypeError: it does not hold numbers.
    """
    if hasattr(value, "detach"):
        value = value.detach().double().cpu().numpy()
    array = np.array(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} is a {type(value).__name__}, expected a tensor")
    return array.astype(np.float64)


def gradient(value: torch.Tensor) -> np.ndarray:
    """The gradient that reached a tensor, zeros where none did; a new float64 array."""
    return np.zeros(value.shape) if value.grad is None else numbers(value.grad, "a gradient")


# --- Task 1: forward ---------------------------------------------------------------------------------------------


def give_weights(encoder: torch.nn.Module, rng: np.random.Generator) -> None:
    """Write random weights and running statistics into the provided layers, in place, so that aliases follow.

    Raises:
        AttributeError: a provided layer is missing.
    """
    for name in BLOCKS + HEADS:
        layer = getattr(encoder, name, None)
        if layer is None:
            raise AttributeError(f"ConvEncoder has lost its layer `{name}`: leave __init__ as it was provided")
        for key, value in draw_layer(layer, rng).items():
            target = getattr(layer, key)
            target.data.copy_(tensor_like(value, target))


def draw_layer(layer: torch.nn.Module, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random values for one layer, by attribute; all outputs stay near unit size."""
    shape = tuple(layer.weight.shape)
    if len(shape) == 1:
        low_high = {"weight": (0.6, 1.4), "bias": (-0.4, 0.4), "running_mean": (-0.4, 0.4), "running_var": (0.7, 1.6)}
        return {key: rng.uniform(low, high, shape) for key, (low, high) in low_high.items()}
    scale = (1.2 if len(shape) == 4 else 0.8) / math.sqrt(math.prod(shape[1:]))
    return {"weight": scale * rng.standard_normal(shape), "bias": rng.uniform(-0.4, 0.4, shape[0])}


def tensor_like(values: np.ndarray, target: torch.Tensor) -> torch.Tensor:
    """An array as a tensor of the target's dtype."""
    import torch

    return torch.from_numpy(values).to(target.dtype)


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


def as_pair(result: Any) -> tuple[Any, Any]:
    """The two parts of a result.

    Raises:
        TypeError: it is no pair.
    """
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        size = f" of {len(result)}" if isinstance(result, (tuple, list)) else ""
        raise TypeError(f"forward returned a {type(result).__name__}{size}, expected the pair (mu, logvar)")
    return result[0], result[1]


def encode(seen: Observation, part: str, encoder: torch.nn.Module, x: torch.Tensor) -> None:
    """Run the encoder on a copy of the images and record `<part>.mu`, `<part>.logvar` and whether the copy changed."""
    with scenario(seen, part):
        given = x.clone()
        mu, logvar = as_pair(encoder(given))
        seen[f"{part}.mu"], seen[f"{part}.logvar"] = numbers(mu, "mu"), numbers(logvar, "logvar")
        seen[f"{part}.changed"] = float((given - x).abs().max())


def encode_both_modes(
    seen: Observation,
    parts: tuple[str, str],
    answer: Callable[..., Any],
    case: Case,
    stream: int,
    size: int,
    count: int,
) -> None:
    """A fresh encoder in training mode (the first part) and another one in evaluation mode (the second part)."""
    latent_dim = int(case.rng(stream, 1).integers(4, 9))
    x = make_images(case, stream + 1, count, size)
    for part, training in zip(parts, (True, False), strict=True):
        with scenario(seen, part):
            encode(seen, part, make_encoder(answer, case, stream, size, latent_dim).train(training), x)


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
    with scenario(seen, "gradients"):
        encoder = make_encoder(answer, case, 40, 128, 5).eval()
        mu, logvar = as_pair(encoder(make_images(case, 41, 2, 128)))
        weights = tensor(case.rng(42).standard_normal((2, 2, 5)), case)
        (weights[0] * mu + weights[1] * logvar).sum().backward()
        parameters = [getattr(getattr(encoder, name), key) for name in BLOCKS + HEADS for key in ("weight", "bias")]
        seen["gradients"] = np.array([np.linalg.norm(gradient(value)) for value in parameters])


def probe_forward(answers: Mapping[str, Any], case: Case) -> Observation:
    """Run the encoder with given weights at 128 px and at another size, in both modes, and look at its gradients."""
    seen: Observation = {}
    answer = answers["ConvEncoder"]
    size = int(case.rng(1).choice(OTHER_SIZES))
    with own_randomness(case):
        encode_both_modes(seen, ("train", "eval"), answer, case, 10, 128, 2)
        if seen.get("unanswered"):
            return seen
        encode_both_modes(seen, ("other-train", "other-eval"), answer, case, 20, size, 3)
        encode_one(seen, answer, case)
        encoder_gradients(seen, answer, case)
    return seen


def output_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the outputs of a part, in words; None when they equal the reference's."""
    if error := error_of(seen, part):
        return f"raised {error}{shape_hint(part) if 'shape' in error or 'size' in error else ''}"
    got, want = ({key: array_of(source, f"{part}.{key}") for key in ("mu", "logvar")} for source in (seen, expected))
    for key, value in got.items():
        if value is None or value.shape != want[key].shape:
            shape = None if value is None else value.shape
            return f"{key} has shape {shape} instead of {want[key].shape}{shape_hint(part)}"
    off = {key: relative_difference(got[key], want[key]) for key in got}
    wrong = [key for key in off if not off[key] <= OUTPUT_RTOL]
    if not wrong:
        return None
    size = "NaN or infinite values" if math.isinf(off[wrong[0]]) else f"off by {off[wrong[0]]:.1e}"
    return f"{' and '.join(wrong)} wrong ({wrong[0]}: {size}). {output_hint(got, want)}"


def shape_hint(part: str) -> str:
    """The likely cause of a wrong shape with another image size or with a single image."""
    if part.startswith("other"):
        return ". A length of 16384 is right at 128 px only: flatten without naming it"
    return ". squeeze() drops the batch dimension of a single image" if part == "one" else ""


def output_hint(got: Mapping[str, np.ndarray], want: Mapping[str, np.ndarray]) -> str:
    """The likely cause of wrong numbers of the right shape."""
    causes = (
        (got["mu"], want["logvar"], "mu and logvar are swapped: return (mu, logvar)."),
        (got["logvar"], np.exp(want["logvar"]), "You return the variance: `fc_logvar` gives its logarithm already."),
        (got["logvar"], np.exp(want["logvar"] / 2), "You return the standard deviation, not the log-variance."),
        (got["logvar"], want["mu"], "Both come from `fc_mu`: use `fc_logvar` for the second."),
        (got["mu"], np.maximum(want["mu"], 0), "mu is never negative: no activation behind the linear layers."),
    )
    return next((hint for a, b, hint in causes if relative_difference(a, b) <= OUTPUT_RTOL), BLOCK_HINT)


def judge_parts(name: str, tested: str, parts: tuple[str, ...], seen: Observation, expected: Observation) -> Finding:
    """The finding "the outputs of these parts equal the reference's"."""
    faults = (output_fault(seen, expected, part) for part in parts)
    fault = next((fault for fault in faults if fault), None)
    if fault and parts == ("train",) and output_fault(seen, expected, "eval") is None:
        fault = fault.replace(BLOCK_HINT, MODE_HINT)
    goal = f"(mu, logvar) of four blocks and two linear layers, to within {OUTPUT_RTOL:g} (relative)"
    return Finding(name, tested, fault is None, fault or "equal", goal)


def judge_shapes(seen: Observation, expected: Observation) -> Finding:
    """Is the result a pair of (B, latent_dim)?"""
    found = error_of(seen, "eval")
    for key in ("eval.mu", "eval.logvar"):
        got, want = array_of(seen, key), np.shape(expected[key])
        if found is None and (got is None or got.shape != want):
            found = f"{key.removeprefix('eval.')} of shape {None if got is None else got.shape}, expected {want}"
    tested = "forward returns (mu, logvar), each of shape (B, latent_dim)"
    return Finding("shapes", tested, found is None, found or "as asked", "a pair of tensors, one row per image")


def judge_function(seen: Observation) -> Finding:
    """Do two images have different codes, and one image the same code twice?"""
    rows = [array_of(seen, key) for key in ("eval.mu", "eval.logvar")]
    pairs = [(array_of(seen, f"one.{key}"), array_of(seen, f"again.{key}")) for key in ("mu", "logvar")]
    found = error_of(seen, "eval") or error_of(seen, "one")
    if found is None and any(row is None or row.ndim != 2 or len(row) < 2 for row in rows):
        found = "no codes to compare"
    elif found is None and any(np.allclose(row[0], row[1], rtol=1e-5, atol=1e-7) for row in rows):
        found = "two different images have the same code"
    elif found is None and not all(a is not None and b is not None and np.allclose(a, b) for a, b in pairs):
        found = "the same image has another code at the second call"
    tested = "in evaluation mode the code depends on the image, and on nothing else"
    return Finding(
        "function", tested, found is None, found or "it does", "different images, different codes; no chance"
    )


def judge_unchanged(seen: Observation) -> Finding:
    """Are the images as they were?"""
    change = seen.get("eval.changed")
    passed = isinstance(change, (int, float)) and change == 0
    found = "unchanged" if passed else error_of(seen, "eval") or f"pixels changed by up to {change}"
    tested = "the images are left as they were"
    return Finding("unchanged", tested, passed, found, "no in-place operation (such as `x -= ...`) on the input")


def judge_encoder_gradients(seen: Observation, expected: Observation) -> Finding:
    """Does every parameter get a gradient, and the right one where the outputs are right?"""
    found = encoder_gradient_fault(seen, expected)
    tested = "gradients of mu and logvar reach every parameter"
    goal = "each convolution, normalisation and linear layer is used, and nothing is detached"
    return Finding("gradients", tested, found is None, found or "they do", goal)


def encoder_gradient_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of the parameters, in words; None when they are right."""
    if error := error_of(seen, "gradients"):
        return f"raised {error}{GRAPH_HINT if 'does not require grad' in error else ''}"
    want, got = np.asarray(expected["gradients"], dtype=float), array_of(seen, "gradients")
    if got is None or got.shape != want.shape or not np.isfinite(got).all():
        return "no finite gradients"
    names = np.array([f"{name}.{key}" for name in BLOCKS + HEADS for key in ("weight", "bias")])
    if none := names[got == 0].tolist():
        return f"no gradient reaches {', '.join(none[:4])}{' and others' if len(none) > 4 else ''}"
    off = names[np.abs(got - want) > GRADIENT_RTOL * want].tolist()
    if off and output_fault(seen, expected, "eval") is None:
        return f"the outputs are right, but the gradient of {off[0]} is not: is something detached?"
    return None


def judge_forward(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `ConvEncoder.forward`."""
    return [
        judge_shapes(seen, expected),
        judge_function(seen),
        judge_parts("train-mode", "128 px, training mode, given weights", ("train",), seen, expected),
        judge_parts("eval-mode", "128 px, evaluation mode, given weights", ("eval",), seen, expected),
        judge_parts("other-size", "another image size, both modes", ("other-train", "other-eval"), seen, expected),
        judge_parts("batch-of-one", "a single image", ("one",), seen, expected),
        judge_encoder_gradients(seen, expected),
        judge_unchanged(seen),
    ]


# --- Task 2: reparameterize --------------------------------------------------------------------------------------


def make_vae(answer: Callable[..., Any]) -> torch.nn.Module:
    """A small model; when its encoder cannot be made (that is another task), a bare one with the same methods."""
    from torch import nn

    try:
        return answer(latent_dim=DIMS, image_size=16)
    except Exception:  # whatever the encoder's cell does must not cost points here
        bare = answer.__new__(answer)
        nn.Module.__init__(bare)
        return bare


def make_parameters(case: Case, stream: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """`mu` and `logvar` of a shape: means in ±3, log-variances in [-2.5, 2.5], all exact in float32."""
    rng = case.rng(stream)
    values = rng.uniform(-3, 3, shape), rng.uniform(-2.5, 2.5, shape)
    return values[0].astype(np.float32).astype(np.float64), values[1].astype(np.float32).astype(np.float64)


def draw_many(seen: Observation, part: str, vae: Any, mu: np.ndarray, logvar: np.ndarray, case: Case) -> None:
    """Draw `DRAWS` codes for every row of `mu` in one call; records `<part>.z` as (DRAWS, ROWS, DIMS) float32."""
    with scenario(seen, part):
        many = [np.tile(values, (DRAWS, 1)) for values in (mu, logvar)]
        given = [tensor(values, case) for values in many]
        z = numbers(vae.reparameterize(*given), "z")
        if z.shape != many[0].shape:
            raise ValueError(f"z has shape {z.shape}, expected that of mu, {many[0].shape}")
        seen[f"{part}.z"] = z.reshape(DRAWS, ROWS, DIMS).astype(np.float32)
        seen[f"{part}.changed"] = any(not np.array_equal(numbers(a, ""), b) for a, b in zip(given, many, strict=True))


def draw_gradients(seen: Observation, vae: Any, case: Case) -> None:
    """One draw of a small batch, with the gradients of a random projection with respect to `mu` and `logvar`."""
    with scenario(seen, "gradients"):
        mu, logvar = (tensor(values, case, requires_grad=True) for values in make_parameters(case, 2, (5, 4)))
        weights = make_parameters(case, 3, (5, 4))[0]
        z = vae.reparameterize(mu, logvar)
        (z * tensor(weights, case)).sum().backward()
        seen["gradients.z"] = numbers(z, "z")
        seen["gradients.mu"], seen["gradients.logvar"] = gradient(mu), gradient(logvar)


def draw_shapes(seen: Observation, vae: Any, case: Case) -> None:
    """Draws for a single image and for codes of other lengths."""
    with scenario(seen, "shapes"):
        shapes = [(1, DIMS), (1, 1), (7, 3), (2, 65)]
        given = [[tensor(values, case) for values in make_parameters(case, 4, shape)] for shape in shapes]
        found = [numbers(vae.reparameterize(*pair), "z").shape for pair in given]
        seen["shapes"] = "; ".join(f"{a} for mu of {b}" for a, b in zip(found, shapes, strict=True) if a != b)


def probe_reparameterize(answers: Mapping[str, Any], case: Case) -> Observation:
    """Draw many codes in training mode, again, and in evaluation mode; then gradients and other shapes."""
    seen: Observation = {}
    mu, logvar = make_parameters(case, 1, (ROWS, DIMS))
    seen["mu"], seen["logvar"] = mu, logvar
    seen["small.mu"], seen["weights"] = make_parameters(case, 2, (5, 4))[0], make_parameters(case, 3, (5, 4))[0]
    with own_randomness(case):
        vae = make_vae(answers["ConvVAE"]).train()
        draw_many(seen, "train", vae, mu, logvar, case)
        if seen.get("unanswered"):
            return seen
        draw_many(seen, "again", vae, mu, logvar, case)
        draw_gradients(seen, vae, case)
        draw_shapes(seen, vae, case)
        draw_many(seen, "eval", vae.eval(), mu, logvar, case)
    return seen


def noise_of(seen: Observation, expected: Observation, part: str) -> np.ndarray | None:
    """The standardised noise (z - mu) / exp(logvar / 2), shape (DRAWS, ROWS, DIMS); None when there is none."""
    z = array_of(seen, f"{part}.z")
    if z is None or z.shape != (DRAWS, ROWS, DIMS) or not np.isfinite(z).all():
        return None
    mu, logvar = (np.asarray(expected[key], dtype=float) for key in ("mu", "logvar"))
    return (z - mu) / np.exp(logvar / 2)


def no_noise(seen: Observation, part: str) -> str:
    """Why there is no noise to judge."""
    error = error_of(seen, part)
    return f"raised {error}" if error else "no finite draws of the right shape"


def judge_mean(seen: Observation, expected: Observation) -> Finding:
    """Is the mean of the draws `mu`?"""
    noise = noise_of(seen, expected, "train")
    found = no_noise(seen, "train") if noise is None else mean_fault(noise)
    goal = f"mu, to within {Z_LIMIT} standard errors, for {ROWS * DIMS} elements"
    return Finding("mean", f"mean of {DRAWS:,} draws", found is None, found or "mu", goal)


def judge_spread(seen: Observation, expected: Observation) -> Finding:
    """Is the spread of the draws `exp(logvar / 2)`?"""
    noise = noise_of(seen, expected, "train")
    found = no_noise(seen, "train") if noise is None else spread_fault(noise, np.asarray(expected["logvar"], float))
    goal = f"exp(logvar / 2), to within {Z_LIMIT} standard errors, for {ROWS * DIMS} elements"
    return Finding("spread", f"standard deviation of {DRAWS:,} draws", found is None, found or "exp(logvar / 2)", goal)


def judge_normal(seen: Observation, expected: Observation) -> Finding:
    """Is the noise normal?"""
    noise = noise_of(seen, expected, "train")
    found = no_noise(seen, "train") if noise is None else shape_fault(noise)
    goal = "the noise (z - mu) / exp(logvar / 2) is standard normal (torch.randn), by the Kolmogorov-Smirnov distance"
    return Finding("normal", "draws are normally distributed", found is None, found or "normal", goal)


def judge_independent(seen: Observation, expected: Observation) -> Finding:
    """Has every element its own noise?"""
    noise = noise_of(seen, expected, "train")
    found = no_noise(seen, "train") if noise is None else related_fault(noise)
    goal = f"correlations between dimensions and between images within {Z_LIMIT} standard errors of 0"
    return Finding("independent", "every element has its own noise", found is None, found or "independent", goal)


def judge_new_draw(seen: Observation, expected: Observation) -> Finding:
    """Does a second call draw anew?"""
    first, second = (noise_of(seen, expected, part) for part in ("train", "again"))
    found = None
    if first is None or second is None:
        found = no_noise(seen, "train" if first is None else "again")
    elif abs(correlation(centred(first), centred(second))) > Z_LIMIT / math.sqrt(first.size):
        found = "the second call gave the same codes, or similar ones. Is there a fixed seed, or noise that is kept?"
    return Finding("new-draw", "every call draws anew", found is None, found or "it does", "other noise at each call")


def judge_draw_gradients(seen: Observation, expected: Observation) -> Finding:
    """Are the gradients those of mu + exp(logvar / 2) * eps?"""
    found = draw_gradient_fault(seen, expected)
    tested = "gradients reach mu and logvar"
    return Finding("gradients", tested, found is None, found or "right", "dz/dmu = 1 and dz/dlogvar = (z - mu) / 2")


def draw_gradient_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of a draw, in words; None when they are right."""
    if error := error_of(seen, "gradients"):
        hint = " (torch.normal and .sample() cut the gradient)" if "does not require grad" in error else ""
        return f"raised {error}{hint}"
    z, by_mu, by_logvar = (array_of(seen, f"gradients.{key}") for key in ("z", "mu", "logvar"))
    mu, weights = (np.asarray(expected[key], dtype=float) for key in ("small.mu", "weights"))
    if z is None or by_mu is None or by_logvar is None or {z.shape, by_mu.shape, by_logvar.shape} != {mu.shape}:
        return "no gradients of the right shape"
    if not relative_difference(by_mu, weights) <= OUTPUT_RTOL:
        return "dz/dmu is not 1" if by_mu.any() else "no gradient reaches mu: torch.normal and .sample() cut it"
    if not np.abs(z - mu).max() > 1e-6:
        return "z equals mu: there is no noise whose scale could be learnt"
    if not relative_difference(by_logvar, weights * (z - mu) / 2) <= OUTPUT_RTOL:
        return "dz/dlogvar is not (z - mu) / 2" if by_logvar.any() else "no gradient reaches logvar"
    return None


def judge_draw_shapes(seen: Observation) -> Finding:
    """Do a single image and codes of other lengths work, and are `mu` and `logvar` left alone?"""
    found = error_of(seen, "shapes") or str(seen.get("shapes", "nothing returned"))[:200]
    if not found and seen.get("train.changed") is not False:
        found = "mu or logvar was changed in place"
    tested = "z has the shape of mu, for any batch and any length of code"
    return Finding("shapes", tested, not found, found or "as asked", "no fixed sizes; mu and logvar stay as they were")


def judge_eval(seen: Observation, expected: Observation) -> Finding:
    """In evaluation mode, is the result either `mu` itself or a right draw?"""
    noise = noise_of(seen, expected, "eval")
    found = no_noise(seen, "eval") if noise is None else None
    if noise is not None and np.abs(noise).max() > 1e-4:
        found = mean_fault(noise) or spread_fault(noise, np.asarray(expected["logvar"], float))
    tested = "in evaluation mode: a draw as in training, or mu itself"
    return Finding("eval-mode", tested, found is None, found or "right", "either of the two; both are in use")


def judge_reparameterize(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `ConvVAE.reparameterize`."""
    return [
        judge_mean(seen, expected),
        judge_spread(seen, expected),
        judge_normal(seen, expected),
        judge_independent(seen, expected),
        judge_new_draw(seen, expected),
        judge_draw_gradients(seen, expected),
        judge_draw_shapes(seen),
        judge_eval(seen, expected),
    ]


# --- Task 3: kl_divergence ---------------------------------------------------------------------------------------

#: mu, logvar and the KL divergence in nats, for one image and one latent dimension.
BY_HAND = ((0.0, 0.0, 0.0), (2.0, 0.0, 2.0), (0.0, math.log(4), 1.5 - math.log(2)))


def kl_inputs(case: Case, stream: int, batch: int, *, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """`mu` and `logvar`, shape (batch, 2 to 12), within ±2.5 `scale`."""
    rng = case.rng(stream)
    shape = (batch, int(rng.integers(2, 13)))
    mu, logvar = rng.uniform(-2.5, 2.5, (2, *shape)) * scale
    return mu.astype(np.float32).astype(np.float64), logvar.astype(np.float32).astype(np.float64)


def one_number(value: Any) -> float:
    """A scalar tensor, a tensor of one element or a Python number.

    Raises:
        ValueError: it holds more than one number.
    """
    array = numbers(value, "the KL divergence")
    if array.size != 1:
        raise ValueError(f"the result has shape {array.shape}, expected one number: {KL_SUM_HINT.lower()}")
    return float(array.reshape(()))


def kl_values(seen: Observation, part: str, answer: Callable[..., Any], case: Case, inputs: list[Any]) -> None:
    """The answer's value for each pair (mu, logvar) under `part`, and its batch and code lengths."""
    seen[f"{part}.shapes"] = np.array([mu.shape for mu, _ in inputs])
    with scenario(seen, part):
        values = [one_number(answer(tensor(mu, case), tensor(logvar, case))) for mu, logvar in inputs]
        seen[part] = np.array(values)


def kl_gradients(seen: Observation, answer: Callable[..., Any], case: Case) -> None:
    """Gradients with respect to `mu` and `logvar`."""
    with scenario(seen, "gradients"):
        mu, logvar = (tensor(values, case, requires_grad=True) for values in kl_inputs(case, 50, 4))
        answer(mu, logvar).sum().backward()
        seen["gradients.mu"], seen["gradients.logvar"] = gradient(mu), gradient(logvar)


def probe_kl(answers: Mapping[str, Any], case: Case) -> Observation:
    """Evaluate the KL divergence for several sizes, for a single image, for a wide range and by hand."""
    seen: Observation = {}
    answer = answers["kl_divergence"]
    with own_randomness(case):
        kl_values(seen, "values", answer, case, [kl_inputs(case, 10 + i, 3 + 2 * i) for i in range(4)])
        if seen.get("unanswered"):
            return seen
        kl_values(seen, "batch-of-one", answer, case, [kl_inputs(case, 20 + i, 1) for i in range(3)])
        kl_values(seen, "range", answer, case, [wide_inputs(case, 30 + i) for i in range(3)])
        by_hand = [(np.full((1, 1), mu), np.full((1, 1), logvar)) for mu, logvar, _ in BY_HAND]
        kl_values(seen, "by-hand", answer, case, by_hand)
        kl_gradients(seen, answer, case)
    return seen


def wide_inputs(case: Case, stream: int) -> tuple[np.ndarray, np.ndarray]:
    """Means up to ±9 and log-variances from -9.5 to 3.8: all that a clamp to [-10, 4] lets through."""
    mu, logvar = kl_inputs(case, stream, 6, scale=3.6)
    return mu, np.clip(logvar, -9.5, 3.8)


def kl_hint(got: np.ndarray, want: np.ndarray, shapes: np.ndarray) -> str:
    """The likely cause of wrong values.

    Args:
        got: values found, (n,).
        want: values expected, (n,), all positive.
        shapes: batch and code length of each, (n, 2).
    """
    batch, latent_dim = np.asarray(shapes, dtype=float).T
    causes = (
        (1 / latent_dim, "You took the mean over the latent dimensions, too."),
        (batch, "You summed over the batch, too."),
        (batch / latent_dim, "You took the mean over the latent dimensions and the sum over the batch."),
        (np.full_like(want, -1), "The sign is reversed: a KL divergence is never negative."),
        (np.full_like(want, 2), "The factor 1/2 is missing."),
    )
    ratio = got / want
    fallback = "Compare the terms of the formula one by one, as in the check by hand."
    return next((text for value, text in causes if np.allclose(ratio, value, rtol=1e-3)), fallback)


def judge_kl_values(name: str, tested: str, seen: Observation, expected: Observation) -> Finding:
    """The finding "every value under `name` equals the expected one"."""
    want, got = np.asarray(expected[name], dtype=float), array_of(seen, name)
    goal = f"summed over the latent dimensions, averaged over the batch, to within {KL_RTOL:g} (relative)"
    if error := error_of(seen, name):
        return Finding(name, tested, False, f"raised {error}", goal)
    if got is None or got.shape != want.shape or not np.isfinite(got).all():
        return Finding(name, tested, False, "no finite numbers", goal)
    difference = float((np.abs(got - want) / want).max())
    if difference <= KL_RTOL:
        return Finding(name, tested, True, f"largest difference {difference:.1e}", goal)
    hint = kl_hint(got, want, expected[f"{name}.shapes"])
    return Finding(name, tested, False, f"{got[0]:.4f} instead of {want[0]:.4f}. {hint}", goal)


def judge_by_hand(seen: Observation) -> Finding:
    """Are the three values right that can be computed by hand?"""
    got, found = array_of(seen, "by-hand"), error_of(seen, "by-hand")
    if found is None and (got is None or got.shape != (len(BY_HAND),)):
        found = "no numbers"
    for (mu, logvar, want), value in zip(BY_HAND, got if found is None else (), strict=False):
        if found is None and not abs(value - want) <= 1e-5:
            hint = by_hand_hint(logvar, value)
            found = f"mu = {mu:g}, logvar = {logvar:.4g} gave {value + 0.0:.4f} instead of {want:.4f}{hint}"
    tested = "one image, one dimension, by hand: 0 for N(0, 1), 2 for N(2, 1), 0.8069 for N(0, 4)"
    return Finding("by-hand", tested, found is None, found or "right", "-0.5 * (1 + logvar - mu^2 - exp(logvar))")


def by_hand_hint(logvar: float, value: float) -> str:
    """The likely cause of a wrong value at mu = 0 and logvar = ln 4."""
    if logvar and abs(value + 0.5 * (1 + logvar - math.exp(logvar / 2))) < 1e-4:
        return ". You used exp(logvar / 2): the variance is exp(logvar)."
    if logvar and abs(value + 0.5 * (1 + logvar - logvar**2)) < 1e-4:
        return ". You squared logvar: the variance is exp(logvar)."
    return ""


def judge_kl_gradients(seen: Observation, expected: Observation) -> Finding:
    """Are the gradients right?"""
    found = kl_gradient_fault(seen, expected)
    tested = "gradients with respect to mu and logvar"
    return Finding("gradients", tested, found is None, found or "right", "the derivatives of the closed form")


def kl_gradient_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of the divergence, in words; None when they are right."""
    if error := error_of(seen, "gradients"):
        return f"raised {error}{GRAPH_HINT}"
    for name in ("mu", "logvar"):
        want, got = np.asarray(expected[f"gradients.{name}"], dtype=float), array_of(seen, f"gradients.{name}")
        if got is None or not got.any():
            return f"no gradient reaches {name}{GRAPH_HINT}"
        if not (difference := relative_difference(got, want)) <= KL_RTOL:
            return f"the gradient of {name} is off by {difference:.1e}"
    return None


def judge_kl(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `kl_divergence`."""
    return [
        judge_by_hand(seen),
        judge_kl_values("values", "batches of several sizes", seen, expected),
        judge_kl_values("batch-of-one", "a single image", seen, expected),
        judge_kl_values("range", "large means, log-variances from -9.5 to 3.8", seen, expected),
        judge_kl_gradients(seen, expected),
    ]


# --- what the notebook and the grader use ------------------------------------------------------------------------

FORWARD_PARTS = ("train", "eval", "other-train", "other-eval", "one")
KL_PARTS = ("values", "batch-of-one", "range")

TASKS = {
    "forward": Task(
        name="forward",
        title="Task 1: ConvEncoder.forward",
        defines=("ConvEncoder",),
        probe=probe_forward,
        judge=judge_forward,
        expects=(*(f"{part}.{key}" for part in FORWARD_PARTS for key in ("mu", "logvar")), "gradients"),
    ),
    "reparameterize": Task(
        name="reparameterize",
        title="Task 2: ConvVAE.reparameterize",
        defines=("ConvVAE",),
        probe=probe_reparameterize,
        judge=judge_reparameterize,
        expects=("mu", "logvar", "small.mu", "weights"),
    ),
    "kl_divergence": Task(
        name="kl_divergence",
        title="Task 3: kl_divergence",
        defines=("kl_divergence",),
        probe=probe_kl,
        judge=judge_kl,
        expects=(*KL_PARTS, *(f"{part}.shapes" for part in KL_PARTS), "gradients.mu", "gradients.logvar"),
    ),
}


def check_forward(encoder: type) -> int | None:
    """Check Task 1 on given weights; prints a table and raises when something is wrong."""
    return run_visible("encoder", TASKS["forward"], {"ConvEncoder": encoder})


def check_reparameterize(vae: type) -> int | None:
    """Check Task 2 on many draws; prints a table and raises when something is wrong."""
    return run_visible("encoder", TASKS["reparameterize"], {"ConvVAE": vae})


def check_kl_divergence(kl_divergence: Callable[..., Any]) -> int | None:
    """Check Task 3 against the closed form; prints a table and raises when something is wrong."""
    return run_visible("encoder", TASKS["kl_divergence"], {"kl_divergence": kl_divergence})
