"""Do the visible checks of assignment 08 accept every right measurement on any machine, and explain every wrong one?"""

from __future__ import annotations

import datetime
import time
import timeit
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks.bench import Bench, LocalBench, Lost
from waferlab.checks.benchmark import EXPORT, INFERENCE, benchmark_inference, clocks, export_model, measuring, timeline
from waferlab.checks.benchmark.shared import number_of
from waferlab.checks.benchmark.timeline import MIB, Timeline
from waferlab.checks.core import Case, CheckFailed, Finding, Observation
from waferlab.checks.stubs import GPU, CostlyModel, Event, Notes, Scene, Timed, Watch, pretended
from waferlab.reference import benchmark as reference

SEED = 5
OPTIONS: dict[str, dict[str, Any]] = {
    "short": {"training": True, "making": measuring.MAKING},
    "long": {"slow": True},
    "gpu": {"device": "cuda", "making": measuring.MAKING},
}


class Desk:
    """A GPU at a desk whose examiner's calls all take half a second, and a clock that shows the examiner's."""

    def __init__(self) -> None:
        self.timeline = Timeline({2: np.array([0.5])}, on_gpu=True, per_image=MIB)
        self.clock = clocks.DeskClock(self.timeline.services())
        self.gpu = GPU(self.clock)
        self.scene = Scene(self.clock, 16, self.gpu)
        self.model = CostlyModel(self.scene, (1, 1))


@pytest.fixture
def desk() -> Desk:
    """A desk of its own."""
    return Desk()


@cache
def reference_seen() -> Observation:
    """What the reference is seen to do."""
    return INFERENCE.probe({"benchmark_inference": reference.benchmark_inference}, Case(SEED))


def observe(part: str, answer: Callable[..., Any] = reference.benchmark_inference) -> Observation:
    """What one part of the probe sees in an answer."""
    seen: Observation = {}
    bench = LocalBench({"benchmark_inference": answer}, INFERENCE.shims)
    measuring.Examination(bench, Case(SEED)).part(seen, part, **OPTIONS[part])
    return seen


def time_faults(seen: Observation, part: str) -> list[str | None]:
    """What is wrong with the three kinds of times of a part."""
    return [benchmark_inference.stub_fault(key)(seen, {}, part) for key in measuring.TIMES]


def failed(findings: list[Finding]) -> dict[str, Finding]:
    """The wrong ones by name."""
    return {finding.name: finding for finding in findings if not finding.passed}


def test_pretended_gpu_works_later(desk: Desk) -> None:
    """Does a call return at once, and does synchronize wait for the work?"""
    with pretended(desk.gpu), Watch(desk.scene):
        x = torch.rand(2, 1, 16, 16, device="cuda")
        desk.model.to("cuda")(x)
        returned = desk.timeline.now()
        torch.cuda.synchronize()
    assert (returned, desk.timeline.now()) == (0.0, 0.5)


@pytest.mark.parametrize("wait", ["cpu", "tolist", "numpy"])
def test_copies_to_the_cpu_wait_as_well(wait: str, desk: Desk) -> None:
    """Does reading numbers wait for the pretended GPU, as it does for a real one?"""
    with pretended(desk.gpu), Watch(desk.scene):
        output = desk.model.cuda()(torch.rand(2, 1, 16, 16).cuda())
        getattr(output, wait)()
    assert desk.timeline.now() == 0.5


def test_pretended_gpu_wants_model_and_input(desk: Desk) -> None:
    """Is a forgotten `.to(device)` an error, as with a real GPU?"""
    with pretended(desk.gpu), Watch(desk.scene):
        with pytest.raises(RuntimeError, match="the model on cpu"):
            desk.model(torch.rand(1, 1, 16, 16, device="cuda"))
        with pytest.raises(RuntimeError, match="the input on cpu"):
            desk.model.to("cuda")(torch.rand(1, 1, 16, 16))


def test_pretence_tells_where_tensors_are_and_ends(desk: Desk) -> None:
    """Do `device` and `is_cuda` keep up the pretence, and is torch itself again afterwards?"""
    before = torch.cuda.is_available(), torch.cuda.synchronize, torch.cuda.Event.__new__
    with pretended(desk.gpu), Watch(desk.scene):
        x = torch.rand(3, device="cuda")
        assert x.is_cuda and x.device.type == "cuda" and (x + 1).is_cuda and not x.cpu().is_cuda
        assert torch.cuda.is_available() and isinstance(torch.cuda.Event(enable_timing=True), Event)
    assert (torch.cuda.is_available(), torch.cuda.synchronize, torch.cuda.Event.__new__) == before
    assert not x.is_cuda


