"""The bench: where an examiner puts questions to a student's answers, one call at a time.

A probe (the examiner's part of a check) never holds an answer. It holds a bench, and asks: call `kl_divergence` with
these two tensors; run the shim `forward` with these weights. In a notebook the answers lie on a desk in the same
process (`LocalBench`). In the grader the desk is in another process, which gets the arguments of one call at a time and
nothing else, neither seed nor case nor truth; the examiner gets plain data back and nothing else (`plain.py`), so that
a desk that is a forger's own can only be right by doing the task.

A **shim** is a function of ours that runs at the desk, beside the answers: it builds what an answer wants to be called
with and cannot be sent (a module, a loader, a data set), and returns raw values. It judges nothing and knows nothing.
What it wants from the examiner, it asks through `services`: a call back, plain data again.
"""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from waferlab.checks.plain import Arrays, Foreign, PlainError, decode, encode, same

MAX_ERROR = 300
MAX_KEPT = 2_000  # foreign objects that a desk keeps for later calls
MAX_LINE = 100_000
#: Exceptions that may be called by their names beside Python's own: all others could spell anything.
KNOWN = ("OutOfMemoryError", "LinAlgError", "NotFittedError", "AxisError")

#: A question or an answer on its way: JSON, and the arrays that it names.
Packet = tuple[dict[str, Any], Arrays]
#: What a shim asks the examiner with, by name.
Services = Mapping[str, Callable[..., Any]]
#: `(answers, services, *arguments) -> plain data`, at the desk.
Shim = Callable[..., Any]


class Raised(Exception):
    """An answer raised an exception; the text is fit for a student's eyes.

    Attributes:
        unanswered: whether it was the placeholder's.
    """

    def __init__(self, words: str, *, unanswered: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.unanswered = unanswered


class Lost(Exception):
    """The desk does not answer any more, or not as a desk does: this question is over."""


class Ended(Lost):
    """The desk's process is gone."""


# --- the desk ----------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """The answers, with what they returned that is no plain data.

    Attributes:
        answers: by name.
        shims: by name.
        kept: foreign objects, by number.
    """

    answers: Mapping[str, Any]
    shims: Mapping[str, Shim]
    kept: list[Any] = field(default_factory=list)

    def keep(self, value: Any) -> int:
        """Keep an object for later calls; its number."""
        if len(self.kept) >= MAX_KEPT:
            raise MemoryError(f"more than {MAX_KEPT} objects returned")
        self.kept.append(value)
        return len(self.kept) - 1

    def find(self, number: int) -> Any:
        """The object under a number."""
        return self.kept[number]

    def serve(self, packet: Packet, back: Callable[[str, Packet], Packet]) -> Packet:
        """Answer one question; an exception becomes a packet that says so.

        Args:
            packet: the question.
            back: asks the examiner's service of a name.
        """
        question, arrays = packet
        try:
            values = decode(question["values"], arrays, self.find)
            text, more = encode(self._value(question, values, back), self.keep)
            return {"value": text, "changed": _changed(decode(question["values"], arrays, self.find), values)}, more
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return {"raised": _record(error)}, {}

    def _value(self, question: dict[str, Any], values: Sequence[Any], back: Callable[[str, Packet], Packet]) -> Any:
        what, name, (target, arguments, options) = question["do"], question["name"], values
        if what == "call":
            called = self.answers[name] if target is None else target
            return called(*arguments, **options)
        if what == "method":
            return getattr(target, name)(*arguments, **options)
        return self.shims[name](self.answers, AskedServices(back), *arguments, **options)


def _changed(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """Positions and names of the arguments that are not as they were."""
    places = [place for place, pair in enumerate(zip(before[1], after[1], strict=True)) if not same(*pair)]
    return [*places, *(name for name, value in before[2].items() if not same(value, after[2].get(name)))]


class AskedServices(dict[str, Callable[..., Any]]):
    """The examiner's services as functions of plain data, one for whatever name is asked for.

    Args:
        back: asks the examiner's service of a name.
    """

    def __init__(self, back: Callable[[str, Packet], Packet]) -> None:
        super().__init__()
        self._back = back

    def __missing__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            text, arrays = encode(list(arguments))
            reply, more = self._back(name, ({"values": text}, arrays))
            return decode(reply["value"], more)

        return ask


def _record(error: BaseException) -> dict[str, Any]:
    """What is passed on of an exception: its kind, its text, and the line of the student's cell that it comes from."""
    try:
        text = " ".join(f"{type(error).__name__}: {error}".split())[:MAX_ERROR]
    except Exception:
        text = type(error).__name__[:MAX_ERROR]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith("<cell ")]
    place = [int(own[-1].filename[6:-1]), own[-1].lineno] if own and own[-1].filename[6:-1].isdigit() else None
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "text": text, "place": place}


