"""Stub models and a pretended GPU at a desk, for checks that judge measurements of time.

A stub model takes as long as the examiner says and tells it how it was called. The GPU works like a real one as far as
timing is concerned: a model called on it returns at once, its work is done later, and only a synchronisation (or a copy
to the CPU) waits for that. So a measurement that forgets to synchronise comes out too short, on a machine without any
GPU. When anything is over, the examiner alone knows (`benchmark.timeline`): here it is asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from unittest import mock

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

#: Functions that make a batch of images; the name is that of the torch function.
FACTORIES = ("rand", "randn", "zeros", "ones", "empty", "full", "rand_like", "randn_like", "zeros_like", "ones_like")
#: Tensor methods that wait for the GPU, because Python gets the numbers.
WAITING = ("cpu", "item", "tolist", "numpy", "__float__", "__int__", "__bool__", "__repr__", "__array__")
BUFFERED = 77  # numbers in a buffer of the stub model, which are no parameters


class Asked(Protocol):
    """A clock whose examiner can be asked."""

    def ask(self, service: str, *arguments: Any) -> Any:
        """What a service of the examiner's answers."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class Still:
    """A clock that stands still, where nobody measures time."""

    def ask(self, service: str, *arguments: Any) -> Any:
        """Nothing."""
        return 0

    def sleep(self, seconds: float) -> None:
        """Nothing passes."""


class GPU:
    """A device that queues its work: the call returns at once.

    Attributes:
        has_model: whether the model was moved here.
        queued: whether anything was, that nobody has waited for.
    """

    def __init__(self, clock: Asked) -> None:
        self.clock, self.has_model, self.queued = clock, False, False

    def synchronize(self, *_: Any, **__: Any) -> None:
        """Wait until everything is done."""
        if self.queued:
            self.clock.ask("synchronize")
        self.queued = False

    def reset_peak(self, *_: Any, **__: Any) -> None:
        """Forget the peak."""
        self.clock.ask("reset_peak")

    def memory_stats(self, *_: Any, **__: Any) -> dict[str, int]:
        """What `torch.cuda.memory_stats` tells; half of what is reserved was never allocated."""
        peak = int(self.clock.ask("peak"))
        stats = {f"allocated_bytes.all.{name}": 0 for name in ("current", "allocated", "freed")}
        reserved = {f"reserved_bytes.all.{name}": 2 * peak for name in ("current", "peak")}
        return {**stats, **reserved, "allocated_bytes.all.peak": peak}


class Event:
    """What `torch.cuda.Event(enable_timing=True)` does, on a pretended GPU."""

    def __init__(self, gpu: GPU) -> None:
        self._clock, self._mark = gpu.clock, -1

    def record(self, stream: Any = None) -> None:
        """Note when the GPU gets here."""
        self._mark = self._clock.ask("record")

    def synchronize(self) -> None:
        """Wait until the GPU was here."""
        self._clock.ask("reach", self._mark)

    def query(self) -> bool:
        """Whether the GPU was here."""
        return bool(self._clock.ask("reached", self._mark))

    def wait(self, stream: Any = None) -> None:
        """Streams are not pretended: nothing to do."""

    def elapsed_time(self, end: Event) -> float:
        """Milliseconds from here to `end`.

        Raises:
            RuntimeError: the GPU has not come to `end` yet.
        """
        if not end.query():
            raise RuntimeError("both events must be completed before calculating elapsed time (device not ready)")
        return 1000 * float(self._clock.ask("reach", end._mark, self._mark))


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


@dataclass
class Scene:
    """What a stub model is measured in.

    Attributes:
        clock: the examiner's.
        size: side of the images; tensors that end in (size, size) are batches of images.
        gpu: the pretended GPU, where there is one.
        making: seconds that making a batch takes longer than it would.
        inside: whether a model is at work.
    """

    clock: Asked
    size: int
    gpu: GPU | None = None
    making: float = 0.0
    inside: bool = False

    def __deepcopy__(self, memo: Any) -> Scene:
        """A copy of the model is in the same scene."""
        return self


class CostlyModel(nn.Module):
    """A model that does nothing but take its time.

    Args:
        scene: where it is measured.
        counts: numbers of trainable and of frozen parameters; they take no memory, and neither does a buffer.
    """

    def __init__(self, scene: Scene, counts: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1).expand(counts[0]))
        self.frozen = nn.Parameter(torch.zeros(1).expand(counts[1]), requires_grad=False)
        self.inner = nn.Sequential(nn.Dropout(0.5))
        self.register_buffer("statistics", torch.zeros(1).expand(BUFFERED))
        self._scene = scene

    def forward(self, x: Tensor) -> Tensor:
        """Take the time, return zeros of shape (B, 2)."""
        with at_work(self._scene, self, x):
            return mark_on_device(torch.zeros(len(x), 2), self._scene.gpu)


