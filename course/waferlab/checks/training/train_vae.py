"""Task 2 of assignment 05: what is wrong with a `train_vae` that was watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain, product

import numpy as np

from waferlab.checks.core import Check, Fault, Observation, Task, array_of, error_of
from waferlab.checks.loaders import device_check
from waferlab.checks.training.desk import ANSWER, HISTORY, SHIMS
from waferlab.checks.training.ledger import Pass
from waferlab.checks.training.record import RUNS, STILL, Reading, readings
from waferlab.checks.training.runs import LEARN_EPOCHS, LEARN_TRAIN, probe_train

COEFFICIENT_TOL, BETA_TOL = 2e-3, 0.01
LEFT_OVER_TOL = 0.01  # of a gradient that is not recon + beta * kl
RATE_RTOL = 0.02
MEAN_RTOL = 1e-3
#: Share of the mean image's squared error that may be left on new normals; the grader's measured floor is lower.
LEARN_LIMIT = 1.0

NO_STEPS = "the weights did not change: is there an optimiser step?"
NO_GRADIENT = "no gradient arrived: is there a backward pass?"
UNKNOWN_STEPS = "the steps follow neither from these gradients with AdamW nor from a common mistake"
AIMLESS = "the gradients are of no loss that would make a reconstruction better"
UNDECIDED = "the gradients are too small, or too much alike, to tell"
NO_VALIDATION = "no validation batch was passed through the model"

#: Columns of `Reading.passes`.
BATCH, MODE, ENABLED, SIZE, RECON, KL, BEFORE = (
    Pass._fields.index(name) for name in ("batch", "training", "enabled", "size", "recon", "kl", "before")
)

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
    if reading.silent:
        return NO_GRADIENT
    if not (factors[:, 2] <= LEFT_OVER_TOL).all():
        return "its gradient is not that of recon + beta * kl"
    worst = factors[np.abs(factors[:, 0] - 1).argmax(), 0]
    return None if abs(worst - 1) <= COEFFICIENT_TOL else f"recon has the factor {worst:.4g}"


def beta_fault(seen: Observation, expected: Observation) -> str | None:
    """In which epoch of which run the KL divergence has another weight than it should.

    A mistake in Task 1 costs nothing here: `kl_weight`'s own numbers are right, too, for a loop that uses those of the
    examiner where they take their place.
    """
    found = readings(seen, expected)
    calm = found["calm"]
    calls = isinstance(calm, Reading) and wrong_epoch(calm, calm.given) is None
    runs = [found[part] for part in RUNS if isinstance(found[part], Reading)]
    return next((fault for run in runs if (fault := run_beta_fault(run, calls=calls))), None)


def run_beta_fault(reading: Reading, *, calls: bool) -> str | None:
    """The same for one run; `calls` tells whether the loop is known to use what `kl_weight` gives."""
    factors = reading.factors
    if reading.silent:
        return NO_GRADIENT
    if not (factors[:, 2] <= LEFT_OVER_TOL).all() or not (np.abs(factors[:, 0]) > 1e-9).all():
        return "the loss is not recon + beta * kl"
    epoch = wrong_epoch(reading, reading.betas)
    if epoch is None or (calls and wrong_epoch(reading, reading.given) is None):
        return None
    return f"{RUNS[reading.part]}, epoch {epoch}: {reading.found_betas[epoch, 0]:.3f} in its first batch"


def wrong_epoch(reading: Reading, betas: np.ndarray | None) -> int | None:
    """The first epoch whose weights are not these; None when all are."""
    if betas is None:
        return 0
    off = np.abs(reading.found_betas - betas[:, None]).max(axis=1)
    wrong = ~(off <= BETA_TOL)
    return int(wrong.argmax()) if wrong.any() else None


# --- the steps ---------------------------------------------------------------------------------------------------


def unexplained(reading: Reading) -> str | None:
    """Why nothing can be said about the steps of a run, in words; None when something can."""
    if isinstance(reading.how, str):
        return NO_STEPS if reading.how == STILL else UNKNOWN_STEPS
    return AIMLESS if reading.aimless else None


def step_fault(choice: str, words: Mapping[str, str]) -> RunFault:
    """The fault "the steps were made in a wrong way", for one choice of `Explanation` and its wrong values."""

    def fault(reading: Reading, seen: Observation) -> str | None:
        found = unexplained(reading) or words.get(getattr(reading.how, choice, ""))
        return found or (UNDECIDED if choice in reading.rivals else None)

    return fault


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
    right = not unexplained(reading) and reading.how.clipping != "always"
    return None if right else "gradients with a norm below 1 were changed"


def schedule_fault(reading: Reading, seen: Observation) -> str | None:
    """In which epoch the learning rate leaves the cosine."""
    if found := unexplained(reading):
        return found
    if reading.part == "large" and "optimiser" in reading.rivals:
        return UNDECIDED
    settings = reading.settings
    rows, want = (settings.by_epoch(rates) for rates in (reading.rates, reading.want_rates))
    wrong = ~(np.abs(rows - want) <= RATE_RTOL * want).all(axis=1)
    if not wrong.any():
        return None
    epoch = int(wrong.argmax())
    low, high = rows[epoch].min() / settings.lr, rows[epoch].max() / settings.lr
    text = f"{low:.3g}" if high - low <= RATE_RTOL * abs(high) else f"{low:.3g} to {high:.3g} within the epoch"
    return f"{RUNS[reading.part]}, epoch {epoch}: {text} times `lr`"


# --- modes and gradients -----------------------------------------------------------------------------------------


def modes_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether the model is in the wrong mode for some training or validation batches."""
    train, val = reading.split(0)[:, MODE], reading.split(1)[:, MODE]
    if not len(val):
        return NO_VALIDATION
    if not train.all():
        return f"{int((train == 0).sum())} of {len(train)} training batches in evaluation mode"
    if val.any():
        return f"{int(val.sum())} of {len(val)} validation batches in training mode"
    return None


