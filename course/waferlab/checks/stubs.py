"""Models of known cost and a pretended GPU, for checks that judge measurements of time.

A stub model sleeps as long as it was told and writes down when it was called, with what, and in which mode. The GPU
works like a real one as far as timing is concerned: a model called on it returns at once, its work is done later, and
only a synchronisation (or a copy to the CPU) waits for that. So a measurement that forgets to synchronise comes out too
short, on a machine without any GPU.

The clock is handed in, because a student's code may replace the functions in `time`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from waferlab.checks.core import Observation

#: Functions that make a batch of images; the name is that of the torch function.
FACTORIES = ("rand", "randn", "zeros", "ones", "empty", "full", "rand_like", "randn_like", "zeros_like", "ones_like")
#: Tensor methods that wait for the GPU, because Python gets the numbers.
WAITING = ("cpu", "item", "tolist", "numpy", "__float__", "__int__", "__bool__", "__repr__", "__array__")
MIB = 2**20
OLD_PEAK = 900 * MIB  # what the pretended GPU's peak stands at before anybody resets it
BASE = 3 * MIB  # what is allocated all the time
BUFFERED = 77  # numbers in a buffer of the stub model, which are no parameters

Now = Callable[[], float]
Sleep = Callable[[float], None]


class CPU:
    """A device that does its work before the call returns."""

    def __init__(self, now: Now, sleep: Sleep) -> None:
        self.now, self._sleep = now, sleep

    def wait_until(self, moment: float) -> None:
        """Sleep until the clock shows at least `moment`."""
        while (left := moment - self.now()) > 0:
            self._sleep(left)

    def work(self, start: float, seconds: float, batch: int) -> float:
        """Do work that takes `seconds`; returns when it is done, in seconds of the clock."""
        self.wait_until(start + seconds)
        return self.now()


class GPU(CPU):
    """A device that queues its work: the call returns at once.

    Attributes:
        done: when all that was queued is done.
        peak: bytes, the largest since the last reset.
        has_model: whether the model was moved here.
    """

    has_model = False

    def __init__(self, now: Now, sleep: Sleep, bytes_per_image: int) -> None:
        super().__init__(now, sleep)
        self.done, self.peak, self._per_image = 0.0, OLD_PEAK, bytes_per_image

    def work(self, start: float, seconds: float, batch: int) -> float:
        """Queue work; returns when it will be done."""
        self.done = max(start, self.done) + seconds
        self.peak = max(self.peak, BASE + batch * self._per_image)
        return self.done

    def synchronize(self, *_: Any, **__: Any) -> None:
        """Wait until everything is done."""
        self.wait_until(self.done)

    def reset_peak(self, *_: Any, **__: Any) -> None:
        """Forget the peak."""
        self.peak = BASE

    def memory_stats(self, *_: Any, **__: Any) -> dict[str, int]:
        """What `torch.cuda.memory_stats` tells."""
        stats = {f"allocated_bytes.all.{name}": BASE for name in ("current", "allocated", "freed")}
        reserved = {f"reserved_bytes.all.{name}": OLD_PEAK + 64 * MIB for name in ("current", "peak")}
        return {**stats, **reserved, "allocated_bytes.all.peak": self.peak}


class Event:
    """What `torch.cuda.Event(enable_timing=True)` does, on a pretended GPU."""

    def __init__(self, gpu: GPU) -> None:
        self._gpu, self._at = gpu, 0.0

    def record(self, stream: Any = None) -> None:
        """Note when the GPU gets here."""
        self._at = max(self._gpu.now(), self._gpu.done)

    def synchronize(self) -> None:
        """Wait until the GPU was here."""
        self._gpu.wait_until(self._at)

    def query(self) -> bool:
        """Whether the GPU was here."""
        return self._gpu.now() >= self._at

    def wait(self, stream: Any = None) -> None:
        """Streams are not pretended: nothing to do."""

    def elapsed_time(self, end: Event) -> float:
        """Milliseconds from here to `end`.

        Raises:
            RuntimeError: the GPU has not come to `end` yet.
        """
        if not end.query():
            raise RuntimeError("both events must be completed before calculating elapsed time (device not ready)")
        return 1000 * (end._at - self._at)


class Stream:
    """What `torch.cuda.current_stream()` gives, on a pretended GPU."""

    def __init__(self, gpu: GPU) -> None:
        self._gpu, self.synchronize = gpu, gpu.synchronize

    def record_event(self, event: Event | None = None) -> Event:
        """Record an event here."""
        event = event or Event(self._gpu)
        event.record()
        return event


class _OneDevice:
    """`torch.cuda.device` where there is one device."""

    def __init__(self, device: Any = None) -> None:
        self.idx = 0

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def pretended(gpu: GPU) -> Iterator[None]:
    """Let `torch.cuda` speak of a pretended GPU, whether or not there is a real one.

    Inner functions are replaced as well, so that names imported beforehand (`from torch.cuda import synchronize`) work.
    """
    stream = Stream(gpu)
    replaced: list[tuple[Any, str, Any]] = [
        *((torch.cuda, name, lambda *_, **__: None) for name in ("_lazy_init", "set_device", "empty_cache")),
        *((torch.cuda, name, lambda *_, **__: True) for name in ("is_available", "is_initialized")),
        (torch.cuda, "device_count", lambda: 1),
        (torch.cuda, "get_device_name", lambda *_, **__: "a pretended GPU"),
        (torch.cuda, "current_stream", lambda *_, **__: stream),
        (torch.cuda, "default_stream", lambda *_, **__: stream),
        (torch.cuda, "device", _OneDevice),
        (torch.cuda, "memory_stats", gpu.memory_stats),
        (torch.cuda.memory, "memory_stats", gpu.memory_stats),
        (torch.cuda, "synchronize", gpu.synchronize),
        (torch.cuda.Event, "__new__", lambda *_, **__: Event(gpu)),
        (torch, "Event", lambda *_, **__: Event(gpu)),
        (torch._C, "_cuda_synchronize", gpu.synchronize),
        (torch._C, "_cuda_getDevice", lambda: 0),
        (torch._C, "_cuda_resetPeakMemoryStats", gpu.reset_peak),
    ]
    if accelerator := getattr(torch, "accelerator", None):
        replaced += [(accelerator, "synchronize", gpu.synchronize), (accelerator, "is_available", lambda: True)]
    with contextlib.ExitStack() as stack:
        for owner, name, value in replaced:
            stack.enter_context(mock.patch.object(owner, name, value, create=True))
        yield


class Log:
    """The timeline of one benchmark: every call of the stub model, and every batch of images that was made.

    Args:
        device: gives the time.
        size: side of the images; tensors that end in (size, size) are batches of images.
        making: seconds that making a batch takes longer than it would.
    """

    def __init__(self, device: CPU, size: int, making: float = 0.0) -> None:
        self.device, self.size, self.making = device, size, making
        self.rows: list[dict[str, float]] = []
        self.shapes: list[list[int]] = []
        self.inside = False
        self._made = [np.nan, np.nan]

    def __deepcopy__(self, memo: Any) -> Log:
        """A copy of the model writes into the same log."""
        return self

    def made(self, begin: float, end: float) -> None:
        """Images were made; they belong to the next call."""
        self._made = [begin if np.isnan(self._made[0]) else self._made[0], end]

    def add(self, shape: list[int], **row: float) -> None:
        """The model was called."""
        self.rows.append({**row, "made_begin": self._made[0], "made_end": self._made[1]})
        self.shapes.append(shape)
        self._made = [np.nan, np.nan]

    def count(self, batch: int) -> int:
        """How often the model has seen a batch of this size."""
        return sum(shape[0] == batch for shape in self.shapes)

    def observation(self, part: str) -> Observation:
        """The timeline as arrays under `part`, one entry for each call."""
        names = self.rows[0] if self.rows else ()
        columns = {f"{part}.{name}": np.array([row[name] for row in self.rows]) for name in names}
        return {**columns, f"{part}.shapes": np.array(self.shapes, dtype=np.int64).reshape(-1, 4)}


class CostlyModel(nn.Module):
    """A model that does nothing but take its time, and writes down how it was called.

    Args:
        log: where calls are written down.
        costs: seconds by batch size, one for each call in order; further calls take as long as the last.
        counts: numbers of trainable and of frozen parameters; they take no memory, and neither does a buffer.
    """

    def __init__(self, log: Log, costs: Mapping[int, np.ndarray], counts: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1).expand(counts[0]))
        self.frozen = nn.Parameter(torch.zeros(1).expand(counts[1]), requires_grad=False)
        self.inner = nn.Sequential(nn.Dropout(0.5))
        self.register_buffer("statistics", torch.zeros(1).expand(BUFFERED))
        self._log, self._costs = log, costs

    def forward(self, x: Tensor) -> Tensor:
        """Take the time, return zeros of shape (B, 2)."""
        start, log = self._log.device.now(), self._log
        log.inside = True
        try:
            expect_on_device(x, log.device)
            shape = [*x.shape][:4] + [-1] * (4 - x.ndim)
            seconds = cost_of(self._costs.get(shape[0], np.zeros(1)), log.count(shape[0]))
            done = log.device.work(start, seconds, shape[0])
            log.add(shape, start=start, done=done, **state_of(self, x))
            return mark_on_device(torch.zeros(shape[0], 2), log.device)
        finally:
            log.inside = False


def cost_of(costs: np.ndarray, number: int) -> float:
    """Seconds of a call by its number; further calls take as long as the last."""
    return float(costs[min(number, len(costs) - 1)])


def state_of(model: nn.Module, x: Tensor) -> dict[str, float]:
    """In which mode a model is called: 1 for yes, 0 for no."""
    return {
        "training": float(any(module.training for module in model.modules())),
        "gradients": float(torch.is_grad_enabled() and not torch.is_inference_mode_enabled()),
        "float32": float(x.dtype == torch.float32),
    }


def mark_on_device(tensor: Tensor, device: CPU) -> Tensor:
    """Mark a tensor as lying on the pretended GPU, when the device is one."""
    if isinstance(device, GPU):
        tensor._on_gpu = True  # type: ignore[attr-defined]
    return tensor


def is_on_device(tensor: Any) -> bool:
    """Whether a tensor is marked as lying on the pretended GPU."""
    return getattr(tensor, "_on_gpu", False)


def expect_on_device(x: Tensor, device: CPU) -> None:
    """As torch does: the input must lie where the model is, which must be the GPU when there is one.

    Raises:
        RuntimeError: one of them does not.
    """
    if isinstance(device, GPU) and not (is_on_device(x) and device.has_model):
        x_at, model_at = ("cuda:0" if there else "cpu" for there in (is_on_device(x), device.has_model))
        raise RuntimeError(f"expected input and model on cuda:0, found the input on {x_at} and the model on {model_at}")


class Watch(TorchFunctionMode):
    """Sees every torch function that an answer calls: notes when images are made, and keeps up the pretence of a GPU.

    Args:
        log: the timeline; its device decides whether there is a GPU.
    """

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch in place of every function; see `torch.overrides`."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if self._log.inside or func is torch.device or name == "_parse_to":
            return func(*args, **kwargs)
        device = self._log.device
        if name == "__get__":
            return self._attribute(device, func, args) if isinstance(device, GPU) else func(*args)
        begin = device.now()
        result = self._on_gpu(device, func, name, args, kwargs) if isinstance(device, GPU) else func(*args, **kwargs)
        if name in FACTORIES and isinstance(result, Tensor) and result.shape[-2:] == (self._log.size,) * 2:
            device.wait_until(begin + self._log.making)
            self._log.made(begin, device.now())
        return result

    def _attribute(self, gpu: GPU, func: Any, args: Any) -> Any:
        attribute = getattr(func, "__self__", None)
        if attribute in (torch.Tensor.device, torch.Tensor.is_cuda):
            moved = isinstance(args[0], nn.Parameter) and gpu.has_model
            there = moved or is_on_device(args[0])
            return there if attribute is torch.Tensor.is_cuda else torch.device("cuda:0" if there else "cpu")
        return func(*args)

    def _on_gpu(self, gpu: GPU, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """Call a function on the CPU with the GPU's name taken out, and mark where its result lies."""
        to_cpu = name == "cpu" or (name == "to" and any(_is_device(a, "cpu") for a in (*args, *kwargs.values())))
        if name in WAITING or to_cpu:
            gpu.synchronize()
        values = [*args, *kwargs.values()]
        there = name == "cuda" or any(_is_device(a, "cuda") or is_on_device(a) for a in values)
        if name in ("cuda", "cpu", "to") and isinstance(args[0], nn.Parameter) and (there or to_cpu):
            gpu.has_model = there
        if name == "cuda":
            result = args[0].detach() if not isinstance(args[0], nn.Parameter) else args[0]
        else:
            result = func(*(_on_cpu(a) for a in args), **{key: _on_cpu(value) for key, value in kwargs.items()})
        if not isinstance(result, Tensor) or isinstance(result, nn.Parameter):
            return result
        return result.detach() if to_cpu else mark_on_device(result, gpu) if there else result