class SlowModel(nn.Module):
    """A real model whose calls take as long as the examiner says, besides.

    Args:
        model: the model.
        scene: where it is measured.
    """

    def __init__(self, model: nn.Module, scene: Scene) -> None:
        super().__init__()
        self.model, self._scene = model, scene

    def forward(self, x: Tensor) -> Any:
        """Take the time, and call the model."""
        with at_work(self._scene, self, x):
            return self.model(x)


@contextlib.contextmanager
def at_work(scene: Scene, model: nn.Module, x: Tensor) -> Iterator[None]:
    """Tell the examiner of a call; nothing within is the answer's own."""
    scene.inside = True
    try:
        expect_on_device(x, scene.gpu)
        yield
        scene.clock.ask("forward", [*x.shape][:4], *state_of(model, x))
        if scene.gpu:
            scene.gpu.queued = True
    finally:
        scene.inside = False


def state_of(model: nn.Module, x: Tensor) -> tuple[int, int, int]:
    """In which mode a model is called: training, gradients, float32; 1 for yes, 0 for no."""
    training = any(module.training for module in model.modules())
    gradients = torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
    return int(training), int(gradients), int(x.dtype == torch.float32)


def mark_on_device(tensor: Tensor, gpu: GPU | None) -> Tensor:
    """Mark a tensor as lying on the pretended GPU, when there is one."""
    if gpu:
        tensor._on_gpu = True  # type: ignore[attr-defined]
    return tensor


def is_on_device(tensor: Any) -> bool:
    """Whether a tensor is marked as lying on the pretended GPU."""
    return getattr(tensor, "_on_gpu", False)


def expect_on_device(x: Tensor, gpu: GPU | None) -> None:
    """As torch does: the input must lie where the model is, which must be the GPU when there is one.

    Raises:
        RuntimeError: one of them does not.
    """
    if gpu and not (is_on_device(x) and gpu.has_model):
        x_at, model_at = ("cuda:0" if there else "cpu" for there in (is_on_device(x), gpu.has_model))
        raise RuntimeError(f"expected input and model on cuda:0, found the input on {x_at} and the model on {model_at}")


class Watch(TorchFunctionMode):
    """Sees every torch function that an answer calls: lets making images take time, and keeps up a GPU's pretence.

    Args:
        scene: what is measured; decides whether there is a GPU.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch in place of every function; see `torch.overrides`."""
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if self._scene.inside or func is torch.device or name == "_parse_to":
            return func(*args, **kwargs)
        gpu = self._scene.gpu
        if name == "__get__":
            return self._attribute(gpu, func, args) if gpu else func(*args)
        result = self._on_gpu(gpu, func, name, args, kwargs) if gpu else func(*args, **kwargs)
        if name in FACTORIES and isinstance(result, Tensor) and result.shape[-2:] == (self._scene.size,) * 2:
            self._scene.clock.sleep(self._scene.making)
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


def brought_to_device(call: Callable[[nn.Module], Any]) -> dict[str, bool]:
    """Let an answer use a model that lies on a pretended GPU, as far as its first call.

    Optimisers load parts of torch when first used, and these must not load under the pretence: use one before.

    Args:
        call: gives the model to the answer.

    Returns:
        Whether the first `images` were brought to the GPU, and the `model` left there; empty when the model was never
        called, for whatever reason (the pretence has limits, and what an answer does wrong is seen elsewhere).
    """
    seen: dict[str, bool] = {}
    gpu = GPU(Still())
    gpu.has_model = True
    with contextlib.suppress(Exception), pretended(gpu), Watch(Scene(gpu.clock, 16, gpu)):
        call(Entrance(gpu, seen))
    return seen


class Notes:
    """The calls of a model on a real GPU: of each the shape, when it began, its state, and the events around it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.calls: list[tuple[list[int], float, tuple[int, ...], Any, Any]] = []

    def __deepcopy__(self, memo: Any) -> Notes:
        """A copy of the model writes into the same notes."""
        return self

    def rows(self) -> list[list[Any]]:
        """Of each call: shape, begin, the earliest end, state; work is done in order, none before its call."""
        torch.cuda.synchronize()
        rows, done = [], 0.0
        for shape, start, state, begun, ended in self.calls:
            done = max(start, done) + begun.elapsed_time(ended) / 1000
            rows.append([shape, start, done, list(state)])
        return rows


class Timed(nn.Module):
    """A real model on a real GPU, whose calls are timed from outside by events.

    Args:
        model: the model.
        notes: where calls are written down.
    """

    def __init__(self, model: nn.Module, notes: Notes) -> None:
        super().__init__()
        self.model, self._notes = model, notes

    def forward(self, x: Tensor) -> Any:
        """Call the model, without waiting for the GPU."""
        start = self._notes.now()
        begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begun.record()
        output = self.model(x)
        ended.record()
        self._notes.calls.append(([*x.shape][:4], start, state_of(self, x), begun, ended))
        return output
