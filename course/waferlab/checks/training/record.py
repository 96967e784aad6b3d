"""Reading off a watched run what the loop did: the loss it minimised, how it made its steps, its learning rates.

The examiner reads its own book (`Ledger`): the parameters that came with each pass, the gradients that it computed. The
judge gets what was read (`Reading`), and what a right loop does from the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from waferlab.checks.core import Observation, array_of, error_of, once
from waferlab.checks.training.ledger import SIZES, Ledger, Pass

UPDATE_TOL = 0.02  # of the norm of all updates; right answers leave 1e-5 to 2e-3 in float32
LOSS_SHARE = 0.4  # see `coefficients`: wrong losses of our bank have 0.8 and more, noise has 0.01
#: The watched runs, as a message calls them.
RUNS = {"large": "a run with large gradients", "calm": "a run with small gradients", "default": "all defaults"}
STILL, UNKNOWN = "still", "unknown"  # in place of an explanation: no steps at all, and steps of no known kind


class Settings(NamedTuple):
    """What a run is called with, and how many batches its loaders have."""

    num_epochs: int
    lr: float
    weight_decay: float
    kl_anneal_epochs: int
    train_batches: int
    val_batches: int

    @property
    def steps(self) -> int:
        """How many steps a right loop takes."""
        return self.num_epochs * self.train_batches

    def by_epoch(self, values: np.ndarray) -> np.ndarray:
        """Values of all steps as (epochs, batches, …)."""
        return values.reshape(self.num_epochs, self.train_batches, *values.shape[1:])


def settings_of(row: Any) -> Settings:
    """Settings as an observation holds them."""
    numbers = Settings(*(float(value) for value in row))
    whole = ("num_epochs", "kl_anneal_epochs", "train_batches", "val_batches")
    return numbers._replace(**{name: round(getattr(numbers, name)) for name in whole})


# --- the examiner's part: from its book to what a loop did -------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """The steps of a run.

    Attributes:
        settings: of the run.
        weights: (t + 1, w) parameters before each step, and after the last.
        arrived: (t, w) gradients that backward passes brought.
    """

    settings: Settings
    weights: np.ndarray
    arrived: np.ndarray


def observe_reading(seen: Observation, part: str, ledger: Ledger, settings: Settings, final: Any) -> None:
    """Write under `part` what can be read off a run, or `<part>.unread`: why nothing can.

    Args:
        seen: the observation.
        part: the run's name.
        ledger: the examiner's book of it.
        settings: of the run.
        final: the parameters at its end, as the desk says.
    """
    seen[f"{part}.settings"] = np.array(settings, dtype=float)
    seen[f"{part}.passes"] = np.array(ledger.passes, dtype=float).reshape(-1, len(Pass._fields))
    seen[f"{part}.validation_gradients"] = ledger.validation_gradients
    record = record_of(ledger, settings, final)
    if isinstance(record, str):
        seen[f"{part}.unread"] = record
        return
    factors = coefficients(ledger)
    how, rates = explain(record)
    seen[f"{part}.factors"], seen[f"{part}.rates"] = factors, rates
    seen[f"{part}.how"] = how if isinstance(how, str) else [*how]
    seen[f"{part}.rivals"] = rivals(record) if how == RIGHT else []


def record_of(ledger: Ledger, settings: Settings, final: Any) -> Record | str:
    """The steps of a run, or in words why there are none that can be judged."""
    if ledger.full:
        return f"more than {len(ledger.passes)} passes through the model"
    if (count := len(ledger.trained)) != settings.steps:
        side = "fewer" if count < settings.steps else "more"
        other = sum(one.split < 0 for one in ledger.passes)
        more = f" ({other} passes with images that no loader gave)" if other else ""
        return f"{count} training passes with gradients, {side} than num_epochs * len(train_loader){more}"
    batches = settings.by_epoch(np.array([ledger.passes[number].batch for number in ledger.trained]))
    if (np.sort(batches, axis=1) != np.arange(settings.train_batches)).any():
        return "not every training batch was used once in every epoch"
    last, steps = ledger.after_last_step(final), [ledger.steps[number] for number in ledger.trained]
    if last is None:
        return "the model's parameters are not what they were: their number has changed"
    weights, arrived = np.array([*(step.weights for step in steps), last]), np.array([step.arrived for step in steps])
    if not np.isfinite(weights).all() or not np.isfinite(arrived).all():
        return "weights or gradients are not finite numbers"
    return Record(settings, weights, arrived)


def coefficients(ledger: Ledger) -> np.ndarray:
    """What the gradients that came back at each step are made of: (t, 4).

    The factors of the two terms in the loss; the share left over; and the share of the gradients for the reconstruction
    that follows from images and reconstructions, as it does with any reconstruction loss, and does not with noise.
    """
    rows = []
    for number in ledger.trained:
        step, one = ledger.steps[number], ledger.passes[number]
        basis, incoming = step.terms.T, step.incoming
        images = ledger.batches[one.split][one.batch].ravel() - 0.5
        looks = np.stack([basis[: images.size, 0], images], axis=1)
        *factors, left = fitted(basis, incoming)
        rows.append([*factors, left, 1 - fitted(looks, incoming[: images.size])[-1] ** 2])
    return np.array(rows)


def fitted(basis: np.ndarray, values: np.ndarray) -> list[float]:
    """The factors of the columns of a basis that come nearest to some values, and the share of these that is left."""
    factors, *_ = np.linalg.lstsq(basis, values, rcond=None)
    size = np.linalg.norm(values)
    return [*factors, float(np.linalg.norm(basis @ factors - values) / size) if size > 0 else np.inf]


class Explanation(NamedTuple):
    """One way to make steps out of gradients.

    Attributes:
        optimiser: `adamw`, `adam` (weight decay added to the gradient), `plain adam` (no weight decay), `sgd`, or
            `signs` (AdamW for gradients that are always the same).
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
#: Ways that must not explain the steps of a right loop, where gradients are large: by the choice that they differ in.
RIVALS = {
    "optimiser": ("adam", "plain adam", "sgd", "signs"),
    "clipping": ("none", "value", "parts"),
    "zeroing": ("epoch", "never"),
}


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
    decay, batches = record.settings.weight_decay, record.settings.train_batches
    for step, (weights, arrived) in enumerate(zip(record.weights, record.arrived, strict=False)):
        fresh = how.zeroing == "step" or (how.zeroing == "epoch" and step % batches == 0)
        held = clipped(arrived if fresh else held + arrived, how.clipping)
        gradient = held + decay * weights if how.optimiser in ("adam", "sgd") else held
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
        move = first / (1 - 0.9 ** (step + 1)) / scale
        move = {"sgd": gradient, "signs": np.sign(gradient)}.get(how.optimiser, move)
        rows.append(move + decay * weights if how.optimiser in ("adamw", "signs") else move)
    return np.array(rows)