# --- the bench ---------------------------------------------------------------------------------------------------


class Bench:
    """Puts questions; a subclass carries them to a desk.

    Attributes:
        changed: positions (or names) of the arguments that the last call left other than they were, as the desk says.
        clean: a bench whose desk has the task's shims and no answers, where the task asks for one: what an answer wrote
            to a file is opened there, by a process that knows nothing that could be stolen.
    """

    clean: Bench
    changed: tuple[int | str, ...] = ()

    def call(self, answer: str | Foreign, *arguments: Any, **options: Any) -> Any:
        """What an answer (by name), or something that an answer returned, gives for these arguments.

        Raises:
            Raised: it raised an exception.
            Lost: there is nobody to answer any more.
        """
        named = isinstance(answer, str)
        return self._ask("call", answer if named else "", (None if named else answer, arguments, options), {})

    def method(self, target: Foreign, name: str, *arguments: Any, **options: Any) -> Any:
        """What a method of something that an answer returned gives.

        Raises:
            Raised, Lost: as `call`.
        """
        return self._ask("method", name, (target, arguments, options), {})

    def shim(self, name: str, *arguments: Any, services: Services | None = None, **options: Any) -> Any:
        """What a shim of the task gives.

        Args:
            name: the shim's.
            arguments, options: plain data, or what an answer returned.
            services: what the shim may ask back.

        Raises:
            Raised, Lost: as `call`.
        """
        return self._ask("shim", name, (None, arguments, options), services or {})

    def _ask(self, what: str, name: str, values: tuple[Any, ...], services: Services) -> Any:
        text, arrays = encode([values[0], list(values[1]), values[2]])
        reply, more = self._carried(({"do": what, "name": name, "values": text}, arrays), services)
        raised = reply.get("raised")
        if raised is not None:
            raise self._raised(raised)
        changed = reply.get("changed")
        known = isinstance(changed, list)
        self.changed = tuple(one for one in changed if isinstance(one, int | str)) if known else (0,)
        try:
            return decode(reply.get("value"), more)
        except PlainError as error:
            raise Lost(f"an answer that is no plain data ({error})") from None

    def _carried(self, packet: Packet, services: Services) -> Packet:
        """Carry a question to the desk and bring back the answer; serve what the desk asks meanwhile."""
        raise NotImplementedError

    def _raised(self, record: Any) -> Raised:
        """An exception at the desk, in words."""
        kind, place = kind_and_place(record)
        where = f" in line {place[1]} of your code" if place else ""
        return Raised(f"{kind}{where}", unanswered=kind == "NotImplementedError")


def kind_and_place(record: Any) -> tuple[str, tuple[int, int] | None]:
    """The kind of a recorded exception and its cell and line; nobody vouches for the record."""
    kinds, place = (record.get("kinds"), record.get("place")) if isinstance(record, dict) else (None, None)
    names = [str(kind)[:60] for kind in kinds[:20]] if isinstance(kinds, list) else []
    kind = next((name for name in names if name in KNOWN or _is_builtin(name)), "Exception")
    if isinstance(place, list) and len(place) == 2 and all(type(one) is int and 0 <= one < MAX_LINE for one in place):
        return kind, (place[0], place[1])
    return kind, None


def _is_builtin(name: str) -> bool:
    kind = vars(builtins).get(name)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def serve(services: Services, name: str, packet: Packet) -> Packet:
    """The answer of an examiner's service to a desk.

    Raises:
        Lost: there is no such service, or it was asked with something that is no plain data.
    """
    text, arrays = packet
    try:
        arguments = decode(text.get("values"), arrays)
    except PlainError as error:
        raise Lost(f"a question that is no plain data ({error})") from None
    if name not in services or not isinstance(arguments, list):
        raise Lost(f"a question to {name[:40]!r}, which answers nothing here")
    value, more = encode(services[name](*arguments))
    return {"value": value}, more


class LocalBench(Bench):
    """A bench whose desk is in this process, as in a student's notebook.

    Args:
        answers: by name.
        shims: the task's.
    """

    def __init__(self, answers: Mapping[str, Any], shims: Mapping[str, Shim] | None = None) -> None:
        self._desk = Desk(answers, shims or {})
        if answers:
            self.clean = LocalBench({}, shims)

    def _carried(self, packet: Packet, services: Services) -> Packet:
        return self._desk.serve(packet, lambda name, asked: serve(services, name, asked))

    def _raised(self, record: Any) -> Raised:
        """With the exception's own text: here the student is among friends."""
        return Raised(record["text"], unanswered="NotImplementedError" in record["kinds"])
