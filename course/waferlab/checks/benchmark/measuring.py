"""What an answer to Task 1 of assignment 08 is seen to do: it measures stubs of known cost, and one real model.

The examiner draws what every call costs and keeps the clock (`timeline.py`); the desk has a model that does nothing but
ask it (`waferlab.checks.stubs`), and an answer that reads that clock by any of its names (`clocks.py`). What the answer
reports is judged by what the examiner wrote down, and by nothing that the desk says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.bench import Bench, Services
from waferlab.checks.benchmark.clocks import REAL, DeskClock
from waferlab.checks.benchmark.shared import describe, modes_of, number_of, told_modes
from waferlab.checks.benchmark.timeline import STATES, Timeline, bounds
from waferlab.checks.core import MAX_TEXT, Case, Observation, error_of, scenario
from waferlab.checks.plain import kind_of

if TYPE_CHECKING:
    import torch

    from waferlab.checks.stubs import Scene

BATCH_SIZES = (1, 8, 32, 64)
BUDGET = 15_000_000
TIMES = ("single_mean_ms", "single_p99_ms", "batch_results")
KEYS = (*TIMES, "peak_memory_mib", "parameters", "within_budget")
STREAMS = {"short": 1, "long": 2, "gpu": 3, "real": 4}  # of the random numbers behind each part
MAKING = 0.003  # seconds that making images takes
READINGS = 2 * len(BATCH_SIZES)  # of the clock, the least with which calls can be timed

LONG = 200  # timed calls of a long run: the call at 0.99 n is another than the nearest rank's, and not the slowest
LADDER = (1.0, 2.5, 6.25, 15.6)  # what batches of different sizes cost, in an order that is drawn
SLOW = (10.0, 20.0, 30.0)  # times as long as the others: the three slowest calls of a long run
COLD = 4.0  # times as long: a call before everything is warm
REAL_RUNS = 1, 6  # warm-up calls and timed calls in real time
REAL_SCALES = (0.25, 1.0, 4.0)  # times the costs, tried one after the other where the machine is too busy
REAL_ON_GPU = (10, 150, 128)  # warm-up calls, timed calls and image size of the real model on a real GPU


# --- what is asked for -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What the desk is to call the answer with.

    Attributes:
        n_warmup, n_runs, size, device: the answer's arguments.
        how: in which form they are given: `keywords`, `positions`, or `none` at all.
        training: whether the model comes in training mode.
        counts: numbers of the stub's trainable and frozen parameters; none stands for the VAE of assignment 04.
        making: seconds that making images takes.
        real: whether time is real.
    """

    n_warmup: int
    n_runs: int
    size: int
    device: str = "cpu"
    how: str = "keywords"
    training: bool = False
    counts: tuple[int, int] | None = (1, 1)
    making: float = 0.0
    real: bool = False


def costs_of(rng: np.random.Generator, plan: Plan, *, slow: bool = False) -> dict[int, np.ndarray]:
    """Seconds for each call, by batch size: cold calls, then the timed ones, three of them slow on request.

    A larger batch does not cost more: which costs what cannot be guessed.
    """
    base = rng.uniform(1.5e-3, 4e-3)
    steps = base * rng.permutation(LADDER) * rng.uniform(0.9, 1.1, len(LADDER))
    return {batch: costs_of_batch(rng, plan, step, slow=slow) for batch, step in zip(BATCH_SIZES, steps, strict=True)}


def costs_of_batch(rng: np.random.Generator, plan: Plan, step: float, *, slow: bool) -> np.ndarray:
    """Seconds for each call with one batch size."""
    runs = rng.uniform(0.7, 1.3, plan.n_runs)
    if slow:  # all among the calls that are timed by an answer that leaves out the warm-up
        places = rng.choice(plan.n_runs - plan.n_warmup, len(SLOW), replace=False)
        runs[places] = np.array(SLOW) * rng.uniform(0.9, 1.1)
    return step * np.concatenate([np.full(plan.n_warmup, COLD), runs])


# --- at the desk -------------------------------------------------------------------------------------------------


def measure(answers: Mapping[str, Any], services: Services, plan: dict[str, Any]) -> dict[str, Any]:
    """Let the answer measure a model; its result, the modes afterwards, and how often it read the examiner's clock."""
    import contextlib

    from waferlab.checks.stubs import GPU, Scene, Watch, pretended

    asked, answer = Plan(**plan), answers["benchmark_inference"]
    clock = DeskClock(services, real=asked.real)
    gpu = GPU(clock) if asked.device == "cuda" else None
    scene = Scene(clock, asked.size, gpu, 0.0 if asked.real else asked.making)
    model = model_for(asked, scene).train(asked.training)
    with clock.installed(answer), pretended(gpu) if gpu else contextlib.nullcontext(), Watch(scene):
        result = call(answer, model, asked)
    return {"result": result, "modes": modes_of(model), "readings": clock.readings}