def _is_device(value: Any, kind: str) -> bool:
    return isinstance(value, (str, torch.device)) and str(value).split(":")[0] == kind


def _on_cpu(value: Any) -> Any:
    return torch.device("cpu") if _is_device(value, "cuda") else value


class Reached(Exception):
    """The first batch is at the model, and there is nothing more to see."""


class Door(nn.Module):
    """A part of a model that notes where the first batch and the model lie, and lets nothing in.

    Args:
        gpu: the pretended GPU.
        seen: gets `images` and `model`: whether they lie there.
    """

    def __init__(self, gpu: GPU, seen: dict[str, bool]) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self._gpu, self._seen = gpu, seen

    def __deepcopy__(self, memo: Any) -> Door:
        """A copy writes into the same notes."""
        return Door(self._gpu, self._seen)

    def forward(self, x: Tensor) -> Any:
        """Note, and stop."""
        self._seen.update(images=is_on_device(x), model=self._gpu.has_model)
        raise Reached


class Entrance(nn.Module):
    """A VAE that ends at its door, whether it is called as a whole or by its encoder."""

    def __init__(self, gpu: GPU, seen: dict[str, bool]) -> None:
        super().__init__()
        self.encoder, self.decoder = Door(gpu, seen), Door(gpu, seen)

    def forward(self, x: Tensor) -> Any:
        """To the encoder's door."""
        return self.encoder(x)