def test_pretended_memory_has_a_peak(desk: Desk) -> None:
    """Is the peak that of the calls since the last reset?"""
    with pretended(desk.gpu), Watch(desk.scene):
        assert torch.cuda.max_memory_allocated() == 900 * MIB
        torch.cuda.reset_peak_memory_stats()
        desk.model.cuda()(torch.rand(5, 1, 16, 16, device="cuda"))
        assert torch.cuda.max_memory_allocated() == 8 * MIB


def test_events_are_marks_in_the_examiner_s_time(desk: Desk) -> None:
    """Does the time between two events include what was queued between them, and only once it is done?"""
    x = torch.rand(2, 1, 16, 16)
    with pretended(desk.gpu), Watch(desk.scene):
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record()
        desk.model.cuda()(x.cuda())
        after.record()
        with pytest.raises(RuntimeError, match="not ready"):
            before.elapsed_time(after)
        torch.cuda.synchronize()
        assert before.elapsed_time(after) == 500.0


def test_real_models_are_timed_in_order_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is work that queues counted from the end of the work before?"""

    class Ticking:
        """An event that is three seconds after the one before."""

        def __init__(self, **_: Any) -> None:
            pass

        def record(self) -> None:
            pass

        def elapsed_time(self, end: Any) -> float:
            return 3000.0

    moments = iter([100.0, 101.0])
    notes = Notes(lambda: next(moments))
    monkeypatch.setattr(torch.cuda, "Event", Ticking)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    model = Timed(torch.nn.Flatten(), notes)
    for _ in range(2):
        model(torch.rand(1, 1, 16, 16))
    assert [row[2] for row in notes.rows()] == [103.0, 106.0]


@pytest.mark.parametrize("part", ["short", "long", "gpu"])
def test_an_exact_measurement_passes(part: str) -> None:
    """Are all times of the reference right, and nothing but a tick longer than what the calls took?"""
    seen = observe(part)
    assert time_faults(seen, part) == [None] * 3 and f"{part}.real_clock" not in seen
    least, _ = benchmark_inference.shown(seen, part, 1) or (np.zeros(1), None)
    assert seen[f"{part}.single_mean_ms"] == pytest.approx(least.mean() + 1000 * clocks.TICK, rel=1e-6)


def test_bounds_in_real_time_hold_on_a_busy_machine() -> None:
    """Does a right clock show what lies between the bounds, however late it is read?"""
    rng = np.random.default_rng(1)
    for _ in range(50):
        late = rng.exponential(0.05, (8, 2))
        now, start, done, shown = 0.0, [], [], []
        for before, after in late:
            read = now + before / 2
            start.append(now + before)
            done.append(start[-1] + 0.01)
            now = done[-1] + after
            shown.append(now - read)
        least, most = timeline.bounds(np.array(start), np.array(done), 0.0, now)
        assert (least <= shown).all() and (shown <= most + 1e-12).all()


def test_no_call_is_cheaper_for_being_asked_otherwise() -> None:
    """Does the examiner end a desk's question that no desk asks, and forget nothing that it was asked rightly?"""
    asked = Timeline({1: np.array([1.0])})
    services = asked.services()
    for arguments in (("x", [1], 0, 0, 1), (0.0, "ab", 0, 0, 1), (0.0, [1], 0), (0.0, [2**70], 0, 0, 1), (0.0, None)):
        with pytest.raises(Exception, match="no desk asks"):
            services["forward"](*arguments)
    assert services["forward"](-5.0, [1, 1, 16, 16], 0, 0, 1) == [1.0, None]
    assert asked.observation("x")["x.least"].tolist() == [1.0]


def test_a_flood_of_calls_is_not_written_down() -> None:
    """Is what the examiner keeps of a part bounded, and the number of calls still a wrong one?"""
    flood = Timeline({1: np.array([0.0])})
    forward = flood.services()["forward"]
    for _ in range(timeline.MAX_CALLS + 10):
        forward(0.0, [1, 1, 16, 16], 0, 0, 1)
    assert len(flood.observation("x")["x.shapes"]) == timeline.MAX_CALLS


