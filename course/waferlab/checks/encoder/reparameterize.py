"""Task 2: the reparameterisation, judged as a distribution.

A right answer exceeds the tolerances less than once in ten million runs (see `waferlab.checks.draws`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, once, relative_difference
from waferlab.checks.draws import (
    Z_LIMIT,
    centred,
    correlation,
    mean_fault,
    related_fault,
    shape_fault,
    spread_fault,
)
from waferlab.checks.encoder.tensors import RTOL, gradient, pulled_back, tensor
from waferlab.checks.reading import UnexpectedResult, numbers, pair
from waferlab.checks.watching import asked, bounded, changed_fault, own_randomness, stopped

if TYPE_CHECKING:
    from torch import Tensor, nn

ROWS, DIMS = 4, 6  # different images and latent dimensions in the large draw
DRAWS = 4096  # of each of the ROWS * DIMS elements
DRAWN = ("train", "again", "eval")
SMALL = (5, 4)  # codes whose gradients are looked at
OTHER_SHAPES = ((1, DIMS), (1, 1), (7, 3), (2, 65))


# --- at the desk -------------------------------------------------------------------------------------------------


def make_vae(answers: Mapping[str, Any], services: Any) -> nn.Module:
    """A small model; when its encoder cannot be made (that is another task), a bare one with the same methods."""
    from torch import nn

    answer = answers["ConvVAE"]
    try:
        return answer(latent_dim=DIMS, image_size=16)
    except Exception:  # whatever the encoder's cell does must not cost points here
        bare = answer.__new__(answer)
        nn.Module.__init__(bare)
        return bare


def draw(answers: Mapping[str, Any], services: Any, vae: Any, mu: Tensor, logvar: Tensor, training: bool) -> Any:
    """Draw a code in training mode or in evaluation mode."""
    return vae.train(training).reparameterize(mu, logvar)


def pull_back(
    answers: Mapping[str, Any], services: Any, vae: Any, mu: Tensor, logvar: Tensor, cotangent: Tensor
) -> tuple[Any, Any]:
    """A code drawn in training mode, and the gradients of its product with `cotangent`."""
    z = vae.train().reparameterize(mu, logvar)
    return z, pulled_back([z], [cotangent], [mu, logvar])


# --- probe -------------------------------------------------------------------------------------------------------


def make_parameters(case: Case, stream: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """`mu` and `logvar` of a shape: means in ±3, log-variances in [-2.5, 2.5], all exact in float32."""
    rng = case.rng(stream)
    values = rng.uniform(-3, 3, shape), rng.uniform(-2.5, 2.5, shape)
    return values[0].astype(np.float32).astype(np.float64), values[1].astype(np.float32).astype(np.float64)


def draw_many(seen: Observation, part: str, bench: Bench, vae: Any, case: Case, *, training: bool) -> None:
    """Draw `DRAWS` codes for every row of `mu` in one call; records `<part>.z` as (DRAWS, ROWS, DIMS) float32."""
    with asked(seen, part):
        many = [np.tile(values, (DRAWS, 1)) for values in (seen["mu"], seen["logvar"])]
        result = bench.shim("draw", vae, *(tensor(values, case) for values in many), training)
        seen[f"{part}.changed"] = bool({1, 2}.intersection(bench.changed))
        z = numbers(result, "z")
        if z.shape != many[0].shape:
            raise UnexpectedResult(f"z has shape {z.shape}, expected that of mu, {many[0].shape}")
        seen[f"{part}.z"] = z.reshape(DRAWS, ROWS, DIMS).astype(np.float32)


def draw_gradients(seen: Observation, bench: Bench, vae: Any, case: Case) -> None:
    """One draw of a small batch, with the gradients of a random projection with respect to `mu` and `logvar`."""
    with asked(seen, "gradients"):
        given = (tensor(values, case, requires_grad=True) for values in make_parameters(case, 2, SMALL))
        z, found = pair(bench.shim("pull_back", vae, *given, tensor(seen["weights"], case)), "the draw", "z, gradients")
        seen["gradients.z"] = numbers(z, "z")
        for name, one in zip(("mu", "logvar"), pair(found, "the gradients", "(of mu, of logvar)"), strict=True):
            seen[f"gradients.{name}"] = gradient(one, SMALL)


def draw_shapes(seen: Observation, bench: Bench, vae: Any, case: Case) -> None:
    """Draws for a single image and for codes of other lengths."""
    with asked(seen, "shapes"):
        given = [[tensor(values, case) for values in make_parameters(case, 4, shape)] for shape in OTHER_SHAPES]
        found = [numbers(bench.shim("draw", vae, *pair, True), "z").shape for pair in given]
        wrong = [f"{a} for mu of {b}" for a, b in zip(found, OTHER_SHAPES, strict=True) if a != b]
        seen["shapes"] = "; ".join(wrong)


def probe_reparameterize(bench: Bench, case: Case) -> Observation:
    """Draw many codes in training mode, again, and in evaluation mode; then gradients and other shapes."""
    seen: Observation = {}
    seen["mu"], seen["logvar"] = make_parameters(case, 1, (ROWS, DIMS))
    seen["small.mu"], seen["weights"] = make_parameters(case, 2, SMALL)[0], make_parameters(case, 3, SMALL)[0]
    with own_randomness(case), asked(seen, "train"):
        vae = bench.shim("make_vae")
        draw_many(seen, "train", bench, vae, case, training=True)
        draw_many(seen, "again", bench, vae, case, training=True)
        draw_gradients(seen, bench, vae, case)
        draw_shapes(seen, bench, vae, case)
        draw_many(seen, "eval", bench, vae, case, training=False)
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


def standardised(seen: Observation, expected: Observation, part: str) -> np.ndarray | None:
    """The noise (z - mu) / exp(logvar / 2), shape (DRAWS, ROWS, DIMS); None when there is none."""
    z = bounded(seen, f"{part}.z", (DRAWS, ROWS, DIMS))
    if z is None:
        return None
    mu, logvar = (np.asarray(expected[key], dtype=float) for key in ("mu", "logvar"))
    return (z - mu) / np.exp(logvar / 2)


@once
def noises(seen: Observation, expected: Observation) -> dict[str, np.ndarray | None]:
    """The standardised noise of every large draw, by part."""
    return {part: standardised(seen, expected, part) for part in DRAWN}


def no_noise(seen: Observation, part: str) -> str:
    """Why there is no noise to judge."""
    return stopped(seen, part) or "no finite draws of the right shape"


def noise_fault(fault: Callable[[np.ndarray], str | None]) -> Fault:
    """The fault "something is wrong with the noise of a draw in training mode"."""

    def judged(seen: Observation, expected: Observation) -> str | None:
        noise = noises(seen, expected)["train"]
        return no_noise(seen, "train") if noise is None else fault(noise)

    return judged


def scale_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the spread of the draws, in words; None when it is `exp(logvar / 2)`."""
    return noise_fault(lambda noise: spread_fault(noise, np.asarray(expected["logvar"], float)))(seen, expected)


