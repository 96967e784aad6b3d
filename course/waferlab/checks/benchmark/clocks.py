"""The clocks at a desk: what an answer reads is the examiner's clock, which moves only while a model works.

A call takes exactly as long as the examiner says, on every machine, however busy: the same answer shows the same
numbers, and is told the same. The examiner's clock stands in for the clocks of `time`, `timeit` and `datetime` wherever
they are reached by name. An answer that reads another (`os.times`, a clock within an object) is seen to read none of
these, and measures once more in real time. Other threads, of which a notebook has several, keep the real clocks.
"""

from __future__ import annotations

import datetime
import inspect
import threading
import time
import timeit
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

TICK = 1e-6  # seconds between two readings: no measurement is exactly zero

#: Taken here, before an answer runs, which may replace them.
WALL = {name: getattr(time, name) for name in ("perf_counter", "monotonic", "time")}
BUSY = {name: getattr(time, name) for name in ("process_time", "thread_time")}
NANOSECONDS = {name: getattr(time, f"{name}_ns") for name in (*WALL, *BUSY)}
SLEEP, REAL, DATES = time.sleep, time.perf_counter, datetime.datetime


class DeskClock:
    """The examiner's clock as a desk shows it: what it said last, and what has passed here since.

    Args:
        services: the examiner's; each is told what has passed, and answers with what its clock shows, and a value.
        real: whether time is real: then nothing here lets it pass.

    Attributes:
        readings: how often an answer has read it, by whatever name.
    """

    def __init__(self, services: Mapping[str, Callable[..., Any]], *, real: bool = False) -> None:
        self.readings, self.real, self._thread = 0, real, threading.get_ident()
        self._services, self._said, self._passed = services, 0.0, 0.0

    def ask(self, service: str, *arguments: Any) -> Any:
        """What a service of the examiner's answers; the clock then shows what it shows there."""
        passed, self._passed = self._passed, 0.0
        self._said, value = self._services[service](passed, *arguments)
        return value

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += max(seconds, 0.0)

    def read(self) -> float:
        """What an answer reads, in seconds."""
        self.readings += 1
        self.sleep(TICK)
        return self._said + self._passed

    def _busy(self) -> float:
        """Who waits for a model uses no processor: only the ticks count."""
        self.read()
        return self.readings * TICK

    def substitutes(self) -> dict[Callable[..., Any], Callable[..., Any]]:
        """What stands in for each clock, and for sleeping; each goes on from what it shows now."""
        found: dict[Callable[..., Any], Callable[..., Any]] = {SLEEP: self._here(self.sleep, SLEEP)}
        found[DATES] = dates_after(DATES.now(datetime.UTC), self._is_here, self.read)
        for clocks, elapsed in ((WALL, self.read), (BUSY, self._busy)):
            for name, clock in clocks.items():
                precise = NANOSECONDS[name]
                found[clock] = self._here(going_on(clock(), elapsed), clock)
                found[precise] = self._here(
                    going_on(precise(), lambda elapsed=elapsed: round(1e9 * elapsed())), precise
                )
        return found

    def _is_here(self) -> bool:
        """Whether it is the answer that asks; the threads of a notebook's kernel ask, too."""
        return threading.get_ident() == self._thread

    def _here(self, shown: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
        """One function for the answer's thread, the real one for all others."""
        return lambda *arguments: (shown if self._is_here() else real)(*arguments)

    @contextmanager
    def installed(self, answer: Callable[..., Any]) -> Iterator[None]:
        """Let `time`, `timeit` and the names that an answer uses show this clock, where time is not real."""
        if self.real:
            yield
            return
        stand_ins = self.substitutes()
        scope = scope_of(answer)
        kept = defaults_replaced(stand_ins, functions_in(scope))
        with kept, replaced(stand_ins, vars(time), vars(timeit), vars(datetime), scope):
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
def defaults_replaced(
    stand_ins: Mapping[Callable[..., Any], Callable[..., Any]], functions: Iterable[Callable[..., Any]]
) -> Iterator[None]:
    """Replace functions that others keep as the default of an argument, and put them back."""
    by_id = {id(function): stand_in for function, stand_in in stand_ins.items()}
    kept = [(function, function.__defaults__, function.__kwdefaults__) for function in functions]
    try:
        for function, values, named in kept:
            if any(id(value) in by_id for value in (*(values or ()), *(named or {}).values())):
                function.__defaults__ = values and tuple(by_id.get(id(value), value) for value in values)
                function.__kwdefaults__ = named and {name: by_id.get(id(one), one) for name, one in named.items()}
        yield
    finally:
        for function, values, named in kept:
            function.__defaults__, function.__kwdefaults__ = values, named


def functions_in(scope: Mapping[str, Any]) -> list[FunctionType]:
    """The functions that a notebook defines, those of its classes too, and those of `timeit` that keep a clock."""
    own = [value for value in scope.values() if getattr(value, "__module__", None) == scope.get("__name__")]
    parts = [part for one in own if isinstance(one, type) for part in vars(one).values()]
    found = [one for one in (*own, *parts) if isinstance(one, FunctionType)]
    return [*found, timeit.timeit, timeit.repeat, timeit.Timer.__init__]


def dates_after(
    start: datetime.datetime, is_here: Callable[[], bool], elapsed: Callable[[], float]
) -> type[datetime.datetime]:
    """`datetime.datetime` whose `now` goes on from a moment, in one thread."""

    class Shown(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            if not is_here():
                return DATES.now(tz)
            return start.astimezone(tz).replace(tzinfo=tz) + datetime.timedelta(seconds=elapsed())

    return Shown