def timed_by(read: Callable[[], float], scale: float = 1000.0) -> Callable[..., Any]:
    """An answer with the names of a notebook, whose clock is `read`; a right one when `scale` makes milliseconds."""
    names: dict[str, Any] = {"time": time, "timeit": timeit, "torch": torch, "read": read, "scale": scale}
    source = """
def benchmark(model, img_size, device, n_warmup, n_runs, read=read):
    model.eval().to(device)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    result = {"batch_results": {}}
    for batch in (64, 32, 8, 1):
        x, times = torch.rand(batch, 1, img_size, img_size, device=device), []
        for _ in range(n_warmup + n_runs):
            wait()
            start = read()
            model(x)
            wait()
            times.append(scale * (read() - start))
        times = times[n_warmup:]
        result["batch_results"][batch] = sum(times) / n_runs / batch
    return {**result, "single_mean_ms": sum(times) / n_runs, "single_p99_ms": sorted(times)[int(0.99 * n_runs)]}
"""
    exec(source, names)
    return names["benchmark"]


NAMED: dict[str, Callable[[], float]] = {
    "attribute": lambda: time.perf_counter(),
    "nanoseconds": lambda: time.monotonic_ns() / 1e9,
    "time": lambda: time.time(),
    "timeit": lambda: timeit.default_timer(),
    "date": lambda: datetime.datetime.now().timestamp(),
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("part", ["short", "long", "gpu"])
def test_any_clock_within_reach_is_virtual(part: str, name: str) -> None:
    """Do the clocks of `time` and `timeit` show the stub's own time, by whatever name they are read?"""
    seen = observe(part, timed_by(NAMED[name]))
    assert time_faults(seen, part) == [None] * 3 and f"{part}.real_clock" not in seen


class Hidden:
    """A clock within an object, which nobody replaces."""

    def __init__(self) -> None:
        self.clock = time.perf_counter


@pytest.mark.parametrize("part", ["short", "gpu"])
def test_a_clock_out_of_reach_is_no_mistake(part: str) -> None:
    """Does a right answer pass that reads a clock which cannot be replaced?"""
    seen = observe(part, timed_by(Hidden().clock.__call__))
    assert time_faults(seen, part) == [None] * 3 and seen[f"{part}.real_clock"] is True


def test_a_clock_out_of_reach_is_told_the_same_under_any_load() -> None:
    """Do the words about a wrong measurement in real time stay the same, however it is off?"""
    told = []
    for scale in (1.0, 400.0, 7e6):
        told += time_faults(observe("short", timed_by(Hidden().clock.__call__, scale)), "short")
    assert set(told) == {"the times that you report are not those that the calls took"}


def test_whoever_dawdles_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a report worth nothing where time is real and so much of it passes that any report would be possible?"""

    def dawdling(model: Any, img_size: int, device: str, n_warmup: int, n_runs: int) -> Any:
        model.eval()
        for batch in measuring.BATCH_SIZES:
            for _ in range(n_warmup + n_runs):
                model(torch.zeros(batch, 1, img_size, img_size))
                clocks.SLEEP(0.004)
        report = {batch: 6.0 / batch for batch in measuring.BATCH_SIZES}
        return {"single_mean_ms": 6.0, "single_p99_ms": 6.0, "batch_results": report}

    monkeypatch.setattr(measuring, "REAL_SCALES", (0.25,))
    seen = observe("short", dawdling)
    assert measuring.is_loose(seen, "short") or time_faults(seen, "short")[2]
    assert benchmark_inference.timed_fault(seen, {}, "short")


def test_the_function_taught_in_the_notebook_is_virtual() -> None:
    """Does `timeit.repeat`, whose clock is a default argument, show the virtual clock, and the real one later?"""
    clock = clocks.DeskClock({})
    before = timeit.repeat.__defaults__, timeit.Timer.__init__.__defaults__, time.perf_counter, time.sleep
    with clock.installed(lambda: None):
        assert timeit.repeat(lambda: time.sleep(60), number=1, repeat=2) == pytest.approx([60, 60], rel=1e-6)
        assert timeit.timeit(lambda: time.sleep(60), number=1) == pytest.approx(60, rel=1e-6)
    after = timeit.repeat.__defaults__, timeit.Timer.__init__.__defaults__, time.perf_counter, time.sleep
    assert after == before and clock.readings == 6


def test_waiting_takes_no_processor_time() -> None:
    """Does the processor's clock stand still while a model works, but for the readings themselves?"""
    clock = clocks.DeskClock({})
    with clock.installed(lambda: None):
        start = time.process_time()
        time.sleep(60)
        assert 0 < time.process_time() - start < 1e-4


@pytest.mark.parametrize(
    ("factor", "hint"),
    [
        pytest.param(1e-3, "seconds", id="seconds"),
        pytest.param(0.5, "less than what", id="half"),
        pytest.param(0.05, "less than a tenth", id="a twentieth"),
        pytest.param(1.5, "more than", id="too much"),
        pytest.param(np.nan, "no number", id="NaN"),
    ],
)
def test_wrong_times_are_explained(factor: float, hint: str) -> None:
    """Does the message say how a time is wrong?"""
    seen = observe("long")
    seen["long.single_mean_ms"] = seen["long.single_mean_ms"] * factor
    assert hint in str(time_faults(seen, "long")[0])


@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 150, 200, 1000])
def test_p99_is_the_ruling_or_interpolated(n: int) -> None:
    """Do `sorted(times)[int(0.99 * n)]` and what libraries interpolate pass, and no call beyond them?"""
    values = np.random.default_rng(n).permutation(n).astype(float)
    low, high = benchmark_inference.p99_range(values, values)
    assert high == sorted(values)[int(0.99 * n)]
    assert low <= np.percentile(values, 99) <= high
    if n <= 100 or n == measuring.LONG:  # as in the exam
        for method in ("weibull", "hazen", "median_unbiased"):
            assert low <= np.percentile(values, 99, method=method) <= high


