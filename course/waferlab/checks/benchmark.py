"""Visible checks of assignment 08: measuring inference time, and exporting a model.

No clock is trusted that the answer could reach: the functions of `time` are taken here, before an answer runs. The
models are stubs (`waferlab.checks.stubs`) that take a known time and note when each call began and when its work was
done. A clock that is read before a call and after its work shows at least the time from one to the other, and at most
the time from the end of the work before to whatever comes next. These two bounds hold on every machine, however busy,
so they need no tolerance but one for rounding: a right measurement never fails. What the stubs sleep is known to the
judge beforehand, so that a result below it is wrong whatever the notes say.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.core import (
    MAX_TEXT,
    Case,
    Finding,
    Observation,
    Task,
    array_of,
    error_of,
    run_visible,
    scenario,
)

if TYPE_CHECKING:
    import torch

    from waferlab.checks.stubs import Log

BATCH_SIZES = (1, 8, 32, 64)
BUDGET = 15_000_000
LIMIT_MS = 50.0
TIMES = ("mean_ms", "p99_ms", "per_image_ms")
KEYS = (*TIMES, "peak_memory_mib", "parameters", "within_budget")
#: Rounding to hundredths of a millisecond is allowed, and clocks may run differently fast by one in a thousand.
ATOL_MS, RTOL = 0.006, 1e-3
SLOW = (0.006, 0.012, 0.018)  # seconds: the three slowest calls of a long run
STREAMS = {"short": 1, "long": 2, "hundred": 4}  # of the random numbers behind each stub on the CPU
COLD = 0.006  # seconds: a call before everything is warm
MAKING = 0.003  # seconds that making images takes

REAL_ON_CPU, REAL_ON_GPU = (1, 5, 16), (10, 150, 128)  # warm-up calls, timed calls, image size of the real model

NOW, SLEEP = time.perf_counter, time.sleep

MAX_DIFFERENCE = 1e-5
EXPORT_BATCHES = (1, 2, 3, 8)
SUFFIXES = {"torchscript": ".pt", "torch_export": ".pt2"}
SLIGHT = 1e-7


# --- Task 1: probe -----------------------------------------------------------------------------------------------


def costs_of(rng: np.random.Generator, n_warmup: int, n_runs: int, *, slow: bool = False) -> dict[int, np.ndarray]:
    """Seconds for each call, by batch size: cold calls, then `n_runs` calls, three of them slow on request."""
    costs = {}
    for batch in BATCH_SIZES:
        runs = np.full(n_runs, 2e-4 + 4e-6 * batch * rng.uniform(0.8, 1.2)) if slow else rng.uniform(1e-3, 2e-3, n_runs)
        if slow:
            runs[rng.choice(n_runs, 3, replace=False)] = np.array(SLOW) * rng.uniform(0.9, 1.1)
        costs[batch] = np.concatenate([np.full(n_warmup, COLD), runs])
    return costs


def p99_of(values: np.ndarray) -> float:
    """`sorted(values)[int(0.99 * n)]`."""
    return float(np.sort(values)[min(int(0.99 * len(values)), len(values) - 1)])


def note_plan(seen: Observation, part: str, n_warmup: int, n_runs: int, size: int) -> None:
    """What was asked for: the judge reads it from the reference's observation."""
    seen[f"{part}.plan"] = np.array([n_warmup, n_runs, size])


def note_floors(seen: Observation, part: str, costs: Mapping[int, np.ndarray], n_warmup: int) -> None:
    """The least that a right measurement can show, in ms by batch size."""
    runs = [1000 * costs[batch][n_warmup:] for batch in BATCH_SIZES]
    seen[f"{part}.floor.mean_ms"] = np.array([values.mean() for values in runs])
    seen[f"{part}.floor.p99_ms"] = np.array([p99_of(values) for values in runs])


def number_of(value: Any) -> float:
    """A number as float; NaN for anything else."""
    if isinstance(value, (str, bytes, dict)) or value is None:
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        return float("nan")