def model_for(plan: Plan, scene: Scene) -> torch.nn.Module:
    """The stub, or the VAE of assignment 04."""
    from waferlab.checks.stubs import CostlyModel, SlowModel

    if plan.counts:
        return CostlyModel(scene, plan.counts)
    from waferlab.reference.encoder import ConvVAE

    return SlowModel(ConvVAE(image_size=plan.size), scene)


def call(answer: Callable[..., Any], model: torch.nn.Module, plan: Plan) -> Any:
    """Call the answer as the plan says."""
    if plan.how == "none":
        return answer(model)
    if plan.how == "positions":
        return answer(model, plan.size, plan.device, plan.n_warmup, plan.n_runs)
    return answer(model, plan.size, plan.device, n_warmup=plan.n_warmup, n_runs=plan.n_runs)


def measure_gpu(answers: Mapping[str, Any], services: Services, plan: dict[str, Any]) -> dict[str, Any]:
    """Let the answer measure the VAE of assignment 04 on a real GPU; its result, and the calls as seen at the desk."""
    import torch

    from waferlab.checks.stubs import Notes, Timed
    from waferlab.reference.encoder import ConvVAE

    asked, notes, begin = Plan(**plan), Notes(REAL), REAL()
    model = Timed(ConvVAE(image_size=asked.size), notes).eval()
    result = call(answers["benchmark_inference"], model, asked)
    span = [begin, REAL()]
    return {"result": result, "span": span, "rows": notes.rows(), "device": torch.cuda.get_device_name(0)}


SHIMS = {"measure": measure, "measure_gpu": measure_gpu}


# --- what comes back ---------------------------------------------------------------------------------------------


def read_times(result: Mapping[Any, Any], flaws: list[str]) -> np.ndarray:
    """`batch_results`: one number for each batch size, NaN where there is none."""
    entry = result.get("batch_results")
    if not isinstance(entry, Mapping):
        flaws.append(f"'batch_results' is {describe(entry)} instead of a dict by batch size")
        return np.full(len(BATCH_SIZES), np.nan)
    if set(entry) != set(BATCH_SIZES):
        flaws.append(f"'batch_results' has the keys {[*entry]} instead of {[*BATCH_SIZES]}")
    values = np.array([number_of(entry.get(batch, entry.get(str(batch)))) for batch in BATCH_SIZES])
    if not (np.isfinite(values) & (values > 0)).all():
        flaws.append("'batch_results' holds something that is no positive number")
    return values


def read_single(result: Mapping[Any, Any], key: str, flaws: list[str]) -> float:
    """One positive number, NaN where there is none."""
    value = number_of(result.get(key))
    if not value > 0 or np.isinf(value):
        flaws.append(f"'{key}' is {describe(result.get(key))} instead of a positive number")
    return value


def read_result(seen: Observation, part: str, result: Any) -> None:
    """The returned dict as numbers, and in `<part>.flaw` what is not as asked."""
    if not isinstance(result, Mapping):
        seen[f"{part}.flaw"] = f"a {kind_of(result)} instead of a dict"
        return
    flaws: list[str] = []
    for key in TIMES[:2]:
        seen[f"{part}.{key}"] = read_single(result, key, flaws)
    seen[f"{part}.batch_results"] = read_times(result, flaws)
    seen[f"{part}.no_memory"] = result.get("peak_memory_mib") is None
    for key in KEYS[3:]:
        seen[f"{part}.{key}"] = number_of(result.get(key))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:MAX_TEXT]


# --- the parts ---------------------------------------------------------------------------------------------------


def measured(seen: Observation, part: str, bench: Bench, plan: Plan, timeline: Timeline) -> int:
    """Have a model measured, and note result, modes and the timeline; how often the desk says the clock was read."""
    readings = 0
    seen[f"{part}.plan"] = np.array([plan.n_warmup, plan.n_runs, plan.size])
    with scenario(seen, part):
        told = bench.shim("measure", asdict(plan), services=timeline.services())
        told = told if isinstance(told, Mapping) else {}
        readings = told["readings"] if isinstance(told.get("readings"), int) else 0
        seen[f"{part}.modes"] = told_modes(told.get("modes"))
        read_result(seen, part, told.get("result"))
    seen.update(timeline.observation(part))
    return readings


