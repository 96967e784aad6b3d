"""Task 2 of assignment 05: what is wrong with a `train_vae` that was watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, product

import numpy as np

from waferlab.checks.core import Check, Fault, Observation, Task, array_of, error_of
from waferlab.checks.loaders import device_check
from waferlab.checks.training.record import RUNS, Reading, Record, readings
from waferlab.checks.training.runs import HISTORY, LEARN_EPOCHS, LEARN_TRAIN, probe_train

ETA_MIN = 1e-5
COEFFICIENT_TOL = 2e-3
LEFT_OVER_TOL = 0.01  # of a gradient that is not recon + beta * kl
RATE_RTOL = 0.02
MEAN_RTOL = 1e-3
#: Share of the mean image's squared error that may be left on new normals; the grader's measured floor is lower.
LEARN_LIMIT = 1.0

NO_STEPS = "the weights did not change: is there an optimiser step?"
NO_GRADIENT = "no gradient arrived: is there a backward pass?"
UNKNOWN_STEPS = "the steps follow neither from these gradients with AdamW nor from a common mistake"
NO_VALIDATION = "no validation batch was passed through the model"

#: `(reading, seen)` -> what is wrong with one run, in words; None when nothing is.
RunFault = Callable[[Reading, Observation], str | None]


def fault_in(*parts: str, fault: RunFault, also: tuple[str, ...] = ()) -> Fault:
    """The fault "one of these runs cannot be read, or `fault` finds something in it".

    Args:
        parts: runs that must be readable.
        fault: what is asked of each.
        also: runs that are asked only where they can be read, since another check tells where they cannot.
    """

    def first(seen: Observation, expected: Observation) -> str | None:
        found = readings(seen, expected)
        unread = (f"{RUNS[part]}: {found[part]}" for part in parts if isinstance(found[part], str))
        wrong = (fault(found[part], seen) for part in (*parts, *also) if isinstance(found[part], Reading))
        return next((one for one in chain(unread, wrong) if one), None)

    return first


def either(*faults: Fault) -> Fault:
    """The first of several faults that is there."""
    return lambda seen, expected: next((found for fault in faults if (found := fault(seen, expected))), None)


# --- the loss ----------------------------------------------------------------------------------------------------


def loss_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether the minimised loss is something else than the cross-entropy plus a multiple of the KL divergence."""
    factors = reading.factors
    if not reading.record.arrived.any():
        return NO_GRADIENT
    if factors[:, 2].max() > LEFT_OVER_TOL:
        return "its gradient is not that of recon + beta * kl"
    worst = factors[np.abs(factors[:, 0] - 1).argmax(), 0]
    return None if abs(worst - 1) <= COEFFICIENT_TOL else f"recon has the factor {worst:.4g}"


def beta_fault(reading: Reading, seen: Observation) -> str | None:
    """In which epoch the KL divergence has another weight than it should."""
    record, factors = reading.record, reading.factors
    if not record.arrived.any():
        return NO_GRADIENT
    if factors[:, 2].max() > LEFT_OVER_TOL or not (np.abs(factors[:, 0]) > 1e-9).all():
        return "the loss is not recon + beta * kl"
    betas = record.by_epoch(factors[:, 1] / factors[:, 0])
    wrong = np.abs(betas - record.betas[:, None]).max(axis=1) > COEFFICIENT_TOL * 5
    if not wrong.any():
        return None
    epoch = int(wrong.argmax())
    return f"epoch {epoch} of annealing over {record.kl_anneal_epochs}: {betas[epoch, 0]:.3f} in its first batch"


# --- the steps ---------------------------------------------------------------------------------------------------


def unexplained(reading: Reading) -> str | None:
    """Why nothing can be said about the steps of a run, in words; None when something can."""
    if not np.diff(reading.record.weights, axis=0).any():
        return NO_STEPS
    return UNKNOWN_STEPS if reading.how is None else None


def step_fault(choice: str, words: Mapping[str, str]) -> RunFault:
    """The fault "the steps were made in a wrong way", for one choice of `Explanation` and its wrong values."""
    return lambda reading, seen: unexplained(reading) or words.get(getattr(reading.how, choice))


optimiser_fault = step_fault(
    "optimiser",
    {
        "adam": "Adam: the weight decay is added to the gradient, not taken from the weights",
        "plain adam": "Adam without weight decay",
        "sgd": "plain gradient descent",
    },
)
clipping_fault = step_fault(
    "clipping",
    {
        "none": "the norm was not clipped when the step was made",
        "value": "each value was clipped by itself",
        "parts": "the norm of each parameter was clipped by itself",
        "always": "they were scaled up, too",
    },
)
zeroing_fault = step_fault(
    "zeroing",
    {"never": "gradients of earlier batches are still there", "epoch": "they are zeroed once an epoch only"},
)


