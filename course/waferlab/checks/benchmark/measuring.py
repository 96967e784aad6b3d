"""What an answer to Task 1 of assignment 08 is seen to do: it measures stubs of known cost, and one real model.

The stubs (`waferlab.checks.stubs`) take a known time and note when each call began and when its work was done. They run
on a virtual clock, which moves only with them: what an answer reports does not depend on the machine, and neither does
what it is told. An answer whose clock is out of reach measures the same stubs once more on the real clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.benchmark.clocks import REAL, Clock, VirtualClock
from waferlab.checks.benchmark.shared import describe, note_modes, number_of
from waferlab.checks.core import MAX_TEXT, Case, Observation, error_of, scenario

if TYPE_CHECKING:
    import torch

    from waferlab.checks.stubs import Log

BATCH_SIZES = (1, 8, 32, 64)
BUDGET = 15_000_000
TIMES = ("mean_ms", "p99_ms", "per_image_ms")
KEYS = (*TIMES, "peak_memory_mib", "parameters", "within_budget")
SLOW = (0.006, 0.012, 0.018)  # seconds: the three slowest calls of a long run
STREAMS = {"short": 1, "long": 2, "hundred": 4}  # of the random numbers behind each stub on the CPU
COLD = 0.006  # seconds: a call before everything is warm
MAKING = 0.003  # seconds that making images takes
READINGS = 2 * len(BATCH_SIZES)  # of the clock, the least with which calls can be timed

REAL_ON_CPU, REAL_ON_GPU = (1, 5, 16), (10, 150, 128)  # warm-up calls, timed calls, image size of the real model
#: Seconds that each call of the real model takes at least on the CPU. The last is not the longest, and the two longest
#: are equal: whoever takes any of the customary percentiles takes the same, and whoever does not sort is noticed.
REAL_COSTS = np.array([0.002, 0.002, 0.003, 0.0025, 0.003, 0.002])

#: Measures on a given clock and notes what was seen.
Measurement = Callable[[Observation, Clock | VirtualClock], None]


def p99_of(values: np.ndarray) -> float:
    """`sorted(values)[int(0.99 * n)]`."""
    return float(np.sort(values)[min(int(0.99 * len(values)), len(values) - 1)])


# --- what is asked for -------------------------------------------------------------------------------------------


def costs_of(rng: np.random.Generator, n_warmup: int, n_runs: int, *, slow: bool = False) -> dict[int, np.ndarray]:
    """Seconds for each call, by batch size: cold calls, then `n_runs` calls, three of them slow on request."""
    costs = {}
    for batch in BATCH_SIZES:
        runs = np.full(n_runs, 2e-4 + 4e-6 * batch * rng.uniform(0.8, 1.2)) if slow else rng.uniform(1e-3, 2e-3, n_runs)
        if slow:
            runs[rng.choice(n_runs, 3, replace=False)] = np.array(SLOW) * rng.uniform(0.9, 1.1)
            while runs[-n_warmup:].max() > runs.mean():  # whoever leaves out the warm-up sees the slow calls as well
                runs = np.roll(runs, 1)
        costs[batch] = np.concatenate([np.full(n_warmup, COLD), runs])
    return costs


def note_plan(seen: Observation, part: str, n_warmup: int, n_runs: int, size: int) -> None:
    """What was asked for: the judge reads it from the reference's observation."""
    seen[f"{part}.plan"] = np.array([n_warmup, n_runs, size])


def note_floors(seen: Observation, part: str, costs: Mapping[int, np.ndarray], n_warmup: int) -> None:
    """The least that a right measurement can show, in ms by batch size."""
    runs = [1000 * costs[batch][n_warmup:] for batch in BATCH_SIZES]
    seen[f"{part}.floor.mean_ms"] = np.array([values.mean() for values in runs])
    seen[f"{part}.floor.p99_ms"] = np.array([p99_of(values) for values in runs])


# --- what comes back ---------------------------------------------------------------------------------------------


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


# --- the parts ---------------------------------------------------------------------------------------------------


def watched(
    seen: Observation, part: str, log: Log, model: torch.nn.Module, call: Callable[[torch.nn.Module], Any]
) -> None:
    """Run the answer on a stub, and note its result, the timeline and the modes afterwards."""
    from waferlab.checks.stubs import Watch

    begin = log.device.now()
    with scenario(seen, part), Watch(log):
        result = call(model)
        seen[f"{part}.span"] = np.array([begin, log.device.now()])
        read_result(seen, part, result)
    seen.update(log.observation(part))
    note_modes(seen, part, model)


def on_both_clocks(seen: Observation, part: str, answer: Callable[..., Any], measure: Measurement) -> None:
    """Measure on the virtual clock; once more on the real one where an answer calls the model without reading it."""
    clock = VirtualClock()
    attempt: Observation = {}
    with clock.installed(answer):
        measure(attempt, clock)
    if clock.readings < READINGS and len(attempt[f"{part}.shapes"]) and not error_of(attempt, part):
        attempt = {f"{part}.real_clock": True}
        measure(attempt, REAL)
    seen.update(attempt)


