"""Task 1 of assignment 08: measuring inference time.

What every call of a stub costs is the examiner's, and drawn anew in every exam; a clock that is read before a call and
after its work shows just that, and a few ticks for the readings. So a right measurement never fails, and a wrong one
fails on every machine, in the same words. Only where an answer reads a clock that the desk cannot reach, time is real;
then a right clock shows at least the time that the call was at work, and at most the time from the end of the work
before to whatever comes next, however busy the machine is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from waferlab.checks.benchmark.measuring import (
    BATCH_SIZES,
    BUDGET,
    REAL_ON_GPU,
    SHIMS,
    TIMES,
    is_loose,
    probe_inference,
)
from waferlab.checks.benchmark.shared import PartFault, first_fault, in_parts, number_of, restored_fault
from waferlab.checks.core import MAX_TEXT, Check, Fault, Finding, Observation, Task, array_of, error_of

LIMIT_MS = 50.0
#: Rounding to hundredths of a millisecond is allowed, and clocks may run differently fast by one in a thousand.
ATOL_MS, RTOL = 0.006, 1e-3
TICKS_MS = 0.02  # twenty readings of the clock
USED = ("short", "long")
COSTLY = (*USED, "real")


# --- what was planned, and what was written down -----------------------------------------------------------------


def plan_of(seen: Observation, part: str) -> tuple[int, int, int]:
    """`n_warmup`, `n_runs` and the image size that a part asked for; zeros where there was no such part."""
    plan = array_of(seen, f"{part}.plan")
    fits = plan is not None and plan.shape == (3,) and (np.abs(plan) < 1e6).all()
    n_warmup, n_runs, size = map(int, plan) if plan is not None and fits else (0, 0, 0)
    return n_warmup, n_runs, size


def column(seen: Observation, part: str, name: str, length: int) -> np.ndarray | None:
    """A finite column of the timeline, or None."""
    values = array_of(seen, f"{part}.{name}")
    return values if values is not None and values.shape == (length,) else None


def shapes_of(seen: Observation, part: str) -> np.ndarray:
    """Shapes of the inputs of all calls, (n, 4); no rows when there was none."""
    shapes = array_of(seen, f"{part}.shapes")
    fits = shapes is not None and shapes.ndim == 2 and shapes.shape[1] == 4 and np.isfinite(shapes).all()
    return shapes if shapes is not None and fits else np.zeros((0, 4))


def shown(seen: Observation, part: str, batch: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The least and the most that a right clock shows for each timed call with a batch size, in ms.

    Returns:
        Two arrays (n_runs,), or None when there were not so many calls.
    """
    shapes, n_runs = shapes_of(seen, part), plan_of(seen, part)[1]
    least, most = (column(seen, part, name, len(shapes)) for name in ("least", "most"))
    index = np.flatnonzero(shapes[:, 0] == batch)[-n_runs:]
    if least is None or most is None or not n_runs or len(index) < n_runs:
        return None
    return 1000 * least[index], 1000 * most[index]


def p99_range(least: np.ndarray, most: np.ndarray) -> tuple[float, float]:
    """Between which numbers the P99 of times lies: that of the rule, or one between its neighbours, as libraries do."""
    values = np.sort(most)
    return float(np.percentile(least, 99)), float(values[min(int(0.99 * len(values)), len(values) - 1)])


# --- faults ------------------------------------------------------------------------------------------------------