def read_times(result: Mapping[Any, Any], key: str, flaws: list[str]) -> np.ndarray:
    """One number for each batch size, NaN where there is none."""
    entry = result.get(key)
    if not isinstance(entry, Mapping):
        flaws.append(f"'{key}' is {describe(entry)} instead of a dict by batch size")
        return np.full(len(BATCH_SIZES), np.nan)
    if set(entry) != set(BATCH_SIZES):
        flaws.append(f"'{key}' has the keys {[*entry]} instead of {[*BATCH_SIZES]}")
    values = np.array([number_of(entry.get(batch, entry.get(str(batch)))) for batch in BATCH_SIZES])
    if not (np.isfinite(values) & (values > 0)).all():
        flaws.append(f"'{key}' holds something that is no positive number")
    return values


def describe(value: Any) -> str:
    """A value in a few words."""
    return "missing" if value is None else f"a {type(value).__name__}"


def read_result(seen: Observation, part: str, result: Any) -> None:
    """The returned dict as arrays, and in `<part>.flaw` what is not as asked."""
    if not isinstance(result, Mapping):
        seen[f"{part}.flaw"] = f"a {type(result).__name__} instead of a dict"
        return
    flaws = [f"no entry '{key}'" for key in KEYS if key not in result]
    for key in TIMES:
        seen[f"{part}.{key}"] = read_times(result, key, flaws)
    seen[f"{part}.no_memory"] = result.get("peak_memory_mib") is None
    seen[f"{part}.peak_memory_mib"] = number_of(result.get("peak_memory_mib"))
    seen[f"{part}.parameters"] = number_of(result.get("parameters"))
    within = result.get("within_budget")
    if type(within).__name__ not in ("bool", "bool_", "NoneType"):
        flaws.append(f"'within_budget' is a {type(within).__name__} instead of True or False")
    seen[f"{part}.within_budget"] = number_of(within)
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:MAX_TEXT]


def note_modes(seen: Observation, part: str, model: torch.nn.Module) -> None:
    """Whether each module is in training mode, the model first."""
    seen[f"{part}.modes"] = np.array([float(module.training) for module in model.modules()])


def watched(
    seen: Observation, part: str, log: Log, model: torch.nn.Module, call: Callable[[torch.nn.Module], Any]
) -> None:
    """Run the answer on a stub, and note its result, the timeline and the modes afterwards."""
    from waferlab.checks.stubs import Watch

    begin = NOW()
    with scenario(seen, part), Watch(log):
        result = call(model)
        seen[f"{part}.span"] = np.array([begin, NOW()])
        read_result(seen, part, result)
    seen.update(log.observation(part))
    note_modes(seen, part, model)


def on_cpu(seen: Observation, answer: Callable[..., Any], case: Case, part: str, *, long: bool) -> None:
    """A stub on the CPU. Short runs: made in training mode, images are slow to make. Long runs: three slow calls.

    The part `hundred` has long runs of 100 calls: 0.99 n is a whole number, and other percentiles are other calls.
    """
    from waferlab.checks.stubs import CPU, CostlyModel, Log

    rng = case.rng(STREAMS[part])
    n_warmup, n_runs = int(rng.integers(2, 5)), int(rng.integers(105, 140) if long else rng.integers(12, 20))
    n_runs = 100 if part == "hundred" else n_runs
    size = 16 * int(rng.integers(1, 4))
    counts = tuple(int(n) for n in rng.integers(1000, 1_000_000, 2))
    costs = costs_of(rng, n_warmup, n_runs, slow=long)
    note_plan(seen, part, n_warmup, n_runs, size)
    note_floors(seen, part, costs, n_warmup)
    seen[f"{part}.count"] = sum(counts)
    log = Log(CPU(NOW, SLEEP), size, 0.0 if long else MAKING)
    model = CostlyModel(log, costs, counts).train(not long)
    watched(seen, part, log, model, lambda one: answer(one, size, "cpu", n_warmup=n_warmup, n_runs=n_runs))


