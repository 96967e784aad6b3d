"""Task 1 of assignment 08: measuring inference time.

A clock that is read before a call and after its work shows at least the time from one to the other, and at most the
time from the end of the work before to whatever comes next. These two bounds hold on every machine, however busy, so
they need no tolerance but one for rounding: a right measurement never fails. What the stubs take is known to the judge
beforehand, so that a result below it is wrong whatever the notes say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from waferlab.checks.benchmark.measuring import (
    BATCH_SIZES,
    BUDGET,
    KEYS,
    REAL_ON_CPU,
    REAL_ON_GPU,
    STREAMS,
    TIMES,
    p99_of,
    probe_inference,
)
from waferlab.checks.benchmark.shared import PartFault, first_fault, in_parts, number_of, restored_fault
from waferlab.checks.core import MAX_TEXT, Check, Fault, Finding, Observation, Task, array_of, error_of

LIMIT_MS = 50.0
#: Rounding to hundredths of a millisecond is allowed, and clocks may run differently fast by one in a thousand.
ATOL_MS, RTOL = 0.006, 1e-3
USED = ("short", "long")


# --- what was planned, and what was noted ------------------------------------------------------------------------


def plan_of(expected: Observation, part: str) -> tuple[int, int, int]:
    """`n_warmup`, `n_runs` and the image size that a part asked for."""
    n_warmup, n_runs, size = (int(value) for value in np.asarray(expected[f"{part}.plan"]))
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


def time_bounds(seen: Observation, part: str, batch: int, n_runs: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The least and the most that a right clock shows for the last `n_runs` calls with a batch size, in ms.

    Returns:
        Two arrays (n_runs,), or None when the timeline does not have so many calls.
    """
    shapes, span = shapes_of(seen, part), array_of(seen, f"{part}.span")
    n = len(shapes)
    names = ("start", "done", "made_begin", "made_end")
    start, done, made_begin, made_end = (column(seen, part, name, n) for name in names)
    index = np.flatnonzero(shapes[:, 0] == batch)[-n_runs:]
    if start is None or done is None or made_begin is None or made_end is None or len(index) < n_runs:
        return None
    if span is None or span.shape != (2,):
        return None
    before = np.concatenate([span[:1], done[:-1]])
    ready = np.fmax(before, made_end)
    following = np.where(np.isnan(made_begin), start, made_begin)
    after = np.maximum(np.concatenate([following[1:], span[1:]]), done)
    return 1000 * (done - np.maximum(start, before))[index], 1000 * (after - ready)[index]


# --- faults ------------------------------------------------------------------------------------------------------


def time_fault(seen: Observation, part: str, key: str, n_runs: int, floors: np.ndarray) -> str | None:
    """What is wrong with the means (`mean_ms`) or the P99 (`p99_ms`) of one part, in words; None when nothing is.

    Args:
        seen: the student's observation.
        part: which model was measured.
        key: `mean_ms` or `p99_ms`.
        n_runs: timed calls for each batch size.
        floors: what the model took at least, in ms, (4,).
    """
    if error := error_of(seen, part):
        return f"raised {error}"
    got = column(seen, part, key, len(BATCH_SIZES))
    if got is None:
        return f"no numbers in '{key}'"
    bounds = [time_bounds(seen, part, batch, n_runs) for batch in BATCH_SIZES]
    for batch, both in zip(BATCH_SIZES, bounds, strict=True):
        if both is None:
            return f"the model was called too rarely with {batch} images"
    reduce = np.mean if key == "mean_ms" else p99_of
    least = [max(float(floor), float(reduce(low))) for floor, (low, _) in zip(floors, bounds, strict=True)]
    most = [float(reduce(high)) for _, high in bounds]
    return interval_fault(got, least, most, real_clock=seen.get(f"{part}.real_clock") is not None)


def interval_fault(
    got: Iterable[float], least: Iterable[float], most: Iterable[float], *, real_clock: bool
) -> str | None:
    """What is wrong with times that lie outside what is possible; None when all lie inside.

    On a real clock the words are always the same: by how much a time is off, and with which batch size first, depends
    on what else the machine is doing.
    """
    for batch, value, low, high in zip(BATCH_SIZES, got, least, most, strict=True):
        if not (1 - RTOL) * low - ATOL_MS <= value <= (1 + RTOL) * high + ATOL_MS:
            if real_clock:
                return "the times that you report are not those that the calls took"
            return f"batch {batch}: you report {off_by(value, low, high)}"
    return None


def off_by(value: float, least: float, most: float) -> str:
    """How a reported time misses the interval that is possible, in words."""
    if not np.isfinite(value):
        return "no number"
    if value > most:
        return "more than the call can have taken"
    if abs(value * 1000 / least - 1) < 0.5:
        return "a thousandth of what it took: are these seconds?"
    return f"{'less than a tenth of' if value < least / 10 else 'less than'} what it really took"


def stub_fault(key: str) -> PartFault:
    """The fault "the times of a stub, whose cost is known, are wrong", for `mean_ms` or `p99_ms`."""

    def fault(seen: Observation, expected: Observation, part: str) -> str | None:
        floors = np.asarray(expected[f"{part}.floor.{key}"], dtype=float)
        return time_fault(seen, part, key, plan_of(expected, part)[1], floors)

    return fault


