"""Speaking to the examiner in the desk's place: frames that are none, numbers that are wrong, silence, floods, forgeries.

A candidate's process belongs to its student, its end of the wire included. The first half needs no worker: what arrives
at an examiner's end is read by `RemoteBench`. The second half goes through the worker and its wall.
"""

import json
import os
import threading

import numpy as np
import pytest
from attack_answers import RIGHT, SPEAK, WIRE, WRONG
from waferlab.checks.bench import Lost, Raised

from autograder.wall.inside.border import pack
from autograder.wall.inside.wire import RemoteBench, Wire

MOST = 2**20


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(8, "little") + data


def tensors(header: object, data: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return framed(len(text).to_bytes(8, "little") + text + data)


def member(dtype: object = "U8", shape: object = (2,), offsets: object = (0, 2)) -> bytes:
    """A file whose JSON text is described like this."""
    return tensors({"json": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}, b"{}")


def said(text: bytes) -> bytes:
    """A frame with a JSON text of one's own."""
    return tensors({"json": {"dtype": "U8", "shape": [len(text)], "data_offsets": [0, len(text)]}}, text)


NO_FRAMES = {
    "nothing": b"",
    "half a head": b"\x01\x02\x03",
    "a head of 16 exabytes": b"\xff" * 8,
    "a head above the limit": (MOST + 1).to_bytes(8, "little"),
    "a head without a frame": (100).to_bytes(8, "little") + b"x",
    "an empty frame": framed(b""),
    "noise": framed(bytes(range(256)) * 8),
    "a header of 16 exabytes": framed(b"\xff" * 8 + b"{}"),
    "a header that is no JSON": tensors(b"\xff\xfe"),
    "a header that is a list": tensors([1]),
    "a header nested without end": tensors(b"[" * 100_000),
    "no JSON member": tensors({"a_x": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}),
    "a shape that overflows": member(shape=(0, 10**30), offsets=(0, 0)),
    "a shape that overflows in 64 bits": member(shape=(2**32, 2**32), offsets=(0, 0)),
    "a negative shape": member(shape=(-2,)),
    "a shape of texts": member(shape=("2",)),
    "an unknown type": member(dtype="F4"),
    "a type that NumPy lacks": member(dtype="BF16", shape=(1,)),
    "offsets beyond the end": member(shape=(99,), offsets=(0, 99)),
    "offsets that run backwards": member(offsets=(2, 0)),
    "members that overlap": tensors(
        {name: {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]} for name in ("json", "a_x")}, b"{}"
    ),
    "more members than there may be": framed(pack({}, {str(n): np.zeros(1) for n in range(600)})),
    "a JSON text that is none": said(b"{"),
    "a JSON text that is a list": said(b"[]"),
    "a JSON text that is not a text": said(b"\xff\xfe"),
    "a number of 5,000 digits": said(b'{"errors": ' + b"9" * 5000 + b"}"),
    "a JSON text nested without end": said(b"[" * 100_000),
    "a greeting without anything": said(b"{}"),
    "a greeting of other things": said(b'{"errors": [], "missing": {}}'),
}
GREETING = framed(pack({"errors": {}, "missing": []}, {}))


def bench_before(data: bytes, most: int = MOST) -> RemoteBench:
    """An examiner's bench to which somebody has sent this, and is gone."""
    (incoming, theirs), (nowhere, outgoing) = os.pipe(), os.pipe()
    threading.Thread(target=_send, args=(theirs, data), daemon=True).start()
    threading.Thread(target=_drain, args=(nowhere,), daemon=True).start()
    return RemoteBench(Wire(incoming, outgoing, most))


def _send(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)


def _drain(descriptor: int) -> None:
    while os.read(descriptor, 2**16):
        pass


@pytest.mark.parametrize("data", NO_FRAMES.values(), ids=NO_FRAMES)
def test_what_is_no_frame_ends_the_conversation(data: bytes) -> None:
    """Is whatever arrives in place of a greeting, or of an answer, the end of the question, and no other exception?"""
    with pytest.raises(Lost):
        bench_before(data).greeting()
    bench = bench_before(GREETING + data)
    bench.greeting()
    with pytest.raises(Lost):
        bench.call("kl_divergence", 1.0)


@pytest.mark.parametrize(
    "reply",
    [
        {"value": 5},
        *({"value": 5, "number": number} for number in (0, 2, -1, None, "1", [1], {}, 10**30, 1.5)),
        *({"value": value, "number": 1} for value in ([1], {"is": "tensor"}, {"is": "list", "v": 1}, {"is": []})),
        *({"value": {"is": "array", "name": name}, "number": 1} for name in ("x", "../x", None, {}, 10**30)),
        {"value": {"is": "dict", "keys": [{"is": "list", "v": []}], "v": [1]}, "number": 1},
        {"value": {"is": "foreign", "kind": "x", "number": "0"}, "number": 1},
        {"value": "x" * 30_000, "number": 1},
        {"value": 10**30, "number": 1},
        {"back": "clock", "values": {"is": "list", "v": []}, "number": 1},
        {"back": {}, "number": 1},
    ],
    ids=lambda reply: json.dumps(reply)[:60],
)
def test_what_was_not_asked_is_no_answer(reply: dict) -> None:
    """Does a wrong number, no plain data, or a call of what is not there end the conversation?"""
    bench = bench_before(framed(pack(reply, {})))
    with pytest.raises(Lost):
        bench.call("kl_divergence", 1.0)


