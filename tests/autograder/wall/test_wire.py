"""Frames between an examiner and a candidate: is anything but the answer to the present question believed?"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from waferlab.checks.bench import Desk, Ended, Lost

from autograder.wall.inside.border import pack
from autograder.wall.inside.wire import HEAD, RemoteBench, Wire, serve_desk

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


def framed(plain: dict) -> bytes:
    data = pack(plain, {})
    return len(data).to_bytes(HEAD, "little") + data


FORGED = {
    "nothing": (),
    "noise": (b"\xff" * 100,),
    "a frame of 2**60 bytes": ((2**60).to_bytes(HEAD, "little") + b"x",),
    "half a frame": (framed({"number": 1, "value": 1})[:-3],),
    "no safetensors": ((5).to_bytes(HEAD, "little") + b"hello",),
    "another question's number": (framed({"number": 2, "value": 1, "changed": []}),),
    "no number": (framed({"value": 1, "changed": []}),),
    "an answer before the question": (framed({"number": 0, "value": 1, "changed": []}),),
    "a service that is not there": (framed({"number": 1, "back": "truth", "values": {"is": "list", "v": []}}),),
    "a service asked with nonsense": (framed({"number": 1, "back": "half", "values": {"is": "pickle"}}),),
}


@pytest.mark.parametrize("frames", FORGED.values(), ids=FORGED)
def test_whatever_else_arrives_ends_the_question(ends: Ends, frames: tuple[bytes, ...]) -> None:
    """Is a forged, late, early or broken frame never taken for an answer?"""
    candidate(ends, lambda: raw(ends, *frames))
    with pytest.raises(Lost):
        ends.bench.shim("run", services={"half": lambda x: x})


def test_a_flood_has_an_end(ends: Ends) -> None:
    """Is a candidate cut off that asks services without end?"""
    noise = np.zeros(MOST // 8 - 200)

    def flood() -> None:
        while True:
            ends.theirs.send({"number": 1, "back": "note", "values": {"is": "list", "v": []}}, {"x": noise})

    def read() -> None:
        while True:
            ends.theirs.receive()

    candidate(ends, flood)
    candidate(ends, read)
    with pytest.raises(Lost, match="more than a question may"):
        ends.bench.shim("run", services={"note": lambda: None})


def test_a_candidate_that_is_gone_is_told_from_one_that_forges(ends: Ends) -> None:
    """Does the grader know whether there is an exit status to look at?"""
    candidate(ends, lambda: raw(ends))
    with pytest.raises(Ended):
        ends.bench.call("f")


@pytest.mark.parametrize("greeting", [{}, {"errors": [], "missing": []}, {"errors": {}, "missing": {}}])
def test_a_candidate_that_does_not_greet_is_lost(ends: Ends, greeting: dict) -> None:
    """Is a first frame of another form the end?"""
    candidate(ends, lambda: raw(ends, framed(greeting)))
    with pytest.raises(Lost):
        ends.bench.greeting()