def costs(seed: int, n_warmup: int = 3, n_runs: int = measuring.LONG) -> dict[int, np.ndarray]:
    """What the calls of a long run take."""
    return measuring.costs_of(np.random.default_rng(seed), measuring.Plan(n_warmup, n_runs, 16), slow=True)


def test_long_runs_tell_percentiles_apart() -> None:
    """Is P99 the second largest time, clearly apart from the largest, and from the nearest rank of one in a hundred?"""
    for seed in range(5):
        for values in costs(seed).values():
            runs = np.sort(values[3:])
            low, high = benchmark_inference.p99_range(runs, runs)
            assert high == runs[-2] and runs[-1] > 1.2 * high
            assert low > runs[-3] * (1 + benchmark_inference.RTOL) + 1e-3 * benchmark_inference.ATOL_MS


def test_which_batch_takes_longest_cannot_be_guessed() -> None:
    """Is the order of the costs by batch size drawn, and are the costs themselves?"""
    means = np.array([[values.mean() for values in costs(seed).values()] for seed in range(40)])
    assert len({tuple(np.argsort(row)) for row in means}) > 12
    assert (means.max(axis=0) > 10 * means.min(axis=0)).all()


def test_nobody_is_lucky_with_the_slow_calls() -> None:
    """Are all slow calls among those that an answer makes which leaves out the warm-up?"""
    for seed in range(20):
        for values in costs(seed, 4, 100).values():
            assert (values[4:-4] > 5 * np.median(values)).sum() == 3


def test_images_made_inside_the_clock_are_noticed() -> None:
    """Does making images count as time of its own?"""

    def answer(model: Any, img_size: int, device: str, n_warmup: int, n_runs: int) -> Any:
        model.eval()
        result: dict[str, Any] = {}
        for batch in measuring.BATCH_SIZES:
            times = []
            for _ in range(n_warmup + n_runs):
                start = time.perf_counter()
                model(torch.rand(batch, 1, img_size, img_size))
                times.append(1000 * (time.perf_counter() - start))
            result.setdefault("batch_results", {})[batch] = np.mean(times[n_warmup:]) / batch
        return result

    assert "more than" in str(time_faults(observe("short", answer), "short")[2])


@pytest.mark.parametrize(
    ("result", "flaw"),
    [
        pytest.param([1.0], "a list instead of a dict", id="list"),
        pytest.param({}, "'single_mean_ms' is missing", id="empty"),
        pytest.param({"batch_results": 3.0}, "'batch_results' is a float instead of a dict", id="one number"),
        pytest.param({"batch_results": {"1": 2.0}}, "has the keys ['1']", id="string keys"),
        pytest.param({"batch_results": dict.fromkeys((1, 8, 32, 64), "x")}, "no positive number", id="text"),
        pytest.param({"single_p99_ms": "yes"}, "'single_p99_ms' is a str", id="text for a number"),
    ],
)
def test_other_results_are_explained(result: Any, flaw: str) -> None:
    """Does the table say what is wrong with the form of the result?"""
    seen: Observation = {}
    measuring.read_result(seen, "short", result)
    assert flaw in seen["short.flaw"]