def rates_of(record: Record, how: Explanation) -> tuple[np.ndarray, float]:
    """The learning rate of each step that explains it best, (t,), and the share of all steps that stays unexplained."""
    moves, ways = np.diff(record.weights, axis=0), directions(record, how)
    lengths = (ways**2).sum(axis=1)
    found = -(moves * ways).sum(axis=1) / np.where(lengths > 0, lengths, 1.0)
    size = np.linalg.norm(moves)
    return found, float(np.linalg.norm(moves + found[:, None] * ways) / size) if size > 0 else np.inf


def explain(record: Record) -> tuple[Explanation | str, np.ndarray]:
    """How the loop made its steps, and its learning rates; `STILL` or `UNKNOWN` when nothing known explains them.

    The right way is tried first: where it explains the steps, no other is looked for.
    """
    found, left = rates_of(record, RIGHT)
    if left <= UPDATE_TOL:
        return RIGHT, found
    if not np.diff(record.weights, axis=0).any():
        return STILL, found
    best = min(EXPLANATIONS, key=lambda how: rates_of(record, how)[1])
    found, left = rates_of(record, best)
    return (best if left <= UPDATE_TOL else UNKNOWN), found


def rivals(record: Record) -> list[str]:
    """The choices of `RIVALS` that the steps do not decide, because gradients are too small, or all alike."""
    most = 3 * rates_of(record, RIGHT)[1] + 1e-4

    def undecided(choice: str) -> bool:
        ways = (RIGHT._replace(**{choice: other}) for other in RIVALS[choice])
        return any(rates_of(record, way)[1] <= most for way in ways)

    return [choice for choice in RIVALS if undecided(choice)]


