"""Frames between an examiner and a candidate that speak as they should; `tests/attacks/test_wire.py` has the others."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from waferlab.checks.bench import Desk, Ended, Lost

from autograder.wall.inside.wire import RemoteBench, Wire, serve_desk

MOST = 2**16
GREETING = {"errors": {}, "missing": []}


class Ends:
    """Both pipes; the candidate's side is a thread."""

    def __init__(self) -> None:
        asked, answered = os.pipe(), os.pipe()
        self.bench = RemoteBench(Wire(answered[0], asked[1], MOST))
        self.theirs = Wire(asked[0], answered[1], 2**30)
        self.write = answered[1]
        self.open = {*asked, *answered}

    def close(self, *ends: int) -> None:
        for end in self.open & set(ends or self.open):
            self.open.discard(end)
            os.close(end)


@pytest.fixture
def ends() -> Iterator[Ends]:
    both = Ends()
    yield both
    both.close()


def candidate(ends: Ends, behaviour: Callable[[], object]) -> None:
    """Let a candidate live in a thread; what breaks when the examiner hangs up is its own affair."""

    def life() -> None:
        with contextlib.suppress(OSError, Lost):
            behaviour()

    threading.Thread(target=life, daemon=True).start()


def test_an_honest_desk_is_understood(ends: Ends) -> None:
    """Do calls, services and arrays pass between two ends?"""

    def shim(answers, services, x):
        return services["half"](x) + answers["one"]()

    candidate(ends, lambda: serve_desk(ends.theirs, Desk({"one": lambda: 1.0}, {"run": shim}), GREETING))
    assert ends.bench.greeting() == ({}, [])
    got = ends.bench.shim("run", np.array([2.0, 4.0]), services={"half": lambda x: x / 2})
    assert got.tolist() == [2.0, 3.0]


def raw(ends: Ends, *frames: bytes) -> None:
    """Send bytes, then hang up."""
    for frame in frames:
        os.write(ends.write, frame)
    ends.close(ends.write)


def test_a_candidate_that_is_gone_is_told_from_one_that_forges(ends: Ends) -> None:
    """Does the grader know whether there is an exit status to look at?"""
    candidate(ends, lambda: raw(ends))
    with pytest.raises(Ended):
        ends.bench.call("f")