def small_gradients_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether gradients with a norm below 1 are not left as they are."""
    right = reading.how is not None and reading.how.clipping != "always"
    return None if right else "gradients with a norm below 1 were changed"


def right_rates(record: Record) -> np.ndarray:
    """The learning rate of each epoch: half a cosine from lr to 1e-5."""
    epochs = np.arange(record.num_epochs)
    return ETA_MIN + (record.lr - ETA_MIN) * (1 + np.cos(np.pi * epochs / record.num_epochs)) / 2


def schedule_fault(reading: Reading, seen: Observation) -> str | None:
    """In which epoch the learning rate leaves the cosine."""
    if reading.how is None:
        return unexplained(reading)
    record = reading.record
    rows, want = record.by_epoch(reading.rates), right_rates(record)
    wrong = np.abs(rows - want[:, None]).max(axis=1) > RATE_RTOL * want
    if not wrong.any():
        return None
    epoch = int(wrong.argmax())
    low, high = rows[epoch].min(), rows[epoch].max()
    text = f"{low:.2e}" if high - low <= RATE_RTOL * abs(high) else f"{low:.2e} to {high:.2e} within the epoch"
    return f"epoch {epoch} of {record.num_epochs} from {record.lr:.2e}: {text}"


# --- modes and gradients -----------------------------------------------------------------------------------------


def split_passes(record: Record, split: int) -> np.ndarray:
    """The forward passes of one split."""
    return record.passes[record.passes[:, 0] == split]


def modes_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether the model is in the wrong mode for some training or validation batches."""
    train, val = split_passes(reading.record, 0), split_passes(reading.record, 1)
    if not len(val):
        return NO_VALIDATION
    if not train[:, 1].all():
        return f"{int((train[:, 1] == 0).sum())} of {len(train)} training batches in evaluation mode"
    if val[:, 1].any():
        return f"{int(val[:, 1].sum())} of {len(val)} validation batches in training mode"
    return None


def no_grad_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether validation makes gradients."""
    val = split_passes(reading.record, 1)
    if not len(val):
        return NO_VALIDATION
    if seen.get(f"{reading.part}.validation_gradients") != 0:
        return "a backward pass went through validation batches"
    if val[:, 2].any():
        return f"they were recorded in {int(val[:, 2].sum())} of {len(val)} validation batches"
    return None


# --- the history -------------------------------------------------------------------------------------------------


def history_fault(reading: Reading, seen: Observation) -> str | None:
    """What keeps the result from being six lists with one finite number for each epoch."""
    if text := seen.get(f"{reading.part}.history"):
        return str(text)[:300]
    for name in HISTORY:
        values, want = array_of(seen, f"{reading.part}.{name}"), reading.record.num_epochs
        if values is None or values.shape != (want,):
            return f"{name}: {'none' if values is None else values.size} numbers for {want} epochs"
        if not np.isfinite(values).all():
            return f"{name} holds NaN or infinity"
    return None


def epoch_means(passes: np.ndarray, betas: np.ndarray, *, weighted: bool) -> np.ndarray:
    """Means of total, cross-entropy and KL divergence over the batches of each epoch: (3, epochs).

    Args:
        passes: (epochs * batches, 7), see `Recorder`.
        betas: (epochs,).
        weighted: by batch size, else every batch counts the same.
    """
    rows = passes.reshape(len(betas), -1, 7)
    weights = np.maximum(rows[:, :, 3], 1) if weighted else np.ones(rows.shape[:2])
    recon, kl = ((rows[:, :, n] * weights).sum(axis=1) / weights.sum(axis=1) for n in (4, 5))
    return np.stack([recon + betas * kl, recon, kl])


def last_validations(record: Record) -> np.ndarray | None:
    """For each epoch the validation passes that followed its last training batch; None when their number is wrong."""
    val, rows = split_passes(record, 1), []
    for epoch in range(record.num_epochs):
        after = val[val[:, 6] == (epoch + 1) * record.train_batches]
        if not len(after) or len(after) % record.val_batches:
            return None
        rows.append(after[-record.val_batches :])
    return np.concatenate(rows)


def means_fault(reading: Reading, seen: Observation) -> str | None:
    """What the three training lists tell otherwise than it happened, as means per image or per batch."""
    passes = split_passes(reading.record, 0)
    return lists_fault(reading, seen, HISTORY[:3], passes[passes[:, 2] == 1], betas_of(reading))


def validation_fault(reading: Reading, seen: Observation) -> str | None:
    """What the three validation lists tell otherwise than it happened; their total may take each epoch's beta, or 1."""
    betas = [*betas_of(reading), np.ones(reading.record.num_epochs)]
    return lists_fault(reading, seen, HISTORY[3:], last_validations(reading.record), betas)


def betas_of(reading: Reading) -> list[np.ndarray]:
    """The betas that a list may be made with: the right ones, and those of the loop, which another check judges."""
    return [reading.record.betas, reading.record.by_epoch(reading.factors[:, 1])[:, 0]]