# --- the judge's part --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """What was read off one run, and what a right loop does in it.

    Attributes:
        part: the run's name.
        settings: of the run.
        betas: what the reference's `kl_weight` tells of each epoch, (epochs,).
        want_rates: the reference's learning rate of each step, (t,).
        passes: (p, 8), see `Pass`.
        factors: see `coefficients`.
        how: the way the steps were made, or why it is not known.
        rivals: choices of it that the steps do not decide.
        rates: the learning rate of each step, (t,).
        given: what `kl_weight` gave in this run, (epochs,); None when it is not known.
    """

    part: str
    settings: Settings
    betas: np.ndarray
    want_rates: np.ndarray
    passes: np.ndarray
    factors: np.ndarray
    how: Explanation | str
    rivals: tuple[str, ...]
    rates: np.ndarray
    given: np.ndarray | None

    @property
    def silent(self) -> bool:
        """Whether no gradient came back at any step."""
        return not np.isfinite(self.factors[:, 2]).any()

    @property
    def aimless(self) -> bool:
        """Whether the gradients that came back are of no loss that would make a reconstruction better."""
        return not self.factors[:, 3].mean() >= LOSS_SHARE

    @property
    def found_betas(self) -> np.ndarray:
        """The weight of the KL divergence in each step, (epochs, batches)."""
        with np.errstate(all="ignore"):
            return self.settings.by_epoch(self.factors[:, 1] / self.factors[:, 0])

    def split(self, number: int) -> np.ndarray:
        """The passes of one split."""
        return self.passes[self.passes[:, 0] == number]


def reading_of(seen: Observation, expected: Observation, part: str) -> Reading | str:
    """A run as it was read, or in words why it was not."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if text := seen.get(f"{part}.unread"):
        return str(text)[:300]
    settings = settings_of(expected[f"{part}.settings"])
    shapes = {"factors": (settings.steps, 4), "rates": (settings.steps,)}
    found = {name: array_of(seen, f"{part}.{name}") for name in ("passes", *shapes)}
    passes = found["passes"]
    fit = all(found[name] is not None and found[name].shape == shape for name, shape in shapes.items())
    if not fit or passes is None or passes.ndim != 2 or passes.shape[1] != len(Pass._fields):
        return "the record of the run is not complete"
    how, given = seen.get(f"{part}.how"), array_of(seen, f"{part}.given")
    known = Explanation(*map(str, how)) if isinstance(how, list | tuple) and len(how) == 3 else UNKNOWN
    betas, rates = (np.asarray(expected[f"{part}.{name}"], dtype=float) for name in ("told", "rates"))
    return Reading(
        part,
        settings,
        betas,
        rates,
        **found,
        how=STILL if how == STILL else known,
        rivals=tuple(map(str, seen.get(f"{part}.rivals") or ())),
        given=given if given is not None and given.shape == betas.shape else None,
    )


@once
def readings(seen: Observation, expected: Observation) -> dict[str, Reading | str]:
    """Every run as it was read, or in words why it was not."""
    return {part: reading_of(seen, expected, part) for part in RUNS}
