"""Does a bench give what an answer gives, and nothing that could be stolen or forged?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from waferlab.checks.bench import Bench, LocalBench, Lost, Packet, Raised, Services, kind_and_place, serve
from waferlab.checks.core import NotAnswered, scenario
from waferlab.checks.plain import Foreign, encode


class Remote(Bench):
    """A bench whose desk sends one prepared reply."""

    def __init__(self, reply: dict[str, Any], arrays: dict[str, np.ndarray] | None = None) -> None:
        self.reply, self.arrays = reply, arrays or {}

    def _carried(self, packet: Packet, services: Services) -> Packet:
        return self.reply, self.arrays


def test_a_call_gives_what_the_answer_gives() -> None:
    """Do arguments, options and results pass?"""
    bench = LocalBench({"double": lambda x, times=2: times * x})
    assert bench.call("double", 3) == 6
    assert bench.call("double", torch.ones(2), times=3).tolist() == [3, 3]


def test_changed_arguments_are_noticed() -> None:
    """Is it known which argument an answer changed in place, and are the examiner's own left alone?"""

    def change(a: Any, b: Any) -> None:
        b += 1

    first, second = np.zeros(2), np.zeros(2)
    bench = LocalBench({"change": change, "leave": lambda a, b: a})
    bench.call("change", first, second)
    assert bench.changed == (1,)
    assert not second.any()
    bench.call("leave", first, second)
    assert bench.changed == ()


def test_what_an_answer_returned_can_be_asked_again() -> None:
    """Can an object that stays at the desk be called, asked for a method, and passed on?"""

    class Scaler:
        def __init__(self, by: float) -> None:
            self.by = by

        def __call__(self, x: float) -> float:
            return self.by * x

        def undo(self, x: float) -> float:
            return x / self.by

    bench = LocalBench({"Scaler": Scaler, "use": lambda scaler, x: scaler(x)})
    scaler = bench.call("Scaler", 4.0)
    assert isinstance(scaler, Foreign)
    assert (bench.call(scaler, 2.0), bench.method(scaler, "undo", 8.0), bench.call("use", scaler, 1.0)) == (8, 2, 4)


def test_a_shim_can_ask_the_examiner() -> None:
    """Do questions of a shim reach the examiner's services, as plain data?"""

    def shim(answers: Any, services: Services, start: float) -> float:
        return answers["answer"](services["twice"](start))

    bench = LocalBench({"answer": lambda x: x + 1}, {"run": shim})
    assert bench.shim("run", 2.0, services={"twice": lambda x: 2 * x}) == 5
    with pytest.raises(Raised, match="nothing here"):
        bench.shim("run", 2.0, services={})


def test_exceptions_are_told_in_full_among_friends_only() -> None:
    """Does a notebook show an exception's text, and the grader its kind and line alone?"""

    def fail() -> None:
        raise ValueError("the seed is 7")

    with pytest.raises(Raised, match="the seed is 7"):
        LocalBench({"fail": fail}).call("fail")
    record = {"kinds": ["Mine7", "ValueError", "Exception"], "text": "the seed is 7", "place": [3, 12]}
    with pytest.raises(Raised) as raised:
        Remote({"raised": record}).call("fail")
    assert raised.value.words == "ValueError in line 12 of your code"


@pytest.mark.parametrize(
    "record",
    [None, [], {}, {"kinds": 7}, {"kinds": [None]}, {"kinds": ["Seed123"], "place": ["a", 1]}, {"place": [1, 10**9]}],
)
def test_a_forged_record_spells_nothing(record: Any) -> None:
    """Can a candidate put a text of its own into what a student sees?"""
    assert kind_and_place(record) == ("Exception", None)


def test_the_placeholder_is_no_mistake() -> None:
    """Is `NotImplementedError` an open question, wherever the desk is?"""

    def open_question() -> None:
        raise NotImplementedError

    for bench in (LocalBench({"f": open_question}), Remote({"raised": {"kinds": ["NotImplementedError"]}})):
        with pytest.raises(NotAnswered), scenario({}, "part"):
            bench.call("f")


@pytest.mark.parametrize(
    "reply",
    [{"value": {"is": "array", "name": "0"}}, {"value": [1]}, {"value": {"is": "x"}}],
    ids=["no array", "a bare list", "no kind"],
)
def test_a_reply_that_is_no_plain_data_ends_the_question(reply: dict[str, Any]) -> None:
    """Does a forged reply end its question, and is that no exception of the student's?"""
    with pytest.raises(Lost), scenario({}, "part"):
        Remote(reply).call("f")


def test_a_desk_that_says_nothing_of_changes_is_not_believed() -> None:
    """Does a missing word about arguments count as a change?"""
    bench = Remote({"value": 1})
    assert bench.call("f") == 1 and bench.changed


@pytest.mark.parametrize("name", ["", "seed", "__class__"])
def test_only_services_can_be_asked(name: str) -> None:
    """Does a desk that asks for anything else end its question?"""
    text, arrays = encode([1])
    with pytest.raises(Lost):
        serve({"twice": lambda x: 2 * x}, name, ({"values": text}, arrays))
