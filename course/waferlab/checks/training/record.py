"""Reading off a watched run what the loop did: the loss it minimised, how it made its steps, its learning rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from waferlab.checks.core import Observation, array_of, error_of, once
from waferlab.checks.training.kl_weight import right_weight
from waferlab.checks.training.recorder import SIZES

UPDATE_TOL = 0.02  # of the norm of all updates; right answers leave 1e-5 to 2e-3 in float32
#: The watched runs, as a message calls them.
RUNS = {"large": "a run with large gradients", "calm": "a run with small gradients", "default": "all defaults"}


@dataclass(frozen=True)
class Record:
    """A watched run as the judge reads it; the settings come from the reference's observation.

    Attributes:
        passes: (p, 7), see `Recorder`.
        weights: (t + 1, w) parameters before each step, and after the last.
        recon: (t, w) gradients of the cross-entropy.
        kl: (t, w) gradients of the KL divergence.
        arrived: (t, w) gradients that backward passes brought.
    """

    num_epochs: int
    lr: float
    weight_decay: float
    kl_anneal_epochs: int
    train_batches: int
    val_batches: int
    passes: np.ndarray
    weights: np.ndarray
    recon: np.ndarray
    kl: np.ndarray
    arrived: np.ndarray

    @property
    def steps(self) -> int:
        """How many steps a right loop takes."""
        return self.num_epochs * self.train_batches

    @property
    def betas(self) -> np.ndarray:
        """The right beta of each epoch."""
        return np.array([right_weight(epoch, self.kl_anneal_epochs) for epoch in range(self.num_epochs)])

    def by_epoch(self, values: np.ndarray) -> np.ndarray:
        """Values of all steps as (epochs, batches)."""
        return values.reshape(self.num_epochs, self.train_batches)


def read_record(seen: Observation, expected: Observation, part: str) -> Record | str:
    """The record of a run, or in words why there is none that can be judged."""
    if error := error_of(seen, part):
        return f"raised {error}"
    names = ("passes", "weights", "recon_gradients", "kl_gradients", "arrived")
    arrays = [array_of(seen, f"{part}.{name}") for name in names]
    if any(array is None or array.ndim != 2 or not np.isfinite(array).all() for array in arrays):
        return "weights or gradients are not finite numbers"
    settings = np.asarray(expected[f"{part}.settings"], dtype=float)
    epochs, lr, decay, anneal, train, val = settings
    record = Record(int(epochs), lr, decay, int(anneal), int(train), int(val), *arrays)
    if len(record.arrived) != record.steps or record.passes.shape[1:] != (7,):
        return (
            f"{len(record.arrived)} training passes with gradients, expected {record.steps}: "
            f"{record.num_epochs} epochs of {record.train_batches} batches"
        )
    width = record.weights.shape[1]
    shapes = {record.recon.shape, record.kl.shape, record.arrived.shape}
    if shapes != {(record.steps, width)} or len(record.weights) != record.steps + 1:
        return "the record of the run is not complete"
    return record


def coefficients(record: Record) -> np.ndarray:
    """The factors of the two terms in the loss whose gradient arrived, and the share left over, by step: (t, 3)."""
    rows = []
    for recon, kl, arrived in zip(record.recon, record.kl, record.arrived, strict=True):
        basis = np.stack([recon, kl], axis=1)
        factors, *_ = np.linalg.lstsq(basis, arrived, rcond=None)
        size = np.linalg.norm(arrived)
        rows.append([*factors, np.linalg.norm(basis @ factors - arrived) / size if size > 0 else np.inf])
    return np.array(rows)


@dataclass(frozen=True)
class Explanation:
    """One way to make steps out of gradients.

    Attributes:
        optimiser: `adamw`, `adam` (weight decay added to the gradient), `plain adam` (no weight decay) or `sgd`.
        clipping: `norm`, `none`, `value`, `parts` (the norm of each parameter by itself) or `always` (scaled to norm 1
            even when it is smaller).
        zeroing: when gradients are set to zero: `step`, `epoch` or `never`.
    """

    optimiser: str
    clipping: str
    zeroing: str


RIGHT = Explanation("adamw", "norm", "step")
EXPLANATIONS = tuple(
    Explanation(*choice)
    for choice in product(
        ("adamw", "adam", "plain adam", "sgd"), ("norm", "none", "value", "parts", "always"), ("step", "epoch", "never")
    )
)


def clipped(gradient: np.ndarray, how: str) -> np.ndarray:
    """A gradient of all parameters, limited in one of the ways of `Explanation`."""
    if how == "parts" and len(gradient) == sum(SIZES):
        return np.concatenate([clipped(part, "norm") for part in np.split(gradient, np.cumsum(SIZES[:-1]))])
    if how in ("norm", "always"):
        factor = 1.0 / (np.linalg.norm(gradient) + 1e-6)
        return gradient * (factor if how == "always" else min(1.0, factor))
    return np.clip(gradient, -1.0, 1.0) if how == "value" else gradient


def directions(record: Record, how: Explanation) -> np.ndarray:
    """Where each step would go, for a learning rate of 1: (t, w); the decay of AdamW included."""
    held = np.zeros(record.weights.shape[1])
    first, second, rows = held.copy(), held.copy(), []
    decay = record.weight_decay
    for step, (weights, arrived) in enumerate(zip(record.weights, record.arrived, strict=False)):
        fresh = how.zeroing == "step" or (how.zeroing == "epoch" and step % record.train_batches == 0)
        held = clipped(arrived if fresh else held + arrived, how.clipping)
        gradient = held + decay * weights if how.optimiser in ("adam", "sgd") else held
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
        move = gradient if how.optimiser == "sgd" else first / (1 - 0.9 ** (step + 1)) / scale
        rows.append(move + decay * weights if how.optimiser == "adamw" else move)
    return np.array(rows)


def rates(record: Record, how: Explanation) -> tuple[np.ndarray, float]:
    """The learning rate of each step that explains it best, (t,), and the share of all steps that stays unexplained."""
    moves, ways = np.diff(record.weights, axis=0), directions(record, how)
    lengths = (ways**2).sum(axis=1)
    found = -(moves * ways).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    size = np.linalg.norm(moves)
    return found, float(np.linalg.norm(moves + found[:, None] * ways) / size) if size > 0 else np.inf


def explain(record: Record) -> tuple[Explanation | None, np.ndarray]:
    """How the loop made its steps, and its learning rates; None when nothing known explains them.

    The right way is tried first: where it explains the steps, no other is looked for.
    """
    found, left = rates(record, RIGHT)
    if left <= UPDATE_TOL:
        return RIGHT, found
    best = min(EXPLANATIONS, key=lambda how: rates(record, how)[1])
    found, left = rates(record, best)
    return (best if left <= UPDATE_TOL else None), found


@dataclass(frozen=True)
class Reading:
    """What can be read off one run.

    Attributes:
        part: the run's name.
        record: what was recorded.
        factors: see `coefficients`.
        how: the way the steps were made; None when nothing known explains them.
        rates: the learning rate of each step, (t,).
    """

    part: str
    record: Record
    factors: np.ndarray
    how: Explanation | None
    rates: np.ndarray


@once
def readings(seen: Observation, expected: Observation) -> dict[str, Reading | str]:
    """Every run as it can be read, or in words why it cannot."""
    found: dict[str, Reading | str] = {}
    for part in RUNS:
        record = read_record(seen, expected, part)
        if isinstance(record, Record):
            found[part] = Reading(part, record, coefficients(record), *explain(record))
        else:
            found[part] = record
    return found
