"""Task 3: the KL divergence, compared with the closed form and with values that can be computed by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Check, Fault, Observation, Task, array_of, relative_difference
from waferlab.checks.encoder.tensors import GRAPH_HINT, RTOL, gradient, pulled_back, tensor
from waferlab.checks.reading import one_number, pair
from waferlab.checks.watching import asked, own_randomness, stopped

NAME = "kl_divergence"
#: mu, logvar and the KL divergence in nats, for one image and one latent dimension.
BY_HAND = ((0.0, 0.0, 0.0), (2.0, 0.0, 2.0), (0.0, math.log(4), 1.5 - math.log(2)))
PARTS = ("values", "batch-of-one", "range")
SUM_HINT = ": sum over the latent dimensions, then take the mean over the batch"


# --- at the desk -------------------------------------------------------------------------------------------------


def pull_back(answers: Mapping[str, Any], services: Any, mu: Any, logvar: Any, cotangent: Any) -> list[Any]:
    """The gradients of `cotangent` times the divergence with respect to `mu` and `logvar`."""
    return pulled_back([answers[NAME](mu, logvar)], [cotangent], [mu, logvar])


# --- probe -------------------------------------------------------------------------------------------------------


def kl_inputs(
    case: Case, stream: int, batch: int, *, scale: float = 1.0, latent_dim: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """`mu` and `logvar`, shape (batch, latent_dim), by default 2 to 12 of them, within ±2.5 `scale`."""
    rng = case.rng(stream)
    shape = (batch, latent_dim or int(rng.integers(2, 13)))
    mu, logvar = rng.uniform(-2.5, 2.5, (2, *shape)) * scale
    return mu.astype(np.float32).astype(np.float64), logvar.astype(np.float32).astype(np.float64)


def wide_inputs(case: Case, stream: int) -> tuple[np.ndarray, np.ndarray]:
    """Means up to ±9 and log-variances from -9.5 to 3.8: all that a clamp to [-10, 4] lets through."""
    mu, logvar = kl_inputs(case, stream, 6, scale=3.6)
    return mu, np.clip(logvar, -9.5, 3.8)


def kl_values(seen: Observation, part: str, bench: Bench, case: Case, inputs: Sequence[Any]) -> None:
    """The answer's value for each pair (mu, logvar) under `part`, and its batch and code lengths."""
    seen[f"{part}.shapes"] = np.array([mu.shape for mu, _ in inputs])
    with asked(seen, part):
        results = (bench.call(NAME, tensor(mu, case), tensor(logvar, case)) for mu, logvar in inputs)
        seen[part] = np.array([one_number(result, "the result", SUM_HINT) for result in results])


def kl_gradients(seen: Observation, bench: Bench, case: Case) -> None:
    """Gradients with respect to `mu` and `logvar`."""
    inputs = kl_inputs(case, 50, 4)
    cotangent = tensor(case.rng(51).uniform(0.5, 2.0, ()), case)
    with asked(seen, "gradients"):
        given = (tensor(values, case, requires_grad=True) for values in inputs)
        found = pair(bench.shim("pull_back", *given, cotangent), "the gradients", "(of mu, of logvar)")
        for name, values, one in zip(("mu", "logvar"), inputs, found, strict=True):
            seen[f"gradients.{name}"] = gradient(one, values.shape)


def probe_kl(bench: Bench, case: Case) -> Observation:
    """Evaluate the KL divergence for several sizes, for a single image, for a wide range and by hand."""
    seen: Observation = {}
    with own_randomness(case):
        kl_values(seen, "values", bench, case, [kl_inputs(case, 10 + i, 3 + 2 * i) for i in range(4)])
        kl_values(seen, "batch-of-one", bench, case, [kl_inputs(case, 20 + i, 1) for i in range(3)])
        kl_values(seen, "range", bench, case, [wide_inputs(case, 30 + i) for i in range(3)])
        by_hand = [(np.full((1, 1), mu), np.full((1, 1), logvar)) for mu, logvar, _ in BY_HAND]
        kl_values(seen, "by-hand", bench, case, by_hand)
        kl_values(seen, "single", bench, case, [kl_inputs(case, 40 + i, 1, latent_dim=1) for i in range(3)])
        kl_gradients(seen, bench, case)
    return seen