@dataclass
class Examination:
    """The parts whose times are judged, first on the virtual clock, and in real time where an answer reads another.

    Attributes:
        bench: where the answer is.
        case: what everything is drawn from.
        tried: how many of `REAL_SCALES` have turned out too short for this machine.
    """

    bench: Bench
    case: Case
    tried: int = 0

    def part(self, seen: Observation, part: str, *, slow: bool = False, **options: Any) -> None:
        """Have a model measured that costs what is drawn.

        Args:
            seen: the observation.
            part: its name there.
            slow: whether three calls are slow.
            options: of the plan, beside its numbers.
        """
        attempt: Observation = {}
        readings = self._once(attempt, part, options, slow=slow)
        unread = readings < READINGS and len(attempt[f"{part}.shapes"]) and not error_of(attempt, part)
        while unread and self.tried < len(REAL_SCALES):
            attempt = {f"{part}.real_clock": True}
            self._once(attempt, part, options, slow=slow, real=REAL_SCALES[self.tried])
            if not is_loose(attempt, part):
                break
            self.tried += 1
        seen.update(attempt)

    def _once(self, seen: Observation, part: str, options: dict[str, Any], *, slow: bool, real: float = 0.0) -> int:
        rng = self.case.rng(STREAMS[part])
        n_warmup, size = int(rng.integers(2, 5)), 16 * int(rng.integers(1, 4))
        n_runs = LONG if slow else int(rng.integers(12, 20))
        counts = tuple(int(n) for n in rng.integers(1000, 1_000_000, 2))
        plan = replace(Plan(n_warmup, n_runs, size, counts=counts), **options)
        if real:
            plan, slow = replace(plan, n_warmup=REAL_RUNS[0], n_runs=REAL_RUNS[1], real=True), False
        costs = {batch: (real or 1.0) * values for batch, values in costs_of(rng, plan, slow=slow).items()}
        per_image, on_gpu = int(rng.integers(2**18, 2**20)), plan.device == "cuda"
        timeline = Timeline(costs, on_gpu=on_gpu, per_image=per_image, real=bool(real))
        seen[f"{part}.count"], seen[f"{part}.peak"] = sum(counts), timeline.most_used
        return measured(seen, part, self.bench, plan, timeline)


def is_loose(seen: Observation, part: str) -> bool:
    """Whether real time leaves so much room that a report may prove nothing: the machine is busy, or somebody dawdles.

    So it is where what one batch size took at most is more than what another, dearer one took at least.
    """
    shapes, least, most = (seen[f"{part}.{name}"] for name in ("shapes", "least", "most"))
    groups = [shapes[:, 0] == batch for batch in BATCH_SIZES]
    ranges = sorted((float(least[group].mean()), float(most[group].mean())) for group in groups if group.any())
    return any(high >= low for (_, high), (low, _) in pairwise(ranges))


def on_real_gpu(seen: Observation, bench: Bench) -> None:
    """The VAE of assignment 04 on a real GPU at 128 px: the times that the desk says are all that there are."""
    n_warmup, n_runs, size = REAL_ON_GPU
    plan = Plan(n_warmup, n_runs, size, "cuda", counts=None, real=True)
    seen["real.plan"], seen["real.real_clock"], seen["real.device"] = np.array(REAL_ON_GPU), True, "a GPU"
    with scenario(seen, "real"):
        told = bench.shim("measure_gpu", asdict(plan))
        seen["real.device"] = str(told["device"])[:60]
        read_result(seen, "real", told["result"])
        shapes, start, done, states = zip(*told["rows"], strict=True) if told["rows"] else ([], [], [], [])
        seen["real.shapes"] = np.array(shapes, dtype=np.int64).reshape(-1, 4)
        begin, end = map(float, told["span"])
        seen["real.least"], seen["real.most"] = bounds(np.array(start), np.array(done), begin, end)
        for name, column in zip(STATES, np.array(states, dtype=float).reshape(-1, len(STATES)).T, strict=True):
            seen[f"real.{name}"] = column


def probe_inference(bench: Bench, case: Case) -> Observation:
    """Let the answer measure stubs of known cost, on the CPU and on a pretended GPU, and one real model."""
    import torch

    seen: Observation = {}
    examination = Examination(bench, case)
    examination.part(seen, "short", training=True, making=MAKING)
    examination.part(seen, "long", slow=True)
    examination.part(seen, "gpu", device="cuda", making=MAKING)
    measured(seen, "defaults", bench, Plan(10, 100, 128, "cuda", "none"), Timeline({}, on_gpu=True))
    for part, extra in (("budget", 0), ("over", 1)):
        plan = Plan(0, 1, 16, how="positions", counts=(BUDGET - 1000, 1000 + extra))
        measured(seen, part, bench, plan, Timeline({}))
    seen["real.device"] = "cpu"
    if torch.cuda.is_available():
        on_real_gpu(seen, bench)
    else:
        examination.part(seen, "real", counts=None, n_warmup=1, n_runs=5, size=16)
    return seen
