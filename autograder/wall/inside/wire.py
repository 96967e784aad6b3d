"""Frames between an examiner and a candidate: what `pack` makes, after eight bytes that tell its length.

Each question carries a number that every frame about it must repeat, so that nothing sent earlier, later or unasked is
ever taken for an answer. Whatever else arrives ends the conversation (`Lost`): the examiner believes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from waferlab.checks.bench import Bench, Desk, Ended, Lost, Packet, Services, serve

from autograder.wall.inside.border import pack, unpack

HEAD = 8  # bytes
PIECE = 2**20


class Wire:
    """One end of a pair of pipes.

    Args:
        incoming: descriptor to read from.
        outgoing: descriptor to write to.
        most: bytes that one frame may have, and all that ever arrive may have 64 times as many.
    """

    def __init__(self, incoming: int, outgoing: int, most: int) -> None:
        self._incoming, self._outgoing, self._most = incoming, outgoing, most
        self._left = 64 * most

    def send(self, plain: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Send one frame.

        Raises:
            OSError: nobody reads any more.
        """
        data = pack(plain, arrays)
        view = memoryview(len(data).to_bytes(HEAD, "little") + data)
        while view:
            view = view[os.write(self._outgoing, view[:PIECE]) :]

    def receive(self) -> Packet:
        """The next frame, its arrays by their names.

        Raises:
            Lost: there is none, it is too large, or it is no frame.
        """
        try:
            size = int.from_bytes(self._exactly(HEAD), "little")
            self._left -= size
            if size > self._most or self._left < 0:
                raise Lost("it sent more than a question may")
            return unpack(self._exactly(size))
        except Lost:
            raise
        except Exception as error:
            raise Lost(f"what it sent is no frame ({type(error).__name__})") from None

    def _exactly(self, count: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < count:
            piece = os.read(self._incoming, min(PIECE, count - len(pieces)))
            if not piece:
                raise Ended("it ended")
            pieces += piece
        return bytes(pieces)


class RemoteBench(Bench):
    """A bench whose desk is a candidate's process.

    Args:
        wire: the examiner's end.
        clean: its end towards a desk without answers, where there is one.
    """

    def __init__(self, wire: Wire, clean: Wire | None = None) -> None:
        self._wire = wire
        self._number = 0
        if clean:
            self.clean = RemoteBench(clean)
            self.clean.greeting()

    def greeting(self) -> tuple[dict[str, str], list[str]]:
        """What the candidate says first: the exceptions of its cells, by cell, and the names that they lack.

        Raises:
            Lost: it says anything else.
        """
        plain, _ = self._wire.receive()
        errors, missing = plain.get("errors"), plain.get("missing")
        if not isinstance(errors, dict) or not isinstance(missing, list):
            raise Lost("it does not begin as a candidate does")
        return {str(name): str(text) for name, text in errors.items()}, [str(name) for name in missing]

    def _carried(self, packet: Packet, services: Services) -> Packet:
        self._number += 1
        plain, arrays = packet
        self._send({**plain, "number": self._number}, arrays)
        while True:
            reply, more = self._wire.receive()
            if reply.get("number") != self._number:
                raise Lost("it answers what was not asked")
            if (name := reply.get("back")) is None:
                return reply, more
            answer, values = serve(services, str(name), (reply, more))
            self._send({**answer, "number": self._number}, values)

    def _send(self, plain: dict[str, Any], arrays: dict[str, Any]) -> None:
        try:
            self._wire.send(plain, arrays)
        except OSError:
            raise Ended("it ended") from None


def serve_desk(wire: Wire, desk: Desk, greeting: dict[str, Any]) -> None:
    """A candidate's part: greet, and answer one question after another, until the examiner has no more.

    Args:
        wire: the candidate's end.
        desk: the answers.
        greeting: `errors` and `missing`.
    """
    wire.send(greeting, {})
    while True:
        try:
            question, arrays = wire.receive()
        except Lost:
            return
        number = question["number"]
        reply, more = desk.serve((question, arrays), _back(wire, number))
        wire.send({**reply, "number": number}, more)


def _back(wire: Wire, number: int) -> Callable[[str, Packet], Packet]:
    """How a shim asks the examiner while it answers the question of this number."""

    def ask(name: str, packet: Packet) -> Packet:
        plain, arrays = packet
        wire.send({**plain, "number": number, "back": name}, arrays)
        return wire.receive()

    return ask