def on_gpu(seen: Observation, answer: Callable[..., Any], case: Case) -> None:
    """A stub on a pretended GPU."""
    from waferlab.checks.stubs import BASE, GPU, MIB, CostlyModel, Log, pretended

    rng = case.rng(3)
    n_warmup, n_runs, size = int(rng.integers(2, 5)), int(rng.integers(8, 14)), 16 * int(rng.integers(1, 4))
    per_image, costs = int(rng.integers(MIB // 4, MIB)), costs_of(rng, n_warmup, n_runs)
    note_plan(seen, "gpu", n_warmup, n_runs, size)
    note_floors(seen, "gpu", costs, n_warmup)
    seen["gpu.peak"] = (BASE + max(BATCH_SIZES) * per_image) / MIB
    gpu = GPU(NOW, SLEEP, per_image)
    log = Log(gpu, size)
    model = CostlyModel(log, costs, (100, 10))
    with pretended(gpu):
        watched(seen, "gpu", log, model, lambda one: answer(one, size, "cuda", n_warmup=n_warmup, n_runs=n_runs))


def with_defaults(seen: Observation, answer: Callable[..., Any]) -> None:
    """Called with a model alone: 128 px, on a GPU, 10 and 100 calls."""
    from waferlab.checks.stubs import GPU, CostlyModel, Log, pretended

    note_plan(seen, "defaults", 10, 100, 128)
    gpu = GPU(NOW, SLEEP, 1)
    log = Log(gpu, 128)
    with pretended(gpu):
        watched(seen, "defaults", log, CostlyModel(log, {}, (1, 1)), answer)


def on_budget(seen: Observation, answer: Callable[..., Any]) -> None:
    """Two stubs without a cost: one that has exactly as many parameters as allowed, one that has one more."""
    from waferlab.checks.stubs import CPU, CostlyModel, Log

    for part, extra in (("budget", 0), ("over", 1)):
        log = Log(CPU(NOW, SLEEP), 16)
        model = CostlyModel(log, {}, (BUDGET - 1000, 1000 + extra))
        note_plan(seen, part, 0, 1, 16)
        watched(seen, part, log, model, lambda one: answer(one, 16, "cpu", 0, 1))


def on_real_model(seen: Observation, answer: Callable[..., Any]) -> None:
    """The VAE of assignment 04: on the GPU at 128 px where there is one, else on the CPU at 16 px."""
    import torch

    from waferlab.checks.stubs import CPU, Log, Timed
    from waferlab.reference.encoder import ConvVAE

    has_gpu = torch.cuda.is_available()
    n_warmup, n_runs, size = REAL_ON_GPU if has_gpu else REAL_ON_CPU
    device = "cuda" if has_gpu else "cpu"
    seen["real.device"] = torch.cuda.get_device_name(0) if has_gpu else "cpu"
    log = Log(CPU(NOW, SLEEP), size)
    model = Timed(ConvVAE(image_size=size), log, on_gpu=has_gpu).eval()
    watched(seen, "real", log, model, lambda one: answer(one, size, device, n_warmup=n_warmup, n_runs=n_runs))
    model.settle()
    seen.update(log.observation("real"))


def probe_benchmark(answers: Mapping[str, Any], case: Case) -> Observation:
    """Let the answer measure stubs of known cost, on the CPU and on a pretended GPU, and one real model."""
    seen: Observation = {}
    answer = answers["benchmark_inference"]
    on_cpu(seen, answer, case, "short", long=False)
    if seen.get("unanswered"):
        return seen
    on_cpu(seen, answer, case, "long", long=True)
    on_cpu(seen, answer, case, "hundred", long=True)
    on_gpu(seen, answer, case)
    with_defaults(seen, answer)
    on_budget(seen, answer)
    on_real_model(seen, answer)
    return seen


# --- Task 1: judge -----------------------------------------------------------------------------------------------


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
    reduce = np.mean if key == "mean_ms" else p99_of
    for batch, value, floor in zip(BATCH_SIZES, got, floors, strict=True):
        bounds = time_bounds(seen, part, batch, n_runs)
        if bounds is None:
            return f"the model was called too rarely with {batch} images"
        least, most = max(float(floor), float(reduce(bounds[0]))), float(reduce(bounds[1]))
        if not (1 - RTOL) * least - ATOL_MS <= value <= (1 + RTOL) * most + ATOL_MS:
            return f"batch {batch}: you report {off_by(value, least, most)}"
    return None


def stub_fault(seen: Observation, expected: Observation, part: str, key: str) -> str | None:
    """What is wrong with the times of a stub, whose cost is known; None when nothing is."""
    floors = np.asarray(expected[f"{part}.floor.{key}"], dtype=float)
    return time_fault(seen, part, key, plan_of(expected, part)[1], floors)


def off_by(value: float, least: float, most: float) -> str:
    """How a reported time misses the interval that is possible; in words, so that every run of the grader agrees."""
    if not np.isfinite(value):
        return "no number"
    if value > most:
        return "more than the call can have taken"
    if abs(value * 1000 / least - 1) < 0.5:
        return "a thousandth of what it took: are these seconds?"
    return f"{'less than a tenth of' if value < least / 10 else 'less than'} what it really took"


def first_fault(faults: Iterator[str | None]) -> str | None:
    """The first that is not None."""
    return next((fault for fault in faults if fault is not None), None)


def finding(name: str, tested: str, fault: str | None, goal: str) -> Finding:
    """A finding that passes when there is no fault."""
    return Finding(name, tested, fault is None, fault or "right", goal)


def judge_results(seen: Observation) -> Finding:
    """Has the result the form that was asked for?"""
    fault = first_fault(results_fault(seen, part) for part in ("short", "long"))
    tested = "the returned dict: its keys, and a positive number for each batch size"
    return finding("results", tested, fault, f"the keys {', '.join(KEYS)}")


def results_fault(seen: Observation, part: str) -> str | None:
    """What is wrong with the form of one result; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if (flaw := seen.get(f"{part}.flaw")) is not None:
        return str(flaw)[:MAX_TEXT]
    columns = [column(seen, part, key, len(BATCH_SIZES)) for key in TIMES]
    return None if all(values is not None and (values > 0).all() for values in columns) else "no result"


def calls_fault(seen: Observation, expected: Observation, part: str) -> str | None:
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


def judge_calls(seen: Observation, expected: Observation) -> Finding:
    """Is the model called as often as asked, with inputs of the right shape?"""
    parts = ("short", "long", "defaults")
    fault = first_fault(
        (f"called with a model alone: {text}" if part == "defaults" and text else text)
        for part in parts
        for text in [calls_fault(seen, expected, part)]
    )
    goal = "n_warmup + n_runs calls for each batch size, shape (B, 1, img_size, img_size); by default 10, 100, 128"
    return finding("calls", "number and shape of the calls, with your arguments and by default", fault, goal)


def judge_eval_mode(seen: Observation) -> Finding:
    """Does the model run in evaluation mode and without gradients?"""
    return finding(
        "eval-mode",
        "how the model is called",
        first_fault(mode_fault(seen, part) for part in ("short", "long")),
        "evaluation mode (every submodule), no gradients",
    )


def mode_fault(seen: Observation, part: str) -> str | None:
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


def judge_restored(seen: Observation) -> Finding:
    """Is the model left in the mode it came in?"""
    fault = first_fault(restored_fault(seen, part, came) for part, came in (("short", True), ("long", False)))
    return finding("mode-restored", "the model's mode afterwards", fault, "the mode it came in, train or eval")


def restored_fault(seen: Observation, part: str, came: bool) -> str | None:
    """Which modules are in another mode than before; None when none is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    modes = array_of(seen, f"{part}.modes")
    if modes is None or not modes.size:
        return "unknown"
    wrong = int((modes.astype(bool) != came).sum())
    names = ("evaluation", "training")
    return f"came in {names[came]} mode, {wrong} of {modes.size} modules left in the other" if wrong else None


def judge_time(name: str, tested: str, key: str, seen: Observation, expected: Observation, goal: str) -> Finding:
    """Do the reported times agree with what the stubs took?"""
    faults = (stub_fault(seen, expected, part, key) for part in STREAMS)
    return finding(name, tested, first_fault(faults), goal)


def judge_per_image(seen: Observation) -> Finding:
    """Is the time per image the mean divided by the batch size?"""
    tested, goal = "per_image_ms against mean_ms", "mean_ms divided by the batch size"
    return finding("per-image", tested, first_fault(per_image_fault(seen, part) for part in ("short", "long")), goal)


def per_image_fault(seen: Observation, part: str) -> str | None:
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


def judge_synchronise(seen: Observation, expected: Observation) -> Finding:
    """Do times on a GPU include the work, and nothing that was queued before?"""
    fault = first_fault(stub_fault(seen, expected, "gpu", key) for key in ("mean_ms", "p99_ms"))
    goal = "wait with torch.cuda.synchronize() (or events) before the clock starts and before it is read again"
    return finding("synchronise", "times on a GPU that returns at once and works later (pretended)", fault, goal)


def judge_memory(seen: Observation, expected: Observation) -> Finding:
    """Is the peak memory that of the calls, in MiB, and None without a GPU?"""
    want, got = float(np.asarray(expected["gpu.peak"])), number_of(seen.get("gpu.peak_memory_mib"))
    fault = None
    if error := error_of(seen, "gpu"):
        fault = f"raised {error}"
    elif not abs(got - want) <= 0.01 + RTOL * want:
        fault = "nothing on a GPU" if np.isnan(got) else f"{got:.5g} on a GPU{memory_hint(got, want)}"
    elif seen.get("short.no_memory") is not True:
        fault = "a number on the CPU"
    goal = "the largest torch.cuda.max_memory_allocated since a reset, in MiB (2**20 bytes); None on the CPU"
    return finding("memory", "peak_memory_mib", fault, goal)


def memory_hint(got: float, want: float) -> str:
    """The likely cause of a wrong peak."""
    if abs(got / want - 2**20 / 1e6) < 0.01:
        return ". Are these MB of 10**6 bytes?"
    if abs(got / want - 2**20) < 0.01 * 2**20:
        return ". Are these bytes?"
    return ". Was the peak reset before the first call?" if got > want else ""


def judge_parameters(seen: Observation, expected: Observation) -> Finding:
    """Are parameters counted, and compared with the budget?"""
    tested, goal = "parameters and within_budget", "all parameters, frozen ones too; at most 15,000,000"
    return finding("parameters", tested, parameters_fault(seen, expected), goal)


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


def judge_real(seen: Observation) -> Finding:
    """Do the reported times of a real model hold, and does it meet the requirement where that can be told?"""
    device = str(seen.get("real.device", "cpu"))[:60]
    _, n_runs, size = REAL_ON_CPU if device == "cpu" else REAL_ON_GPU
    none = np.zeros(len(BATCH_SIZES))
    fault = first_fault(time_fault(seen, "real", key, n_runs, none) for key in ("mean_ms", "p99_ms"))
    tested = f"the VAE of assignment 04 at {size} px on the CPU (no GPU here: the 50 ms are not judged)"
    if device != "cpu":
        p99 = column(seen, "real", "p99_ms", len(BATCH_SIZES))
        one = float("nan") if p99 is None else float(p99[0])
        tested = f"the VAE of assignment 04 at {size} px on {device}: one image in {one:.1f} ms (P99)"
        if fault is None and not one <= LIMIT_MS:
            fault = f"{one:.1f} ms for one image"
    return finding("real-model", tested, fault, "what the model took, as timed from outside; on a GPU at most 50 ms")


def judge_benchmark(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `benchmark_inference`."""
    whole = "the mean of the timed calls, in ms; warm-up calls and making images do not count"
    return [
        judge_results(seen),
        judge_calls(seen, expected),
        judge_eval_mode(seen),
        judge_restored(seen),
        judge_time("mean", "mean_ms against models of known cost", "mean_ms", seen, expected, whole),
        judge_time("p99", "p99_ms, few and many runs", "p99_ms", seen, expected, "sorted(times)[int(0.99 * n)], in ms"),
        judge_per_image(seen),
        judge_synchronise(seen, expected),
        judge_memory(seen, expected),
        judge_parameters(seen, expected),
        judge_real(seen),
    ]


# --- Task 2: probe -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="export-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load_exported(kind: str, file: Path) -> Callable[..., Any]:
    """An exported model as something that can be called."""
    import torch

    return torch.jit.load(file) if kind == "torchscript" else torch.export.load(file).module()


def sampled(output: Any) -> np.ndarray:
    """A model's output as one row of numbers for each image; of images, 16 pixels each."""
    import torch

    parts = output if isinstance(output, (tuple, list)) else [output]
    rows = []
    for part in parts:
        step = max(1, part.shape[-1] // 4 - 1) if part.ndim == 4 else 1
        kept = part[..., 1::step, 2::step][..., :4, :4] if part.ndim == 4 else part
        rows.append(kept.reshape(len(part), -1))
    return torch.cat(rows, dim=1).detach().double().numpy()


def compare_files(seen: Observation, part: str, model: torch.nn.Module, base: Path, size: int, case: Case) -> None:
    """What the exported files give for new images in batches of several sizes, and what the model itself gives."""
    import torch

    shapes = [(batch, 1, size, size) for batch in EXPORT_BATCHES]
    batches = [torch.from_numpy(case.rng(60, shape[0]).random(shape).astype(np.float32)) for shape in shapes]
    model.eval()
    with torch.no_grad():
        for x in batches:
            seen[f"{part}.want.{len(x)}"] = sampled(model(x))
        for kind, suffix in SUFFIXES.items():
            with scenario(seen, f"{part}.{kind}"):
                loaded = load_exported(kind, base.parent / (base.name + suffix))
                for x in batches:
                    with scenario(seen, f"{part}.{kind}.{len(x)}"):
                        seen[f"{part}.{kind}.{len(x)}"] = sampled(loaded(x))


def read_export(seen: Observation, part: str, result: Any, base: Path) -> None:
    """The returned dict: where it does not tell the truth about the files, and the differences that it reports."""
    flaws = []
    for kind, suffix in SUFFIXES.items():
        file = base.parent / (base.name + suffix)
        entry = result.get(kind) if isinstance(result, Mapping) else None
        if not file.is_file():
            flaws.append(f"there is no file {file.name}")
        elif not isinstance(entry, Mapping):
            flaws.append(f"result['{kind}'] is {describe(entry)} instead of a dict")
        else:
            flaws += entry_flaws(kind, entry, file)
            seen[f"{part}.{kind}.difference"] = number_of(entry.get("max_difference"))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:MAX_TEXT]


def entry_flaws(kind: str, entry: Mapping[Any, Any], file: Path) -> list[str]:
    """What is wrong with `file` and `size_bytes` of one entry."""
    flaws = []
    named = entry.get("file")
    if not isinstance(named, (str, os.PathLike)) or os.path.realpath(named) != os.path.realpath(file):
        flaws.append(f"result['{kind}']['file'] is {str(named)[-60:]!r}, not the path of {file.name}")
    if number_of(entry.get("size_bytes")) != file.stat().st_size:
        flaws.append(f"result['{kind}']['size_bytes'] is not the size of {file.name}")
    return flaws


@contextlib.contextmanager
def counted_reads(answer: Callable[..., Any]) -> Iterator[dict[str, int]]:
    """Count by kind how often an answer reads an exported file back, also under a name of its own for the function."""
    import torch

    counts = dict.fromkeys(SUFFIXES, 0)
    scope = getattr(inspect.unwrap(answer), "__globals__", {})

    def counting(kind: str, load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def read(*args: Any, **options: Any) -> Any:
            counts[kind] += 1
            return load(*args, **options)

        return read

    places = [(kind, vars(owner)) for kind, owner in (("torchscript", torch.jit), ("torch_export", torch.export))]
    originals = {kind: names["load"] for kind, names in places}
    replaced = [
        (names, name, kind)
        for kind, own in places
        for names in (own, scope)
        for name in [name for name, value in names.items() if value is originals[kind]]
    ]
    try:
        for names, name, kind in replaced:
            names[name] = counting(kind, originals[kind])
        yield counts
    finally:
        for names, name, kind in replaced:
            names[name] = originals[kind]


def export_part(
    seen: Observation, part: str, answer: Callable[..., Any], model: torch.nn.Module, base: Any, *size: int
) -> None:
    """Export one model; note the result, the modes afterwards and whether weights changed."""
    import torch

    before = {name: value.clone() for name, value in model.state_dict().items()}
    with scenario(seen, part):
        with counted_reads(answer) as reads:
            result = answer(model, base, *size)
        read_export(seen, part, result, Path(base))
        seen.update({f"{part}.{kind}.reads": count for kind, count in reads.items()})
        seen[f"{part}.returned"] = True
    note_modes(seen, part, model)
    after = model.state_dict()
    same = before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    seen[f"{part}.same_weights"] = bool(same)


def probe_export(answers: Mapping[str, Any], case: Case) -> Observation:
    """Export four models: one image to image, one with two outputs, and two that draw random numbers."""
    import torch

    from waferlab.checks import exportable

    seen: Observation = {}
    answer = answers["export_model"]
    with temporary_folder() as folder, torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # every call of torch.jit tells that it is deprecated, and the notebook does, too
        torch.manual_seed(int(case.rng(0).integers(2**31)))
        image, pair = exportable.image_model(case.rng(1)).train(), exportable.pair_model(case.rng(2)).eval()
        export_part(seen, "image", answer, image, str(folder / "model-1.2"))
        if seen.get("unanswered"):
            return seen
        export_part(seen, "pair", answer, pair, folder / "detector", 32)
        compare_files(seen, "image", image, folder / "model-1.2", 128, case)
        compare_files(seen, "pair", pair, folder / "detector", 32, case)
        for part, spread in (("random", 0.5), ("slight", SLIGHT)):
            model = exportable.noisy_model(case.rng(3), spread).eval()
            export_part(seen, part, answer, model, str(folder / part), 16)
    return {key: value.replace(f"{folder}/", "") if isinstance(value, str) else value for key, value in seen.items()}


# --- Task 2: judge -----------------------------------------------------------------------------------------------

EXPORTED = ("image", "pair")


def judge_files(seen: Observation) -> Finding:
    """Are both files where they should be, and does the result tell the truth about them?"""
    fault = first_fault(files_fault(seen, part) for part in EXPORTED)
    goal = "path + '.pt' and path + '.pt2'; for each 'file', 'size_bytes' and 'max_difference'"
    return finding("files", "the files and the returned dict", fault, goal)


def files_fault(seen: Observation, part: str) -> str | None:
    """What is wrong with files and result of one part; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if seen.get(f"{part}.returned") is not True:
        return "no result"
    flaw = seen.get(f"{part}.flaw")
    return None if flaw is None else str(flaw)[:MAX_TEXT]


def output_fault(seen: Observation, expected: Observation, part: str, kind: str, batch: int) -> str | None:
    """What is wrong with a file's output for one batch size; None when it equals the model's."""
    if error := error_of(seen, f"{part}.{kind}") or error_of(seen, f"{part}.{kind}.{batch}"):
        return f"raised {error_of(seen, part)}" if error_of(seen, part) else f"batch of {batch}: raised {error}"
    want = np.asarray(expected[f"{part}.want.{batch}"], dtype=float)
    got = array_of(seen, f"{part}.{kind}.{batch}")
    if got is None or got.shape != want.shape:
        return f"batch of {batch}: an output of another shape"
    difference = float(np.abs(got - want).max())
    return None if difference < MAX_DIFFERENCE else f"batch of {batch}: differs by {difference:.1e}"


def judge_output(name: str, kind: str, seen: Observation, expected: Observation) -> Finding:
    """Does an exported file compute what the model computes, for at least one batch size?"""

    def faults() -> Iterator[str | None]:
        for part in EXPORTED:
            found = [output_fault(seen, expected, part, kind, batch) for batch in EXPORT_BATCHES]
            wrong_numbers = [text for text in found if text and "differs" in text]
            yield wrong_numbers[0] if wrong_numbers else found[0] if all(found) else None

    tested = f"what path + '{SUFFIXES[kind]}' computes for new images"
    goal = f"the model's own output in evaluation mode, to within {MAX_DIFFERENCE:g}"
    return finding(name, tested, first_fault(faults()), goal)


def judge_batches(seen: Observation, expected: Observation) -> Finding:
    """Do the files take batches of any size?"""
    fault = first_fault(
        f"{kind}, {text}" if (text := output_fault(seen, expected, part, kind, batch)) else None
        for part in EXPORTED
        for kind in SUFFIXES
        for batch in EXPORT_BATCHES
    )
    return finding("batch-sizes", "batches of 1, 2, 3 and 8 images", fault, "both files take a batch of any size")


def judge_verified(seen: Observation) -> Finding:
    """Are the files really compared with the model?"""
    goal = "the largest difference of each file, reported below 1e-5; an error where it is not"
    return finding("verified", "max_difference, also for a model that draws random numbers", verify_fault(seen), goal)


def verify_fault(seen: Observation) -> str | None:
    """What is wrong with the verification; None when nothing is."""
    for part in (*EXPORTED, "slight"):
        if error := error_of(seen, part):
            return f"raised {error}"
        for kind in SUFFIXES:
            got = number_of(seen.get(f"{part}.{kind}.difference"))
            if not number_of(seen.get(f"{part}.{kind}.reads")) >= 1:
                return f"the '{SUFFIXES[kind]}' file was not read back: what was compared is not what was written"
            if not 0 <= got < MAX_DIFFERENCE:
                return f"result['{kind}']['max_difference'] is {got:.3g}"
            if part == "slight" and got == 0:
                return "a difference of 0 for a model whose outputs always differ slightly"
    if "random.error" not in seen:
        return "no error for a model whose outputs differ by much more than 1e-5 from call to call"
    return None


def judge_export_unchanged(seen: Observation) -> Finding:
    """Are mode and weights of the model as before?"""
    parts = (("image", True), ("pair", False))
    fault = first_fault(restored_fault(seen, part, came) for part, came in parts)
    if fault is None and not all(seen.get(f"{part}.same_weights") is True for part, _ in parts):
        fault = "the weights (or running statistics) have changed"
    return finding("unchanged", "the model afterwards", fault, "the mode it came in, the same weights")


def judge_export(seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about `export_model`."""
    return [
        judge_files(seen),
        judge_output("torchscript", "torchscript", seen, expected),
        judge_output("torch-export", "torch_export", seen, expected),
        judge_batches(seen, expected),
        judge_verified(seen),
        judge_export_unchanged(seen),
    ]


# --- what the notebook and the grader use ------------------------------------------------------------------------

PLANNED = (*STREAMS, "gpu", "defaults")
FLOORS: Sequence[str] = [f"{part}.floor.{key}" for part in (*STREAMS, "gpu") for key in TIMES[:2]]

TASKS = {
    "benchmark_inference": Task(
        name="benchmark_inference",
        title="Task 1: benchmark_inference",
        defines=("benchmark_inference",),
        probe=probe_benchmark,
        judge=judge_benchmark,
        expects=(*(f"{part}.plan" for part in PLANNED), *FLOORS, "gpu.peak", "short.count", "long.count"),
    ),
    "export_model": Task(
        name="export_model",
        title="Task 2: export_model",
        defines=("export_model",),
        probe=probe_export,
        judge=judge_export,
        expects=tuple(f"{part}.want.{batch}" for part in EXPORTED for batch in EXPORT_BATCHES),
    ),
}


def check_benchmark_inference(benchmark_inference: Callable[..., Any]) -> int | None:
    """Check Task 1 on models of known cost; prints a table and raises when something is wrong."""
    return run_visible("benchmark", TASKS["benchmark_inference"], {"benchmark_inference": benchmark_inference})


def check_export_model(export_model: Callable[..., Any]) -> int | None:
    """Check Task 2 on small models; prints a table and raises when something is wrong."""
    return run_visible("benchmark", TASKS["export_model"], {"export_model": export_model})