def test_long_complaints_are_cut() -> None:
    """Does a result with a huge key stay short in the message?"""
    seen: Observation = {}
    measuring.read_result(seen, "short", {"batch_results": {"x" * 10_000: 1.0}})
    assert len(seen["short.flaw"]) <= 300


@pytest.mark.parametrize("kind", [float, np.float32, torch.tensor], ids=["float", "numpy", "torch"])
def test_any_kind_of_number_is_read(kind: Any) -> None:
    """Does it matter in what type the numbers come?"""
    assert number_of(kind(2.5)) == 2.5


@pytest.mark.parametrize("task", [INFERENCE, EXPORT], ids=lambda task: task.name)
@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(lambda value: "text", id="text"),
        pytest.param(lambda value: np.full(np.shape(value), np.nan), id="NaN"),
        pytest.param(lambda value: np.zeros((3, 1, 2)), id="another shape"),
        pytest.param(lambda value: [[1], [2, 3]], id="ragged"),
        pytest.param(lambda value: {"a": 1}, id="a dict"),
    ],
)
def test_judges_survive_any_observation(task: Any, junk: Callable[[Any], Any]) -> None:
    """Does the judge answer with findings whatever comes back, and pass none of them?"""
    right = reference_seen() if task is INFERENCE else export_seen()
    for seen in ({}, {key: junk(value) for key, value in right.items()}):
        findings = task.judge(seen, {})
        assert findings and [finding.name for finding in findings if finding.passed] == []


@cache
def export_seen() -> Observation:
    """What the reference's export is seen to do."""
    return EXPORT.probe({"export_model": reference.export_model}, Case(SEED))


@pytest.mark.parametrize("kind", ["torchscript", "torch_export"])
def test_a_difference_in_one_file_is_found(kind: str) -> None:
    """Is 2e-5 too much, and 5e-6 not?"""
    name = {"torchscript": "torchscript", "torch_export": "torch-export"}[kind]
    for offset, wrong in ((5e-6, False), (2e-5, True)):
        want = torch.rand(3, 8), torch.rand(3)
        found = export_model.compared((want[0] + offset, want[1]), want)
        seen = {**export_seen(), f"pair.{kind}.3": found}
        assert (name in failed(EXPORT.judge(seen, {}))) is wrong


@pytest.mark.parametrize(
    "got",
    [
        pytest.param(torch.rand(3, 8), id="one output of two"),
        pytest.param((torch.rand(3, 9), torch.rand(3)), id="another shape"),
        pytest.param((torch.zeros(0), torch.zeros(0)), id="nothing"),
        pytest.param((None, 3), id="no tensors"),
        pytest.param("text", id="text"),
    ],
)
def test_an_output_of_another_form_is_no_output(got: Any) -> None:
    """Does the examiner compare nothing where there is nothing to compare?"""
    found = export_model.compared(got, (torch.rand(3, 8), torch.rand(3)))
    other = {f"pair.torchscript.{batch}": found for batch in export_model.EXPORT_BATCHES}
    assert "torchscript" in failed(EXPORT.judge({**export_seen(), **other}, {}))


def test_a_file_that_ends_its_reader_is_a_wrong_file() -> None:
    """Is a file that kills the process which opens it a fault of this file, and the rest judged all the same?"""

    class Dead(LocalBench):
        """A clean desk that has ended."""

        def _carried(self, packet: Any, services: Any) -> Any:
            raise Lost("it ended")

    bench = LocalBench({"export_model": reference.export_model}, EXPORT.shims)
    bench.clean = Dead({}, EXPORT.shims)
    findings = failed(EXPORT.judge(EXPORT.examine(bench, Case(SEED)), {}))
    assert set(findings) == {"torchscript", "torch-export", "batch-sizes"}
    assert "ended the process which read the file" in findings["torchscript"].found


def test_exporting_leaves_no_files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is the folder with the exported files gone afterwards?"""
    monkeypatch.setattr(export_model.tempfile, "tempdir", str(tmp_path))

    def answer(model: Any, path: Any, img_size: int = 128) -> Any:
        open(f"{path}.pt", "w").close()

    EXPORT.probe({"export_model": answer}, Case(SEED))
    assert not list(tmp_path.iterdir())


def test_visible_check_prints_and_raises(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a student see a table, an error when something is wrong, and a quiet line before answering?"""

    def unanswered(*args: Any, **options: Any) -> Any:
        raise NotImplementedError

    assert EXPORT.check(unanswered) == 0
    assert INFERENCE.check(unanswered) == 0
    assert "Task 1: benchmark_inference: not yet answered" in capsys.readouterr().out
    assert EXPORT.check(reference.export_model) is None
    assert "6 of 6 checks passed" in capsys.readouterr().out
    with pytest.raises(CheckFailed, match="11 of 12"):  # the mode, too, is as it was
        INFERENCE.check(lambda *args, **options: None)