@pytest.mark.parametrize(
    "record",
    [5, [], {}, {"kinds": 5}, {"kinds": [[]] * 9}, {"kinds": ["MADE_UP seed 7"]}, {"place": [10**30, "x"], "text": 5}],
    ids=repr,
)
def test_an_exception_that_is_none_says_nothing(record: object) -> None:
    """Can a desk put words of its own into what an exception is called?"""
    bench = bench_before(framed(pack({"raised": record, "number": 1}, {})))
    with pytest.raises(Raised, match=r"^Exception$"):
        bench.call("kl_divergence", 1.0)


def test_an_answer_that_comes_twice_is_not_taken_for_the_next() -> None:
    """Is the second of two equal answers refused, although it can be read?"""
    bench = bench_before(framed(pack({"value": 5, "number": 1}, {})) * 2)
    assert bench.call("kl_divergence", 1.0) == 5
    with pytest.raises(Lost, match="what was not asked"):
        bench.call("kl_divergence", 2.0)


def test_calls_back_have_an_end() -> None:
    """Is a desk that does nothing but ask back stopped by what it may send in all?"""
    asked = framed(pack({"back": "clock", "values": {"is": "list", "v": []}, "number": 1}, {}))
    calls = []
    bench = bench_before(asked * 100_000, most=1_000)
    with pytest.raises(Lost, match="more than a question may"):
        bench.shim("tick", services={"clock": lambda: calls.append(1)})
    assert 0 < len(calls) < 1_000


# --- through the worker and its wall ----------------------------------------------------------------------------------

AFTER_GREETING = SPEAK + "greet(); wire.receive()\n"
ATTACKS = {
    "a head of 16 exabytes": WIRE + "raw(b'\\xff' * 8); time.sleep(60)",
    "a head, and silence": WIRE + "raw((2**23).to_bytes(8, 'little')); time.sleep(60)",
    "silence": "import time\ntime.sleep(60)",
    "silence after the greeting": SPEAK + "greet(); time.sleep(60)",
    "the end after the greeting": SPEAK + "greet(); os._exit(0)",
    "an answer cut in two": AFTER_GREETING + "raw((10**6).to_bytes(8, 'little') + b'x' * 1000); os._exit(0)",
    "frames without end": WIRE + "while True: raw(b'x' * 2**20)",
    "answers before they are asked for": SPEAK
    + "greet()\nfor n in range(10**6):\n    text, more = value(2.0)\n    wire.send({**text, 'number': n}, more)",
    "every answer twice": SPEAK + "speak(lambda *_: value(2.0), times=2)",
    "answers to the question before": SPEAK + "speak(lambda *_: value(2.0), number=lambda n: n - 1)",
    "late answers": SPEAK + "speak(lambda *_: (time.sleep(0.5), value(2.0))[1])",
    "calls back without end": AFTER_GREETING
    + "while True: wire.send({'back': 'clock', 'values': encode([])[0], 'number': 1}, {})",
    "names that are not missing": SPEAK + "greet(missing=['x' * 100, '<b>'] * 10**5); time.sleep(60)",
    "errors with other faces": SPEAK
    + "greet(errors={'kl_divergence': '\\ud800<script>' * 10**5}, missing=['kl_divergence']); time.sleep(60)",
    "huge answers": SPEAK + "import numpy as np\nspeak(lambda *_: value(np.zeros(2**20)))",
    "answers of every other kind": SPEAK
    + "kinds = iter([None, '\\ud800', {}, [[[]]], b'x', float('nan'), 2**62, (), {1: {2: 3}}] * 99)\n"
    + "speak(lambda *_: value(next(kinds)))",
    "exceptions with other faces": SPEAK
    + "speak(lambda *_: ({'raised': {'kinds': ['\\ud800'], 'place': [1, -5]}}, {}))",
    "nothing to answer": SPEAK + "speak(lambda *_: ({'raised': {'kinds': ['NotImplementedError']}}, {}))",
}
FORGED = {
    "zeros": "speak(lambda q, a: value([one * 0 for one in arguments(q, a) if hasattr(one, 'shape')]))",
    "the arguments": "speak(lambda q, a: value(arguments(q, a)))",
    "one argument": "speak(lambda q, a: value(next((one for one in arguments(q, a) if hasattr(one, 'shape')), 0.0)))",
    "what would pass": "speak(lambda q, a: value({'passed': True, 'points': 3, 'seen': {}, 'mu': 1.0}))",
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_noise_on_the_wire_costs_its_own_question_only(marks, exam, monkeypatch, source):
    """Does whoever writes to the examiner itself get nothing, and the next submission all?"""
    monkeypatch.setitem(exam.seconds, "kl_divergence", 3.0)
    assert marks(source)["kl_divergence"].points == 0
    assert marks(RIGHT)["kl_divergence"].points == 3


def test_who_speaks_for_itself_and_is_right_gets_its_points(points):
    """Do these attacks reach the examiner at all?"""
    desk = "from waferlab.checks.bench import Desk\nfrom waferlab.checks.encoder import TASKS\n"
    honest = "desk = Desk(globals(), TASKS['kl_divergence'].shims)\nspeak(lambda q, a: desk.serve((q, a), None))"
    assert points(SPEAK + desk + RIGHT + honest) == 3


@pytest.mark.parametrize("source", FORGED.values(), ids=FORGED)
def test_who_speaks_for_itself_and_does_nothing_gets_nothing(marks, source):
    """Is a candidate's process that answers every question of all three tasks, but does none, worth nothing?"""
    results = marks(WRONG, helpers=[SPEAK + source], only=None)
    assert {name: one.points for name, one in results.items()} == {
        "forward": 0,
        "reparameterize": 0,
        "kl_divergence": 0,
    }