def synchronise_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with times on a GPU; None when they include the work, and nothing that was queued before."""
    return first_fault(stub_fault(key)(seen, expected, "gpu") for key in TIMES[:2])


def results_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the form of one result; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if (flaw := seen.get(f"{part}.flaw")) is not None:
        return str(flaw)[:MAX_TEXT]
    columns = [column(seen, part, key, len(BATCH_SIZES)) for key in TIMES]
    return None if all(values is not None and (values > 0).all() for values in columns) else "no result"


def calls_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with number and shape of the calls, and whether it is so by default; None when nothing is."""
    found = calls_of_part_fault(seen, expected, part)
    return f"called with a model alone: {found}" if found and part == "defaults" else found


def calls_of_part_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with number and shape of the calls; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    n_warmup, n_runs, size = plan_of(expected, part)
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


def per_image_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with the times per image; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    mean, per_image = (column(seen, part, key, len(BATCH_SIZES)) for key in ("mean_ms", "per_image_ms"))
    if mean is None or per_image is None:
        return "no numbers"
    for batch, whole, single in zip(BATCH_SIZES, mean, per_image, strict=True):
        if not abs(single - whole / batch) <= ATOL_MS + RTOL * whole / batch:
            return f"batch {batch}: per_image_ms is not mean_ms / {batch}"
    return None


def memory_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the peak memory; None when it is that of the calls, in MiB, and None without a GPU."""
    want, got = float(np.asarray(expected["gpu.peak"])), number_of(seen.get("gpu.peak_memory_mib"))
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
    for part in ("short", "long", "budget", "over"):
        if error := error_of(seen, part):
            return f"raised {error}"
    for part in ("short", "long"):
        want, got = float(np.asarray(expected[f"{part}.count"])), number_of(seen.get(f"{part}.parameters"))
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
    on_gpu = device_of(seen) != "cpu"
    n_runs, none = (REAL_ON_GPU if on_gpu else REAL_ON_CPU)[1], np.zeros(len(BATCH_SIZES))
    if found := first_fault(time_fault(seen, "real", key, n_runs, none) for key in TIMES[:2]):
        return found
    p99 = column(seen, "real", "p99_ms", len(BATCH_SIZES))
    return f"more than {LIMIT_MS:g} ms (P99) for one image" if on_gpu and not p99[0] <= LIMIT_MS else None


# --- what the notebook and the grader use ------------------------------------------------------------------------
#
# Times are judged by bounds, not by windows around an expected value: a clock that is read before a call and after its
# work shows at least the time between the stub's own notes of both, and at most the time from the end of the work
# before to whatever the answer does next. A right answer meets both on every machine, however busy; what is left is
# rounding, and clocks that differ by less than one in a thousand. So its chance to fail is not measured but nil. On the
# virtual clock a wrong answer fails on every machine, too, and in the same words. On the real clock it is caught about
# as well on a busy machine as on a quiet one: a stub notes its own time after it has slept, so that what a busy machine
# adds to a sleep is in the bounds.
#
# The 50 ms are judged where there is a GPU only (`real-model`): there P99 at batch 1 must not exceed them.

PLANNED = (*STREAMS, "gpu", "defaults")


class InferenceTask(Task):
    """A task that says on which device its real model ran: whether the 50 ms were judged depends on that."""

    def judge(
        self, seen: Observation, expected: Observation, hidden: Mapping[str, Fault] | None = None
    ) -> list[Finding]:
        """A finding for every check, that of the real model with its device."""
        device = device_of(seen)
        where = f"{REAL_ON_GPU[2]} px on {device}"
        if device == "cpu":
            where = f"{REAL_ON_CPU[2]} px on the CPU (no GPU here: the {LIMIT_MS:g} ms are not judged)"
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
    expects=(
        *(f"{part}.plan" for part in PLANNED),
        *(f"{part}.floor.{key}" for part in (*STREAMS, "gpu") for key in TIMES[:2]),
        "gpu.peak",
        "short.count",
        "long.count",
    ),
    checks=(
        Check(
            "results",
            0.25,
            "the returned dict: its keys, and a positive number for each batch size",
            f"the keys {', '.join(KEYS)}",
            in_parts(USED, results_fault),
            requires=("mean",),
        ),
        Check(
            "calls",
            0.5,
            "number and shape of the calls, with your arguments and by default",
            "n_warmup + n_runs calls for each batch size, shape (B, 1, img_size, img_size); by default 10, 100, 128",
            in_parts((*USED, "defaults"), calls_fault),
        ),
        Check(
            "eval-mode",
            0.25,
            "how the model is called",
            "evaluation mode (every submodule), no gradients",
            in_parts(USED, mode_fault),
        ),
        Check(
            "mode-restored",
            0.25,
            "the model's mode afterwards",
            "the mode it came in, train or eval",
            restored_fault({"short": True, "long": False}),
            requires=("eval-mode",),
        ),
        Check(
            "mean",
            0.75,
            "mean_ms against models of known cost",
            "the mean of the timed calls, in ms; warm-up calls and making images do not count",
            in_parts(STREAMS, stub_fault("mean_ms")),
        ),
        Check(
            "p99",
            0.5,
            "p99_ms, few and many runs",
            "sorted(times)[int(0.99 * n)], in ms",
            in_parts(STREAMS, stub_fault("p99_ms")),
        ),
        Check(
            "per-image",
            0.25,
            "per_image_ms against mean_ms",
            "mean_ms divided by the batch size",
            in_parts(USED, per_image_fault),
            requires=("mean",),
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
        ),
        Check(
            "parameters",
            0.25,
            "parameters and within_budget",
            "all parameters, frozen ones too; at most 15,000,000",
            parameters_fault,
        ),
        Check(
            "real-model",
            0.25,
            "the VAE of assignment 04",
            f"what the model took, as timed from outside; on a GPU at most {LIMIT_MS:g} ms",
            real_fault,
            requires=("mean",),
        ),
    ),
)
