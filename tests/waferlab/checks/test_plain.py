"""Does every value pass as what it is, and nothing else?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from waferlab.checks.plain import MAX_ITEMS, Foreign, PlainError, decode, encode, kind_of, same

PLAIN = {
    "nothing": None,
    "a boolean": True,
    "a number": -7,
    "a float": 2.5,
    "a text": "Ätsch",
    "a list": [1, [2.0, "x"], ()],
    "a tuple": (1, (2, 3)),
    "a dictionary": {"a": 1, 10: {"b": [None]}, 0.5: False},
    "bytes": b"\x00\xff",
}


def through(value: Any) -> Any:
    """What arrives after JSON."""
    text, arrays = encode(value)
    return decode(json.loads(json.dumps(text)), arrays)


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_plain_values_pass_unchanged(value: Any) -> None:
    """Is what arrives equal, and of the same type?"""
    assert through(value) == value
    assert type(through(value)) is type(value)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_arrays_and_tensors_pass_with_their_type(dtype: str) -> None:
    """Do values, shape and type of an array and of a tensor arrive?"""
    array = np.arange(6).reshape(2, 3).astype(dtype)
    for value in (array, torch.from_numpy(array), array[0, 1]):
        arrived = through(value)
        assert type(arrived) is type(value)
        assert arrived.dtype == value.dtype
        assert np.array_equal(np.asarray(arrived), np.asarray(value))


def test_a_tensor_keeps_whether_it_wants_gradients() -> None:
    """Is a leaf that wants gradients one on the other side?"""
    assert through(torch.ones(2, requires_grad=True)).requires_grad
    assert not through(torch.ones(2)).requires_grad
    assert through(torch.ones(2, dtype=torch.bfloat16)).dtype == torch.float32


def test_pictures_pass() -> None:
    """Does a PIL picture arrive as one, pixel by pixel?"""
    picture = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4))
    arrived = through(picture)
    assert arrived.mode == "L" and arrived.tobytes() == picture.tobytes()


def test_nothing_is_shared_with_what_was_written() -> None:
    """Can whoever got an array change what its sender holds?"""
    array = np.zeros(3)
    text, arrays = encode([array])
    decode(text, arrays)[0][:] = 1
    assert not array.any() and not decode(text, arrays)[0].any()


class Hostile:
    """Raises whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("no array")


class Liar(float):
    """A number that says another."""

    def __float__(self) -> float:
        return 5.0

    def __repr__(self) -> str:
        return "5.0"


def test_what_is_no_plain_data_stays_where_it_is() -> None:
    """Is only the kind of an object passed on, with a number to ask for it?"""
    kept: list[Any] = []

    def keep(value: Any) -> int:
        kept.append(value)
        return len(kept) - 1

    one = Hostile()
    text, arrays = encode({"it": one}, keep)
    assert decode(text, arrays) == {"it": Foreign("Hostile", 0)}
    assert decode(text, arrays, lambda number: kept[number])["it"] is one
    assert kind_of(Foreign("PCA", 3)) == "PCA"


@pytest.mark.parametrize(
    "value",
    [
        10**10_000,
        np.array([object()]),
        torch.zeros(2).to_sparse(),
        torch.zeros(2, device="meta"),
        torch.complex(torch.ones(1), torch.ones(1)),
        {1, 2},
        print,
    ],
    ids=["huge", "objects", "sparse", "meta", "complex", "a set", "a function"],
)
def test_what_cannot_pass_is_foreign(value: Any) -> None:
    """Is anything odd passed on by kind alone?"""
    assert isinstance(through(value), Foreign)


def test_a_number_with_another_face_is_what_it_holds() -> None:
    """Does a subclass that lies about its value pass as the value?"""
    assert through(Liar(0.0)) == 0.0


def test_endless_values_have_an_end() -> None:
    """Is a list that holds itself, and one that is too long, cut?"""
    endless: list[Any] = []
    endless.append(endless)
    assert "Foreign" in repr(through(endless))
    text, arrays = encode([0] * (2 * MAX_ITEMS))
    assert arrays == {}
    with pytest.raises(PlainError):
        decode(text, arrays)


@pytest.mark.parametrize(
    "text",
    [
        {"is": "pickle", "name": "0"},
        {"is": "array"},
        {"is": "array", "name": "7"},
        {"is": "list", "v": 3},
        {"is": "dict", "keys": [1], "v": []},
        {"is": "dict", "keys": [{"is": "list", "v": []}], "v": [1]},
        {"is": "scalar", "name": "0"},
        {"is": "image", "name": "0", "mode": "P"},
        {"is": "foreign", "kind": "x", "number": "0"},
        [1, 2],
        10**30,
        "x" * 10**6,
    ],
)
def test_what_nobody_wrote_is_refused(text: Any) -> None:
    """Is a text that `encode` does not make an error of one kind?"""
    with pytest.raises(PlainError):
        decode(text, {"0": np.zeros(3)})


def test_depth_is_limited_for_the_reader_too() -> None:
    """Does a text nested a thousand deep end in words, and not in a crash?"""
    text: Any = 1
    for _ in range(1000):
        text = {"is": "list", "v": [text]}
    with pytest.raises(PlainError):
        decode(text, {})


def test_same_compares_what_is_written() -> None:
    """Are equal values the same, NaN included, and different ones not?"""
    assert same({"a": np.array([np.nan, 1.0])}, {"a": np.array([np.nan, 1.0])})
    assert not same(torch.zeros(2), torch.ones(2))
    assert not same(np.zeros(2, np.float32), np.zeros(2))
    assert same(Hostile(), Hostile())