# --- faults ------------------------------------------------------------------------------------------------------


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


def values_fault(part: str) -> Fault:
    """The fault "one of the values of this part differs from the reference's"."""

    def fault(seen: Observation, expected: Observation) -> str | None:
        want, got = np.asarray(expected[part], dtype=float), array_of(seen, part)
        if found := stopped(seen, part):
            return found
        if got is None or got.shape != want.shape or not np.isfinite(got).all():
            return "no finite numbers"
        if (np.abs(got - want) / want).max() <= RTOL:
            return None
        hint = kl_hint(got, want, expected[f"{part}.shapes"])
        return f"{got[0]:.4f} instead of {want[0]:.4f}. {hint}"

    return fault


def by_hand_fault(seen: Observation, expected: Observation) -> str | None:
    """Which of the values is wrong that can be computed by hand, or whether others of one number are."""
    if found := stopped(seen, "by-hand", "single"):
        return found
    got, others, right = array_of(seen, "by-hand"), array_of(seen, "single"), np.asarray(expected["single"], float)
    if got is None or others is None or got.shape != (len(BY_HAND),) or others.shape != right.shape:
        return "no numbers"
    for (mu, logvar, want), value in zip(BY_HAND, got, strict=True):
        if not abs(value - want) <= 1e-5:
            hint = by_hand_hint(logvar, value)
            return f"mu = {mu:g}, logvar = {logvar:.4g} gave {value + 0.0:.4f} instead of {want:.4f}{hint}"
    if not (np.abs(others - right) <= 1e-5 + RTOL * right).all():
        return "these three are right, but those of other numbers are not"
    return None


def by_hand_hint(logvar: float, value: float) -> str:
    """The likely cause of a wrong value at mu = 0 and logvar = ln 4."""
    if logvar and abs(value + 0.5 * (1 + logvar - math.exp(logvar / 2))) < 1e-4:
        return ". You used exp(logvar / 2): the variance is exp(logvar)."
    if logvar and abs(value + 0.5 * (1 + logvar - logvar**2)) < 1e-4:
        return ". You squared logvar: the variance is exp(logvar)."
    return ""


def gradients_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the gradients of the divergence, in words; None when they are right."""
    if found := stopped(seen, "gradients"):
        return f"{found}{GRAPH_HINT}"
    for name in ("mu", "logvar"):
        want, got = np.asarray(expected[f"gradients.{name}"], dtype=float), array_of(seen, f"gradients.{name}")
        if got is None or not got.any():
            return f"no gradient reaches {name}{GRAPH_HINT}"
        if not (difference := relative_difference(got, want)) <= RTOL:
            return f"the gradient of {name} is off by {difference:.1e}"
    return None


# --- the task ----------------------------------------------------------------------------------------------------

EQUAL = f"summed over the latent dimensions, averaged over the batch, to within {RTOL:g} (relative)"

KL_DIVERGENCE = Task(
    module="encoder",
    name=NAME,
    title="Task 3: kl_divergence",
    defines=(NAME,),
    observe=probe_kl,
    apart=True,
    shims={"pull_back": pull_back},
    expects=(*PARTS, *(f"{part}.shapes" for part in PARTS), "single", "gradients.mu", "gradients.logvar"),
    checks=(
        Check(
            "by-hand",
            0.5,
            "one image, one dimension, by hand: 0 for N(0, 1), 2 for N(2, 1), 0.8069 for N(0, 4)",
            "-0.5 * (1 + logvar - mu^2 - exp(logvar))",
            by_hand_fault,
        ),
        Check("values", 1.0, "batches of several sizes", EQUAL, values_fault("values")),
        Check("batch-of-one", 0.25, "a single image", EQUAL, values_fault("batch-of-one")),
        Check("range", 0.5, "large means, log-variances from -9.5 to 3.8", EQUAL, values_fault("range")),
        Check(
            "gradients",
            0.75,
            "gradients with respect to mu and logvar",
            "the derivatives of the closed form",
            gradients_fault,
        ),
    ),
)
