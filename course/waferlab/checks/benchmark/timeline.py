"""The examiner's clock, and the device that a measured model works on: what every call costs, and when it is over.

A stub model at a desk does nothing but ask `forward`; what a call costs is drawn here, call by call, from the seed. The
clock moves only with the work (and with what the desk says has passed there meanwhile), so that the same answer shows
the same numbers on every machine. Whoever does not call the model, or does not read a clock around it, cannot know
them. For an answer whose clock is out of the desk's reach, the same work is done once more in real time: then what a
right clock shows lies between the time that a call was at work here and the time from the call before to the next.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from waferlab.checks.bench import Lost
from waferlab.checks.core import Observation

MAX_CALLS = 5_000  # further calls are not written down: no answer needs as many
MIB = 2**20
OLD_PEAK = 900 * MIB  # what the pretended GPU's peak stands at before anybody resets it
BASE = 3 * MIB  # what is allocated all the time
STATES = ("training", "gradients", "float32")  # of a call: 1 for yes, 0 for no
NOW, SLEEP = time.perf_counter, time.sleep

#: What a service answers: what the clock shows, and a value.
Answer = list[Any]


class Timeline:
    """One model's work, and every call of it.

    Args:
        costs: seconds by batch size, one for each call in order; further calls take as long as the last, and batches
            of other sizes no time.
        on_gpu: whether calls are queued and return at once.
        per_image: bytes that an image takes on the GPU.
        real: whether work takes real time.
    """

    def __init__(
        self, costs: Mapping[int, np.ndarray], *, on_gpu: bool = False, per_image: int = 0, real: bool = False
    ) -> None:
        self._costs, self._on_gpu, self._per_image, self._real = costs, on_gpu, per_image, real
        self._virtual = 0.0
        self._done, self._peak = 0.0, OLD_PEAK
        self._marks: list[float] = []
        self._counts: Counter[int] = Counter()
        self._shapes: list[list[int]] = []
        self._rows: list[tuple[float, ...]] = []
        self._begin = self.now()

    def now(self) -> float:
        """Seconds."""
        return NOW() if self._real else self._virtual

    def services(self) -> dict[str, Callable[..., Answer]]:
        """What a desk may ask: each is told what has passed there since the last time, in seconds."""
        asked = (self.forward, self.synchronize, self.record, self.reached, self.reach, self.reset_peak, self.peak)
        return {function.__name__: self._service(function) for function in asked}

    def _service(self, function: Callable[..., Any]) -> Callable[..., Answer]:
        def serve(passed: Any, *arguments: Any) -> Answer:
            try:
                self._virtual += min(max(0.0, float(passed)), 1e6)  # NaN is nothing
                value = function(*arguments)
            except Exception:  # a desk may send anything
                raise Lost("a question to the clock that no desk asks") from None
            return [self.now(), value]

        return serve

    def _wait_until(self, moment: float) -> None:
        self._virtual = max(self._virtual, moment)
        while self._real and (left := moment - NOW()) > 0:
            SLEEP(left)

    # --- the services --------------------------------------------------------------------------------------------

    def forward(self, shape: list[int], *state: float) -> None:
        """The model was called.

        Args:
            shape: of its input.
            state: a number for each of `STATES`.
        """
        start, four = self.now(), [int(n) for n in shape[:4]] + [-1] * (4 - len(shape))
        if len(shape) > 4 or len(state) != len(STATES) or max(map(abs, four)) > 2**40:
            raise ValueError
        cost, batch = self._cost(four[0]), four[0]
        if self._on_gpu:
            done = self._done = max(start, self._done) + cost
            self._peak = max(self._peak, BASE + batch * self._per_image)
        else:
            self._wait_until(start + cost)
            done = self.now()
        if len(self._rows) < MAX_CALLS:
            self._shapes.append(four)
            self._rows.append((start, done, cost, *map(float, state)))

    def _cost(self, batch: int) -> float:
        costs = self._costs.get(batch)
        if costs is None:
            return 0.0
        self._counts[batch] += 1
        return float(costs[min(self._counts[batch], len(costs)) - 1])

    def synchronize(self) -> None:
        """Wait until all work is done."""
        self._wait_until(self._done)

    def record(self) -> int:
        """Mark when the GPU gets here; the mark's number."""
        if len(self._marks) >= 4 * MAX_CALLS:
            raise ValueError
        self._marks.append(max(self.now(), self._done))
        return len(self._marks) - 1

    def reached(self, number: int) -> bool:
        """Whether the GPU was at a mark."""
        return self.now() >= self._marks[number]

    def reach(self, number: int, since: int | None = None) -> float:
        """Wait until the GPU was at a mark; seconds since another."""
        self._wait_until(self._marks[number])
        return self._marks[number] - self._marks[number if since is None else since]

    def reset_peak(self) -> None:
        """Forget the peak of the GPU's memory."""
        self._peak = BASE

    def peak(self) -> int:
        """Bytes, the largest since the last reset."""
        return self._peak

    # --- what is written down ------------------------------------------------------------------------------------

    @property
    def most_used(self) -> float:
        """MiB that the largest batch took, with all that was there before."""
        return (BASE + max(self._costs) * self._per_image) / MIB

    def observation(self, part: str) -> Observation:
        """The calls under `part`, one entry each: shape, state, the least and the most that a clock shows, in s."""
        end = self.now()
        columns = np.array(self._rows, dtype=float).reshape(-1, 3 + len(STATES)).T
        least, most = bounds(*columns[:2], self._begin, end) if self._real else (columns[2], columns[2])
        return {
            f"{part}.shapes": np.array(self._shapes, dtype=np.int64).reshape(-1, 4),
            f"{part}.least": least,
            f"{part}.most": most,
            **{f"{part}.{name}": column for name, column in zip(STATES, columns[3:], strict=True)},
        }


def bounds(start: np.ndarray, done: np.ndarray, begin: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most that a right clock shows in real time, however busy the machine: no tolerance is needed.

    Args:
        start: when each call began, in s.
        done: when its work was done.
        begin: when the answer was called.
        end: when it had returned.
    """
    before = np.concatenate([[begin], done])[:-1]
    after = np.maximum(np.concatenate([start, [end]])[1:], done)
    return done - np.maximum(start, before), after - before