def single_fault(seen: Observation, expected: Observation, part: str, key: str) -> str | None:
    """What is wrong with the mean (`single_mean_ms`) or the P99 (`single_p99_ms`) of one part; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    got, both = number_of(seen.get(f"{part}.{key}")), shown(seen, part, 1)
    if np.isnan(got):
        return f"no number in '{key}'"
    if both is None:
        return "the model was called too rarely with 1 image"
    low, high = p99_range(*both) if key == "single_p99_ms" else (float(both[0].mean()), float(both[1].mean()))
    return told(seen, part, f"'{key}' is ", outside(got, low, high))


def batches_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the mean times per image by batch size; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    got = column(seen, part, "batch_results", len(BATCH_SIZES))
    if got is None or np.isnan(got).all():
        return "no numbers in 'batch_results'"
    for batch, value in zip(BATCH_SIZES, got, strict=True):
        if (both := shown(seen, part, batch)) is None:
            return f"the model was called too rarely with {batch} images"
        low, high = (float(one.mean()) / batch for one in both)
        if found := outside(value, low, high, batch):
            return told(seen, part, f"batch {batch}: you report ", found)
    return None


def told(seen: Observation, part: str, what: str, found: str | None) -> str | None:
    """How a time is off, in words; on a real clock always the same.

    There, by how much a time is off, and which first, depends on what else the machine is doing.
    """
    if found and seen.get(f"{part}.real_clock") is not None:
        return "the times that you report are not those that the calls took"
    return found and what + found


def outside(value: float, least: float, most: float, batch: int = 1) -> str | None:
    """How a reported time misses the interval that is possible, in words; None when it lies inside.

    Args:
        value: what is reported, in ms.
        least, most: the interval, in ms.
        batch: of how many images it is the time of one.
    """
    if (1 - RTOL) * least - ATOL_MS <= value <= (1 + RTOL) * most + ATOL_MS + TICKS_MS / batch:
        return None
    if not np.isfinite(value):
        return "no number"
    if abs(value * 1000 / least - 1) < 0.5:
        return "a thousandth of what it took: are these seconds?"
    if batch > 1 and abs(value / batch / least - 1) < 0.1:
        return "the time of the whole batch: divide by the number of images"
    if value > most:
        return "more than the call can have taken"
    return f"{'less than a tenth of' if value < least / 10 else 'less than'} what it really took"


def stub_fault(key: str) -> PartFault:
    """The fault "the times of a stub are wrong", for one of the keys."""
    if key == "batch_results":
        return batches_fault
    return lambda seen, expected, part: single_fault(seen, expected, part, key)


def timed_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """Whether the times by batch size have another order than what the calls took; None when it is the same."""
    if error := error_of(seen, part):
        return f"raised {error}"
    got = column(seen, part, "batch_results", len(BATCH_SIZES))
    bounds = [shown(seen, part, batch) for batch in BATCH_SIZES]
    if got is None or not np.isfinite(got).all() or None in bounds:
        return "no times of all batch sizes"
    virtual = seen.get(f"{part}.real_clock") is None or (part == "real" and device_of(seen) != "cpu")
    if not virtual and is_loose(seen, part):
        return "this machine is too busy to tell, by a clock that is none of the module `time`"
    low, high = (np.array([both[side].mean() for both in bounds if both]) for side in (0, 1))
    pairs = [(i, j) for i, j in combinations(range(len(got)), 2) if high[i] < low[j] or high[j] < low[i]]
    for times in (got * BATCH_SIZES, got):
        if all((times[i] < times[j]) == (low[i] < low[j]) for i, j in pairs):
            return None
    return "the times do not follow those that the calls took"


def synchronise_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with times on a GPU; None when they include the work, and nothing that was queued before."""
    return first_fault(stub_fault(key)(seen, expected, "gpu") for key in TIMES)


def results_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the form of one result; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if (flaw := seen.get(f"{part}.flaw")) is not None:
        return str(flaw)[:MAX_TEXT]
    times = column(seen, part, "batch_results", len(BATCH_SIZES))
    singles = [number_of(seen.get(f"{part}.{key}")) for key in TIMES[:2]]
    return None if times is not None and min(*times, *singles) > 0 else "no result"


def calls_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with number and shape of the calls, and whether it is so by default; None when nothing is."""
    found = calls_of_part_fault(seen, expected, part)
    return f"called with a model alone: {found}" if found and part == "defaults" else found


def calls_of_part_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with number and shape of the calls; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    n_warmup, n_runs, size = plan_of(seen, part)
    shapes = shapes_of(seen, part)
    if not len(shapes):
        return "the model was never called"
    other = [row for row in shapes.astype(int).tolist() if row[0] not in BATCH_SIZES or row[1:] != [1, size, size]]
    if other:
        return f"an input of shape {tuple(n for n in other[0] if n >= 0)}, with img_size={size}"
    for batch in BATCH_SIZES:
        count = int((shapes[:, 0] == batch).sum())
        if count != n_warmup + n_runs:
            return f"{count} calls with {batch} images, with n_warmup={n_warmup} and n_runs={n_runs}"
    ok = column(seen, part, "float32", len(shapes))
    return None if ok is not None and ok.all() else "inputs that are not float32"


def mode_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the mode during the calls; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    n = len(shapes_of(seen, part))
    training, gradients = column(seen, part, "training", n), column(seen, part, "gradients", n)
    if not n or training is None or gradients is None:
        return "the model was never called"
    if training.any():
        return f"{int(training.sum())} of {n} calls in training mode"
    return f"{int(gradients.sum())} of {n} calls record gradients" if gradients.any() else None


def memory_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the peak memory; None when it is that of the calls, in MiB, and None without a GPU."""
    want, got = number_of(seen.get("gpu.peak")), number_of(seen.get("gpu.peak_memory_mib"))
    if error := error_of(seen, "gpu"):
        return f"raised {error}"
    if not abs(got - want) <= 0.01 + RTOL * want:
        return "nothing on a GPU" if np.isnan(got) else f"{got:.5g} on a GPU{memory_hint(got, want)}"
    return None if seen.get("short.no_memory") is True else "a number on the CPU"


def memory_hint(got: float, want: float) -> str:
    """The likely cause of a wrong peak."""
    if abs(got / want - 2**20 / 1e6) < 0.01:
        return ". Are these MB of 10**6 bytes?"
    if abs(got / want - 2**20) < 0.01 * 2**20:
        return ". Are these bytes?"
    return ". Was the peak reset before the first call?" if got > want else ""