@pytest.mark.parametrize(
    ("device", "where"),
    [
        pytest.param("cpu", "at 16 px on the CPU (no GPU here: the 50 ms are not judged)", id="CPU"),
        pytest.param("Tesla T4", "at 128 px on Tesla T4", id="GPU"),
    ],
)
def test_the_message_names_the_device_and_no_time(device: str, where: str) -> None:
    """Does an instructor see whether the 50 ms were judged, in words that are the same in every run?"""
    finding = INFERENCE.judge({"real.device": device}, {})[-1]
    assert finding.name == "real-model" and finding.tested == f"the VAE of assignment 04 {where}"


@pytest.mark.parametrize(("p99", "found"), [(49.9, None), (50.1, "more than 50 ms (P99) for one image")])
def test_the_limit_of_a_gpu(p99: float, found: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a slow model told so without the time that it took?"""
    monkeypatch.setattr(benchmark_inference, "stub_fault", lambda _: lambda *_: None)
    seen = {"real.device": "Tesla T4", "real.single_p99_ms": p99}
    assert benchmark_inference.real_fault(seen, {}) == found


class OnGPU(Bench):
    """A desk with a GPU that says something about the real model."""

    def __init__(self, told: Any) -> None:
        self._told = told

    def shim(self, name: str, *arguments: Any, services: Any = None, **options: Any) -> Any:
        """What it says, whatever it is asked."""
        return self._told


def told_by_a_gpu(shown: float) -> dict[str, Any]:
    """What a desk says whose calls take a hundredth of a second each, reported as `shown` ms."""
    n_warmup, n_runs, size = measuring.REAL_ON_GPU
    batches = [batch for batch in measuring.BATCH_SIZES for _ in range(n_warmup + n_runs)]
    rows = [
        [[batch, 1, size, size], 0.01 * number, 0.01 * number + 0.0099, [0, 0, 1]]
        for number, batch in enumerate(batches)
    ]
    report = {"single_mean_ms": shown, "single_p99_ms": shown}
    result = {**report, "batch_results": {batch: shown / batch for batch in measuring.BATCH_SIZES}}
    return {"result": result, "span": [0.0, 0.01 * len(rows)], "rows": rows, "device": "Tesla T4"}


@pytest.mark.parametrize(("shown", "right"), [(9.95, True), (1.0, False), (30.0, False)])
def test_times_on_a_real_gpu_are_those_between_its_events(shown: float, right: bool) -> None:
    """Are times on a real GPU right that lie between what its events show and the next call?"""
    seen: Observation = {}
    measuring.on_real_gpu(seen, OnGPU(told_by_a_gpu(shown)))
    assert (benchmark_inference.real_fault(seen, {}) is None) is right and seen["real.device"] == "Tesla T4"


@pytest.mark.parametrize("told", [None, {}, {"device": 1, "rows": 3, "result": {}}, {"rows": [[1]], "device": "x"}])
def test_a_gpu_that_says_nothing_of_use_gets_nothing(told: Any) -> None:
    """Does the examiner survive whatever a desk says about a real GPU?"""
    seen: Observation = {}
    measuring.on_real_gpu(seen, OnGPU(told))
    assert benchmark_inference.real_fault(seen, {})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_reference_on_a_real_gpu() -> None:
    """Do the reference's times hold on a real GPU, and does the model meet the 50 ms?"""
    finding = INFERENCE.judge(reference_seen(), {})[-1]
    assert finding.passed and torch.cuda.get_device_name(0) in finding.tested, finding


def test_other_threads_keep_the_real_clocks() -> None:
    """Does a notebook's kernel, whose threads read clocks all the time, leave an answer's measurement alone?"""
    import threading
    import time

    clock = clocks.DeskClock({})
    seen: list[float] = []
    before = time.monotonic()
    with clock.installed(lambda: None):
        threads = [threading.Thread(target=lambda: seen.append(time.monotonic())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.readings == 0
        time.monotonic()
        assert clock.readings == 1
    assert all(before <= one <= time.monotonic() for one in seen)