def lists_fault(
    reading: Reading,
    seen: Observation,
    names: tuple[str, ...],
    passes: np.ndarray | None,
    betas: Sequence[np.ndarray],
) -> str | None:
    """Which of three lists does not hold the means of these passes, of batches or of images, with any of some betas."""
    record = reading.record
    if passes is None or not len(passes) or len(passes) % record.num_epochs:
        return "not every epoch is followed by one pass over all validation batches"
    lists = [array_of(seen, f"{reading.part}.{name}") for name in names]
    if any(values is None or values.shape != (record.num_epochs,) for values in lists):
        return "no numbers for every epoch"
    faults = [
        mean_fault(np.array(lists), epoch_means(passes, some, weighted=weighted))
        for some, weighted in product(betas, (True, False))
    ]
    return None if None in faults else faults[0]


def mean_fault(got: np.ndarray, want: np.ndarray) -> str | None:
    """Which of the three lists, (3, epochs), differs, in words; None when none does."""
    scale = np.abs(want).max(axis=1, keepdims=True) + 1e-12
    off = np.abs(got - want) / scale
    if np.isfinite(off).all() and (off <= MEAN_RTOL).all():
        return None
    row = int(np.where(np.isfinite(off), off, np.inf).max(axis=1).argmax())
    epoch = int(np.where(np.isfinite(off), off, np.inf)[row].argmax())
    return f"{('total', 'recon', 'kl')[row]} of epoch {epoch}: {got[row, epoch]:.4g} instead of {want[row, epoch]:.4g}"


# --- what was learnt ---------------------------------------------------------------------------------------------


def learning_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the real model has learnt nothing about images that it has not seen."""
    if error := error_of(seen, "learn"):
        return f"raised {error}"
    left = array_of(seen, "learn.left")
    if left is None or left.ndim or not np.isfinite(left):
        return "no finite error"
    return None if left <= LEARN_LIMIT else f"{float(left):.0%} of what the mean training image leaves"


# --- the task ----------------------------------------------------------------------------------------------------


def means_goal(split: str, beta: str) -> str:
    """What is expected of three lists."""
    return f"the means of total, recon and kl over the {split} images or batches of each epoch, with {beta}"


TRAIN = Task(
    module="training",
    name="train_vae",
    title="Task 2: train_vae",
    defines=("train_vae",),
    observe=probe_train,
    expects=tuple(f"{part}.settings" for part in RUNS),
    checks=(
        Check(
            "history",
            0.5,
            "what train_vae returns",
            f"a dictionary of six lists, one number an epoch: {', '.join(HISTORY)}",
            fault_in(*RUNS, fault=history_fault),
            requires=("means",),
        ),
        Check(
            "means",
            1.0,
            "the three training lists",
            means_goal("training", "the epoch's beta"),
            fault_in("large", fault=means_fault),
        ),
        Check(
            "validation",
            1.0,
            "the three validation lists",
            means_goal("validation", "the epoch's beta or with 1"),
            fault_in("large", fault=validation_fault),
        ),
        Check(
            "loss",
            1.25,
            "the loss that is minimised",
            "recon + beta * kl as `vae_loss(x_recon, x, mu, logvar, beta)` gives them",
            fault_in("large", fault=loss_fault),
        ),
        Check(
            "beta",
            1.0,
            "beta in each epoch, read off the gradients",
            "kl_weight(epoch, kl_anneal_epochs), the first epoch being 0",
            fault_in("large", fault=beta_fault, also=("calm", "default")),
        ),
        Check(
            "optimizer",
            1.0,
            "the optimiser, with a large weight decay",
            "AdamW with the given weight_decay",
            fault_in("large", fault=optimiser_fault),
        ),
        Check(
            "clipping",
            1.25,
            "gradients with a norm above 1, and below",
            "the norm clipped to 1.0 before each step; smaller ones left as they are",
            either(fault_in("large", fault=clipping_fault), fault_in(fault=small_gradients_fault, also=("calm",))),
        ),
        Check(
            "zero-grad",
            1.0,
            "gradients at each step",
            "those of this batch only",
            fault_in("large", fault=zeroing_fault),
        ),
        Check(
            "schedule",
            1.0,
            "the learning rate in each epoch",
            "half a cosine from lr towards 1e-5, one step after each epoch",
            fault_in(*RUNS, fault=schedule_fault),
        ),
        Check(
            "modes",
            0.75,
            "the model's mode",
            "train() for training batches, eval() for validation batches, in every epoch",
            fault_in("large", fault=modes_fault),
            requires=("loss",),
        ),
        Check(
            "no-grad",
            0.5,
            "gradients in validation",
            "switched off (torch.no_grad or torch.inference_mode)",
            fault_in("large", fault=no_grad_fault),
            requires=("loss",),
        ),
        device_check(0.25, requires=("loss",)),
        Check(
            "weights",
            0.5,
            f"{LEARN_EPOCHS} epochs of the real model on {LEARN_TRAIN} images: squared error on new normals",
            f"as after training, well below {LEARN_LIMIT:.0%} of what the mean training image leaves",
            learning_fault,
        ),
    ),
)