def new_draw_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with a second call, in words; None when it draws anew."""
    first, second = (noises(seen, expected)[part] for part in ("train", "again"))
    if first is None or second is None:
        return no_noise(seen, "train" if first is None else "again")
    if abs(correlation(centred(first), centred(second))) > Z_LIMIT / math.sqrt(first.size):
        return "the second call gave the same codes, or similar ones. Is there a fixed seed, or noise that is kept?"
    return None


def gradients_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of a draw, in words; None when they are those of mu + exp(logvar / 2) * eps."""
    if found := stopped(seen, "gradients"):
        return found
    z, by_mu, by_logvar = (array_of(seen, f"gradients.{key}") for key in ("z", "mu", "logvar"))
    mu, weights = (np.asarray(expected[key], dtype=float) for key in ("small.mu", "weights"))
    if z is None or by_mu is None or by_logvar is None or {z.shape, by_mu.shape, by_logvar.shape} != {mu.shape}:
        return "no gradients of the right shape"
    if not relative_difference(by_mu, weights) <= RTOL:
        return "dz/dmu is not 1" if by_mu.any() else "no gradient reaches mu: torch.normal and .sample() cut it"
    if not np.abs(z - mu).max() > 1e-6:
        return "z equals mu: there is no noise whose scale could be learnt"
    if not relative_difference(by_logvar, weights * (z - mu) / 2) <= RTOL:
        return "dz/dlogvar is not (z - mu) / 2" if by_logvar.any() else "no gradient reaches logvar"
    return None


def shapes_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the shapes of a single image or other codes, or with what became of `mu` and `logvar`."""
    found = stopped(seen, "shapes") or str(seen.get("shapes", "nothing returned"))[:200]
    return found or changed_fault(("train",), "mu or logvar")(seen, expected)


def eval_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong in evaluation mode, in words; None when the result is either `mu` itself or a right draw."""
    noise = noises(seen, expected)["eval"]
    if noise is None:
        return no_noise(seen, "eval")
    if np.abs(noise).max() <= 1e-4:
        return None
    return mean_fault(noise) or spread_fault(noise, np.asarray(expected["logvar"], float))


# --- the task ----------------------------------------------------------------------------------------------------

WITHIN = f"to within {Z_LIMIT} standard errors, for {ROWS * DIMS} elements"

REPARAMETERIZE = Task(
    module="encoder",
    name="reparameterize",
    title="Task 2: ConvVAE.reparameterize",
    defines=("ConvVAE",),
    observe=probe_reparameterize,
    apart=True,
    shims={"make_vae": make_vae, "draw": draw, "pull_back": pull_back},
    expects=("mu", "logvar", "small.mu", "weights"),
    checks=(
        Check(
            "mean", 0.25, f"mean of {DRAWS:,} draws", f"mu, {WITHIN}", noise_fault(mean_fault), requires=("new-draw",)
        ),
        Check("spread", 0.5, f"standard deviation of {DRAWS:,} draws", f"exp(logvar / 2), {WITHIN}", scale_fault),
        Check(
            "normal",
            0.25,
            "draws are normally distributed",
            "the noise (z - mu) / exp(logvar / 2) is standard normal (torch.randn), by the Kolmogorov-Smirnov distance",
            noise_fault(shape_fault),
            requires=("spread",),
        ),
        Check(
            "independent",
            0.5,
            "every element has its own noise",
            f"correlations between dimensions and between images within {Z_LIMIT} standard errors of 0",
            noise_fault(related_fault),
            requires=("mean", "new-draw"),
        ),
        Check(
            "new-draw", 0.25, "every call draws anew", "other noise at each call", new_draw_fault, requires=("mean",)
        ),
        Check(
            "gradients",
            0.75,
            "gradients reach mu and logvar",
            "dz/dmu = 1 and dz/dlogvar = (z - mu) / 2",
            gradients_fault,
            requires=("spread",),
        ),
        Check(
            "shapes",
            0.25,
            "z has the shape of mu, for any batch and any length of code",
            "no fixed sizes; mu and logvar stay as they were",
            shapes_fault,
            requires=("mean", "new-draw"),
        ),
        Check(
            "eval-mode",
            0.25,
            "in evaluation mode: a draw as in training, or mu itself",
            "either of the two; both are in use",
            eval_fault,
            requires=("spread",),
        ),
    ),
)
