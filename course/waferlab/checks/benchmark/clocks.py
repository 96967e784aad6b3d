"""The clocks of a probe: the machine's, and one that moves only while a model works.

On the virtual clock a call takes exactly as long as it was told, on every machine, however busy: the same answer shows
the same numbers, and is told the same. It stands in for the clocks of `time` and `timeit` wherever they are reached by
name. An answer that reads another one (`datetime.now`, a clock kept as a default argument) is seen to read none of
these, and measures once more on the real clock.
"""

from __future__ import annotations

import inspect
import time
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

TICK = 5e-6  # seconds between two readings: no measurement is exactly zero

#: Taken here, before an answer runs, which may replace them.
WALL = {name: getattr(time, name) for name in ("perf_counter", "monotonic", "time")}
BUSY = {name: getattr(time, name) for name in ("process_time", "thread_time")}
NANOSECONDS = {name: getattr(time, f"{name}_ns") for name in (*WALL, *BUSY)}
SLEEP = time.sleep


@dataclass(frozen=True)
class Clock:
    """Something that tells seconds, and a way to let them pass."""

    now: Callable[[], float]
    sleep: Callable[[float], None]


REAL = Clock(WALL["perf_counter"], SLEEP)


class VirtualClock:
    """A clock that moves when somebody sleeps, and by a tick whenever an answer reads it.

    Attributes:
        readings: how often an answer has read it, by whatever name.
    """

    def __init__(self) -> None:
        self.readings, self._elapsed = 0, 0.0

    def now(self) -> float:
        """Seconds since it was made."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._elapsed += max(seconds, 0.0)

    def read(self) -> float:
        """What an answer reads."""
        self.readings += 1
        self.sleep(TICK)
        return self._elapsed

    def _busy(self) -> float:
        """Who waits for a model uses no processor: only the ticks count."""
        self.read()
        return self.readings * TICK

    def substitutes(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """What stands in for each clock, and for sleeping; each goes on from what it shows now."""
        found: dict[Callable[..., Any], Callable[..., Any]] = {SLEEP: self.sleep}
        for clocks, elapsed in ((WALL, self.read), (BUSY, self._busy)):
            for name, clock in clocks.items():
                found[clock] = going_on(clock(), elapsed)
                found[NANOSECONDS[name]] = going_on(NANOSECONDS[name](), lambda elapsed=elapsed: round(1e9 * elapsed()))
        return found

    @contextmanager
    def installed(self, answer: Callable[..., Any]) -> Iterator[None]:
        """Let `time`, `timeit` and the names that an answer uses show this clock."""
        stand_ins = self.substitutes()
        with replaced(stand_ins, vars(time), vars(timeit), scope_of(answer)), timeit_defaults(stand_ins):
            yield


def going_on(start: float, elapsed: Callable[[], float]) -> Callable[[], float]:
    """A clock that goes on from what another showed."""
    return lambda: start + elapsed()


def scope_of(answer: Callable[..., Any]) -> dict[str, Any]:
    """The names that an answer sees: those of the notebook that defines it."""
    return getattr(inspect.unwrap(answer), "__globals__", {})


@contextmanager
def replaced(stand_ins: Mapping[Callable[..., Any], Callable[..., Any]], *scopes: dict[str, Any]) -> Iterator[None]:
    """Replace functions wherever a scope holds them, under whatever name, and put them back."""
    by_id = {id(function): stand_in for function, stand_in in stand_ins.items()}
    places = [(scope, name, value) for scope in scopes for name, value in scope.items() if id(value) in by_id]
    try:
        for scope, name, value in places:
            scope[name] = by_id[id(value)]
        yield
    finally:
        for scope, name, value in places:
            scope[name] = value


@contextmanager
def timeit_defaults(stand_ins: Mapping[Callable[..., Any], Callable[..., Any]]) -> Iterator[None]:
    """Replace the clock that the functions of `timeit` keep as the default of their argument `timer`."""
    by_id = {id(function): stand_in for function, stand_in in stand_ins.items()}
    functions: list[Any] = [timeit.timeit, timeit.repeat, timeit.Timer.__init__]
    defaults = [function.__defaults__ for function in functions]
    try:
        for function, values in zip(functions, defaults, strict=True):
            function.__defaults__ = tuple(by_id.get(id(value), value) for value in values)
        yield
    finally:
        for function, values in zip(functions, defaults, strict=True):
            function.__defaults__ = values
