"""Benches whose desk belongs to a forger: it may answer the examiner's calls in any way, and holds no right answer.

Each knows all that a forger can know: the package, the course's text, and what right answers to *other* exams look like.
What it does not do is the task. `Replayer` and `Mimic` learn from a desk that has the reference: the first repeats what it
said in an earlier exam, the second invents numbers of the same shape, mean and spread as what it would say now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from waferlab.checks.bench import AskedServices, Bench, LocalBench, Lost, Packet, Services, Shim, serve
from waferlab.checks.plain import decode, encode

#: What a forger says: the value, and what its shim asks the examiner before.
Said = tuple[Any, list[tuple[str, list[Any]]]]
Answers = Mapping[str, Any]
#: `(question, its arguments) -> what is said`
Way = Callable[[dict[str, Any], list[Any]], Said]


@dataclass(frozen=True)
class Asking:
    """A way to answer that hears what the examiner's services say.

    Attributes:
        way: `(question, its arguments, services) -> what is said`.
    """

    way: Callable[[dict[str, Any], list[Any], Mapping[str, Callable[..., Any]]], Any]


class Forger(Bench):
    """A desk that answers by a way of its own, and claims that every argument is as it was.

    Args:
        way: how it answers.
        shims: the task's, which run at the clean desk.
    """

    def __init__(self, way: Way | Asking, shims: Mapping[str, Shim] | None = None) -> None:
        self._way = way
        self.clean = LocalBench({}, shims)

    def _carried(self, packet: Packet, services: Services) -> Packet:
        question, arrays = packet
        values = decode(question["values"], arrays)
        asking = AskedServices(lambda name, asked: serve(services, name, asked))
        if isinstance(self._way, Asking):
            value = self._way.way(question, values, asking)
        else:
            value, asked = self._way(question, values)
            for name, arguments in asked:
                asking[name](*arguments)
        text, more = encode(value)
        return {"value": text, "changed": []}, more


class Recorder(LocalBench):
    """An honest desk; what it says is written down."""

    def __init__(self, answers: Answers, shims: Mapping[str, Shim]) -> None:
        super().__init__(answers, shims)
        self.said: list[Said] = []

    def _carried(self, packet: Packet, services: Services) -> Packet:
        asked: list[tuple[str, list[Any]]] = []

        def back(name: str, question: Packet) -> Packet:
            asked.append((name, decode(question[0]["values"], question[1])))
            return serve(services, name, question)

        reply, more = self._desk.serve(packet, back)
        self.said.append((decode(reply["value"], more) if "value" in reply else None, asked))
        return reply, more


def always(value: Any) -> Way:
    """Say the same to everything."""
    return lambda question, values: (value, [])


def zeros(question: dict[str, Any], values: list[Any]) -> Said:
    """Zeros in the shape of the first argument."""
    first = next((one for one in values[1] if hasattr(one, "shape")), np.zeros(3))
    return first * 0, []


def echo(question: dict[str, Any], values: list[Any]) -> Said:
    """The first argument itself."""
    return (values[1][0] if values[1] else None), []


def echo_all(question: dict[str, Any], values: list[Any]) -> Said:
    """All arguments."""
    return tuple(values[1]), []


def replayer(said: list[Said]) -> Way:
    """What an honest desk said in an earlier exam, question by question."""
    left = iter(said)

    def way(question: dict[str, Any], values: list[Any]) -> Said:
        try:
            return next(left)
        except StopIteration:
            raise Lost("nothing left to say") from None

    return way


def mimic(said: list[Said], seed: int = 3) -> Way:
    """Numbers of the shape, mean and spread of what an honest desk says in this exam, and texts of the same letters."""
    rng = np.random.default_rng(seed)
    honest = replayer(said)

    def way(question: dict[str, Any], values: list[Any]) -> Said:
        value, asked = honest(question, values)
        return _like(value, rng), [(name, _like(arguments, rng)) for name, arguments in asked]

    return way


def _like(value: Any, rng: np.random.Generator) -> Any:
    """Something that looks like a value from afar."""
    if isinstance(value, dict):
        return {key: _like(one, rng) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_like(one, rng) for one in value)
    if isinstance(value, str):
        return "".join(rng.permutation([*value]))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, bytes):
        return rng.bytes(len(value))
    if isinstance(value, int | float):
        return type(value)(value + rng.normal() * (abs(value) + 1))
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array_like(value, rng)
    return value


def _array_like(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    numbers = array.astype(float)
    mean = numbers.mean() if array.size else 0.0
    spread = numbers.std() if array.size > 1 else abs(mean) + 1  # one number has no spread, and must not be told
    drawn = rng.normal(mean, spread + 1e-6, array.shape)
    drawn = np.abs(drawn) if (numbers >= 0).all() else drawn
    made = drawn.round().astype(array.dtype) if array.dtype.kind in "biu" else drawn.astype(array.dtype)
    if hasattr(value, "detach"):
        import torch

        return torch.from_numpy(np.asarray(made))
    return made