def no_grad_fault(reading: Reading, seen: Observation) -> str | None:
    """Whether validation makes gradients."""
    val = reading.split(1)[:, ENABLED]
    if not len(val):
        return NO_VALIDATION
    if seen.get(f"{reading.part}.validation_gradients") != 0:
        return "a backward pass went through validation batches"
    if val.any():
        return f"they were recorded in {int(val.sum())} of {len(val)} validation batches"
    return None


# --- the history -------------------------------------------------------------------------------------------------


def history_fault(reading: Reading, seen: Observation) -> str | None:
    """What keeps the result from being six lists with one finite number for each epoch."""
    if text := seen.get(f"{reading.part}.history"):
        return str(text)[:300]
    for name in HISTORY:
        values, want = array_of(seen, f"{reading.part}.{name}"), reading.settings.num_epochs
        if values is None or values.shape != (want,):
            return f"{name}: {'none' if values is None else values.size} numbers for {want} epochs"
        if not np.isfinite(values).all():
            return f"{name} holds NaN or infinity"
    return None


def epoch_means(passes: np.ndarray, betas: np.ndarray, *, weighted: bool) -> np.ndarray:
    """Means of total, cross-entropy and KL divergence over the batches of each epoch: (3, epochs).

    Args:
        passes: (epochs * batches, 8), see `Pass`.
        betas: (epochs,).
        weighted: by batch size, else every batch counts the same.
    """
    rows = passes.reshape(len(betas), -1, passes.shape[1])
    weights = np.maximum(rows[:, :, SIZE], 1) if weighted else np.ones(rows.shape[:2])
    recon, kl = ((rows[:, :, n] * weights).sum(axis=1) / weights.sum(axis=1) for n in (RECON, KL))
    return np.stack([recon + betas * kl, recon, kl])


def last_validations(reading: Reading) -> np.ndarray | None:
    """For each epoch the validation passes that followed its last training batch; None unless all batches are there."""
    val, settings, rows = reading.split(1), reading.settings, []
    for epoch in range(settings.num_epochs):
        after = val[val[:, BEFORE] == (epoch + 1) * settings.train_batches]
        last = after[-settings.val_batches :]
        if len(after) % settings.val_batches or [*np.sort(last[:, BATCH])] != [*range(settings.val_batches)]:
            return None
        rows.append(last)
    return np.concatenate(rows)


def means_fault(reading: Reading, seen: Observation) -> str | None:
    """What the three training lists tell otherwise than it happened, as means per image or per batch."""
    passes = reading.split(0)
    return lists_fault(reading, seen, HISTORY[:3], passes[passes[:, ENABLED] == 1], betas_of(reading))


def validation_fault(reading: Reading, seen: Observation) -> str | None:
    """What the three validation lists tell otherwise than it happened; their total may take each epoch's beta, or 1."""
    betas = [*betas_of(reading), np.ones(reading.settings.num_epochs)]
    return lists_fault(reading, seen, HISTORY[3:], last_validations(reading), betas)


def betas_of(reading: Reading) -> list[np.ndarray]:
    """The betas that a list may be made with: the right ones, and those of the loop, which another check judges."""
    return [reading.betas, reading.settings.by_epoch(reading.factors[:, 1])[:, 0]]


def lists_fault(
    reading: Reading,
    seen: Observation,
    names: tuple[str, ...],
    passes: np.ndarray | None,
    betas: Sequence[np.ndarray],
) -> str | None:
    """Which of three lists does not hold the means of these passes, of batches or of images, with any of some betas."""
    epochs = reading.settings.num_epochs
    if passes is None or not len(passes) or len(passes) % epochs:
        return "not every epoch is followed by one pass over all validation batches"
    lists = [array_of(seen, f"{reading.part}.{name}") for name in names]
    if any(values is None or values.shape != (epochs,) for values in lists):
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
    found, times = got[row, epoch], got[row, epoch] / (want[row, epoch] or np.nan)
    more = f", about {times:.2g} times what it should be" if np.isfinite(times) and abs(times - 1) > 0.05 else ""
    return f"{('total', 'recon', 'kl')[row]} of epoch {epoch}: {found:.4g}{more}"


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
    name=ANSWER,
    title=f"Task 2: {ANSWER}",
    defines=(ANSWER,),
    observe=probe_train,
    apart=True,
    shims=SHIMS,
    expects=tuple(f"{part}.{key}" for part in RUNS for key in ("settings", "told", "rates")),
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
            either(fault_in("large", fault=lambda reading, seen: None), beta_fault),
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