def brought_to_device(now: Now, sleep: Sleep, call: Callable[[nn.Module], Any]) -> dict[str, bool]:
    """Let an answer use a model that lies on a pretended GPU, as far as its first call.

    Optimisers load parts of torch when first used, and these must not load under the pretence: use one before.

    Args:
        now: the clock.
        sleep: waits.
        call: gives the model to the answer.

    Returns:
        Whether the first `images` were brought to the GPU, and the `model` left there; empty when the model was never
        called, for whatever reason (the pretence has limits, and what an answer does wrong is seen elsewhere).
    """
    seen: dict[str, bool] = {}
    gpu = GPU(now, sleep, 1)
    gpu.has_model = True
    with contextlib.suppress(Exception), pretended(gpu), Watch(Log(gpu, 16)):
        call(Entrance(gpu, seen))
    return seen


class Timed(nn.Module):
    """A real model whose calls are timed from outside: on the CPU by the clock, on a GPU by events.

    Args:
        model: the model.
        log: where calls are written down.
        on_gpu: whether it will run on a (real) GPU.
        costs: seconds that the calls with each batch size take at least on the CPU, in order; then as the last.
    """

    def __init__(self, model: nn.Module, log: Log, *, on_gpu: bool, costs: np.ndarray | None = None) -> None:
        super().__init__()
        self.model = model
        self._log, self._on_gpu, self._costs = log, on_gpu, np.zeros(1) if costs is None else costs
        self._events: list[tuple[Any, Any]] = []

    def forward(self, x: Tensor) -> Any:
        """Call the model, without waiting for a GPU."""
        log, start = self._log, self._log.device.now()
        log.inside = True
        try:
            ends = self._mark()
            output = self.model(x)
            self._mark(ends)
            shape = [*x.shape][:4] + [-1] * (4 - x.ndim)
            log.device.wait_until(start + cost_of(self._costs, log.count(shape[0])))
            log.add(shape, start=start, done=log.device.now(), **state_of(self, x))
            return output
        finally:
            log.inside = False

    def _mark(self, begun: Any = None) -> Any:
        """On a GPU, record an event; with the event that began a call, keep both."""
        if not self._on_gpu:
            return None
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        if begun is not None:
            self._events.append((begun, event))
        return event

    def settle(self) -> None:
        """On a GPU, put in when each call was done at the earliest: work is done in order, none before its call."""
        if not self._events:
            return
        torch.cuda.synchronize()
        done = 0.0
        for row, (begun, ended) in zip(self._log.rows, self._events, strict=False):
            done = max(row["start"], done) + begun.elapsed_time(ended) / 1000
            row["done"] = done