def parameters_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the count or the comparison; None when nothing is."""
    for part in (*USED, "budget", "over"):
        if error := error_of(seen, part):
            return f"raised {error}"
    for part in USED:
        want, got = number_of(seen.get(f"{part}.count")), number_of(seen.get(f"{part}.parameters"))
        if np.isnan(got):
            return "no number in 'parameters'"
        if got != want:
            return f"counted {got:,.0f} parameters of a model that has another number"
    for part, count, want in (("budget", BUDGET, 1.0), ("over", BUDGET + 1, 0.0)):
        if number_of(seen.get(f"{part}.within_budget")) != want:
            return f"within_budget is not {bool(want)} for {count:,} parameters"
    return None


def device_of(seen: Observation) -> str:
    """The name of the GPU that the real model ran on, or `cpu`."""
    return str(seen.get("real.device", "cpu"))[:60]


def real_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the times of a real model, or with the model where that can be told; None when nothing is."""
    if found := first_fault(stub_fault(key)(seen, expected, "real") for key in TIMES):
        return found
    slow = device_of(seen) != "cpu" and not number_of(seen.get("real.single_p99_ms")) <= LIMIT_MS
    return f"more than {LIMIT_MS:g} ms (P99) for one image" if slow else None


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# `timed` asks for so little that no measurement of any kind fails it, and for so much that nobody passes it who did not
# measure: which of four batch sizes takes longest is drawn for each part. What the desk alone can say (modes and
# gradients) and what is cheap to invent gives points only with it.
#
# The 50 ms are judged where there is a GPU only (`real-model`): there P99 at batch 1 must not exceed them.


class InferenceTask(Task):
    """A task that says on which device its real model ran: whether the 50 ms were judged depends on that."""

    def judge(
        self, seen: Observation, expected: Observation, hidden: Mapping[str, Fault] | None = None
    ) -> list[Finding]:
        """A finding for every check, that of the real model with its device."""
        device = device_of(seen)
        where = f"{REAL_ON_GPU[2]} px on {device}"
        if device == "cpu":
            where = f"16 px on the CPU (no GPU here: the {LIMIT_MS:g} ms are not judged)"
        findings = super().judge(seen, expected, hidden)
        return [
            replace(one, tested=f"{one.tested} at {where}") if one.name == "real-model" else one for one in findings
        ]


INFERENCE = InferenceTask(
    module="benchmark",
    name="benchmark_inference",
    title="Task 1: benchmark_inference",
    defines=("benchmark_inference",),
    observe=probe_inference,
    apart=True,
    shims=SHIMS,
    checks=(
        Check(
            "results",
            0.25,
            "the returned dict: a positive number for one image, and for each batch size",
            f"the keys {', '.join(TIMES)}",
            in_parts(USED, results_fault),
            requires=("timed",),
        ),
        Check(
            "calls",
            0.5,
            "number and shape of the calls, with your arguments and by default",
            "n_warmup + n_runs calls for each batch size, shape (B, 1, img_size, img_size); by default 10, 100, 128",
            in_parts((*USED, "defaults"), calls_fault),
            requires=("timed",),
        ),
        Check(
            "eval-mode",
            0.25,
            "how the model is called",
            "evaluation mode (every submodule), no gradients",
            in_parts(USED, mode_fault),
            requires=("timed",),
        ),
        Check(
            "mode-restored",
            0.25,
            "the model's mode afterwards",
            "the mode it came in, train or eval",
            restored_fault({"short": True, "long": False}),
            requires=("timed", "eval-mode"),
        ),
        Check(
            "timed",
            0.25,
            "the times, whatever their unit, against models of known cost",
            "a batch that takes the model longer has the larger time",
            in_parts(COSTLY, timed_fault),
        ),
        Check(
            "mean",
            0.5,
            "single_mean_ms against models of known cost",
            "the mean of the timed calls with one image, in ms; warm-up calls and making images do not count",
            in_parts(USED, stub_fault("single_mean_ms")),
        ),
        Check(
            "p99",
            0.5,
            "single_p99_ms, few and many runs",
            "sorted(times)[int(0.99 * n_runs)] of the calls with one image, in ms (or interpolated)",
            in_parts(USED, stub_fault("single_p99_ms")),
        ),
        Check(
            "per-image",
            0.25,
            "batch_results against models of known cost",
            "the mean time of the timed calls divided by the batch size, in ms",
            in_parts(USED, batches_fault),
        ),
        Check(
            "synchronise",
            0.5,
            "times on a GPU that returns at once and works later (pretended)",
            "wait with torch.cuda.synchronize() (or events) before the clock starts and before it is read again",
            synchronise_fault,
        ),
        Check(
            "memory",
            0.25,
            "peak_memory_mib",
            "the largest torch.cuda.max_memory_allocated since a reset, in MiB (2**20 bytes); None on the CPU",
            memory_fault,
            requires=("timed",),
        ),
        Check(
            "parameters",
            0.25,
            "parameters and within_budget",
            "all parameters, frozen ones too; at most 15,000,000",
            parameters_fault,
            requires=("timed",),
        ),
        Check(
            "real-model",
            0.25,
            "the VAE of assignment 04",
            f"what the model took; on a GPU at most {LIMIT_MS:g} ms",
            real_fault,
            requires=("mean",),
        ),
    ),
)