def on_cpu(seen: Observation, clock: Clock | VirtualClock, answer: Callable[..., Any], case: Case, part: str) -> None:
    """A stub on the CPU. Short runs: made in training mode, images are slow to make. Long runs: three slow calls.

    The part `hundred` has long runs of 100 calls: 0.99 n is a whole number, and other percentiles are other calls.
    """
    from waferlab.checks.stubs import CPU, CostlyModel, Log

    rng, long = case.rng(STREAMS[part]), part != "short"
    n_warmup, n_runs = int(rng.integers(2, 5)), int(rng.integers(105, 140) if long else rng.integers(12, 20))
    n_runs = 100 if part == "hundred" else n_runs
    size = 16 * int(rng.integers(1, 4))
    counts = tuple(int(n) for n in rng.integers(1000, 1_000_000, 2))
    costs = costs_of(rng, n_warmup, n_runs, slow=long)
    note_plan(seen, part, n_warmup, n_runs, size)
    note_floors(seen, part, costs, n_warmup)
    seen[f"{part}.count"] = sum(counts)
    log = Log(CPU(clock.now, clock.sleep), size, 0.0 if long else MAKING)
    model = CostlyModel(log, costs, counts).train(not long)
    watched(seen, part, log, model, lambda one: answer(one, size, "cpu", n_warmup=n_warmup, n_runs=n_runs))


def on_gpu(seen: Observation, clock: Clock | VirtualClock, answer: Callable[..., Any], case: Case) -> None:
    """A stub on a pretended GPU."""
    from waferlab.checks.stubs import BASE, GPU, MIB, CostlyModel, Log, pretended

    rng = case.rng(3)
    n_warmup, n_runs, size = int(rng.integers(2, 5)), int(rng.integers(8, 14)), 16 * int(rng.integers(1, 4))
    per_image, costs = int(rng.integers(MIB // 4, MIB)), costs_of(rng, n_warmup, n_runs)
    for values in costs.values():  # two calls take longest: which percentile is taken is not the question here
        runs = values[n_warmup:]
        runs[np.argsort(runs)[-2]] = runs.max()
    note_plan(seen, "gpu", n_warmup, n_runs, size)
    note_floors(seen, "gpu", costs, n_warmup)
    seen["gpu.peak"] = (BASE + max(BATCH_SIZES) * per_image) / MIB
    gpu = GPU(clock.now, clock.sleep, per_image)
    log = Log(gpu, size, MAKING)
    model = CostlyModel(log, costs, (100, 10))
    with pretended(gpu):
        watched(seen, "gpu", log, model, lambda one: answer(one, size, "cuda", n_warmup=n_warmup, n_runs=n_runs))


def with_defaults(seen: Observation, answer: Callable[..., Any]) -> None:
    """Called with a model alone: 128 px, on a GPU, 10 and 100 calls."""
    from waferlab.checks.stubs import GPU, CostlyModel, Log, pretended

    note_plan(seen, "defaults", 10, 100, 128)
    gpu = GPU(REAL.now, REAL.sleep, 1)
    log = Log(gpu, 128)
    with pretended(gpu):
        watched(seen, "defaults", log, CostlyModel(log, {}, (1, 1)), answer)


def on_budget(seen: Observation, answer: Callable[..., Any]) -> None:
    """Two stubs without a cost: one that has exactly as many parameters as allowed, one that has one more."""
    from waferlab.checks.stubs import CPU, CostlyModel, Log

    for part, extra in (("budget", 0), ("over", 1)):
        log = Log(CPU(REAL.now, REAL.sleep), 16)
        model = CostlyModel(log, {}, (BUDGET - 1000, 1000 + extra))
        note_plan(seen, part, 0, 1, 16)
        watched(seen, part, log, model, lambda one: answer(one, 16, "cpu", 0, 1))


def on_real_model(seen: Observation, clock: Clock | VirtualClock, answer: Callable[..., Any]) -> None:
    """The VAE of assignment 04: on the GPU at 128 px where there is one, else on the CPU at 16 px."""
    import torch

    from waferlab.checks.stubs import CPU, Log, Timed
    from waferlab.reference.encoder import ConvVAE

    has_gpu = torch.cuda.is_available()
    n_warmup, n_runs, size = REAL_ON_GPU if has_gpu else REAL_ON_CPU
    device = "cuda" if has_gpu else "cpu"
    seen["real.device"] = torch.cuda.get_device_name(0) if has_gpu else "cpu"
    log = Log(CPU(clock.now, clock.sleep), size)
    model = Timed(ConvVAE(image_size=size), log, on_gpu=has_gpu, costs=None if has_gpu else REAL_COSTS).eval()
    watched(seen, "real", log, model, lambda one: answer(one, size, device, n_warmup=n_warmup, n_runs=n_runs))
    model.settle()
    seen.update(log.observation("real"))


def probe_inference(answers: Mapping[str, Any], case: Case) -> Observation:
    """Let the answer measure stubs of known cost, on the CPU and on a pretended GPU, and one real model."""
    import torch

    seen: Observation = {}
    answer = answers["benchmark_inference"]
    for part in STREAMS:
        on_both_clocks(seen, part, answer, partial(on_cpu, answer=answer, case=case, part=part))
    on_both_clocks(seen, "gpu", answer, partial(on_gpu, answer=answer, case=case))
    with_defaults(seen, answer)
    on_budget(seen, answer)
    if torch.cuda.is_available():
        seen["real.real_clock"] = True
        on_real_model(seen, REAL, answer)
    else:
        on_both_clocks(seen, "real", answer, partial(on_real_model, answer=answer))
    return seen
