"""What may cross the wall between the worker and the trusted process."""

import io
import json
import pickle

import numpy as np
import pytest

from autograder.wall.inside.border import MAX_HEADER, BorderError, pack, pack_observation, unpack, unpack_observation


def file(header: object, data: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(begin: int, end: int, shape: object = None, dtype: str = "U8") -> dict[str, object]:
    """One array's entry in a header."""
    return {"dtype": dtype, "shape": [end - begin] if shape is None else shape, "data_offsets": [begin, end]}


def npz() -> bytes:
    """What crossed in an earlier version."""
    buffer = io.BytesIO()
    np.savez(buffer, json=np.zeros(2))
    return buffer.getvalue()


def with_array(x: dict[str, object], data: bytes = b"\0" * 8) -> bytes:
    """A file with an observation, and an array `x` behind it whose header says what it likes."""
    return file({"json": entry(0, 11), "a_x": x}, b'{"seen":{}}' + data)


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3), np.float32([[1.5]]), np.array(True), np.zeros((0, 4)), np.asfortranarray(np.eye(3))],
    ids=["float64", "float32", "a boolean scalar", "empty", "Fortran order"],
)
def test_arrays_come_back_as_they_were(array):
    """Does an array keep values, type and shape?"""
    _, arrays = unpack(pack({}, {"x": array}))
    assert arrays["x"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["x"], array)


def test_an_observation_keeps_arrays_and_plain_values_apart():
    """Do numbers, texts and arrays all arrive, and the header beside them?"""
    header, seen = unpack_observation(
        pack_observation({"x": np.ones(2), "n": 3, "why": "ValueError: é"}, missing=["f"])
    )
    assert header == {"missing": ["f"]}
    assert (seen["n"], seen["why"], seen["x"].tolist()) == (3, "ValueError: é", [1.0, 1.0])


def test_a_name_of_a_student_s_array_cannot_replace_the_json():
    """Does an array called `json` stay an array?"""
    plain, arrays = unpack(pack({"a": 1}, {"json": np.ones(1)}))
    assert plain == {"a": 1}
    assert arrays["json"].tolist() == [1.0]


def test_values_that_json_does_not_know_cross_as_text():
    """Does an odd value in an observation fail to cross?"""
    _, seen = unpack_observation(
        pack_observation({"odd": {1, 2}, "number": np.float32(2), "objects": np.array([None])})
    )
    assert (seen["odd"], seen["number"]) == ("{1, 2}", 2.0)


HOSTILE = {
    "no bytes": b"",
    "noise": b"\x00\xff" * 50,
    "a truncated file": pack({"seen": {}}, {})[:-3],
    "more bytes than the header names": pack({"seen": {}}, {}) + b"x",
    "a pickle": pickle.dumps({"points": 100}),
    "an npz archive": npz(),
    "no JSON": file({"a_x": entry(0, 8)}, b"\0" * 8),
    "JSON that is a list": pack([1], {}),
    "JSON nested too deep": file({"json": entry(0, 100_000)}, b"[" * 100_000),
    "a number of 5,000 digits": file({"json": entry(0, 5_000)}, b"9" * 5_000),
    "a header that is no JSON": file(b"{'json'"),
    "a header nested too deep": file(b'{"a":' * 100_000),
    "a header that is too long": file(b" " * (MAX_HEADER + 1)),
    "a header longer than the file": (2**19).to_bytes(8, "little") + b"{}",
    "a shape larger than the data": with_array(entry(11, 19, [10**12])),
    "a shape that overflows": with_array(entry(11, 19, [0, 10**30])),
    "a product that overflows": with_array(entry(11, 19, [2**32, 2**32, 8])),
    "a negative shape": with_array(entry(11, 19, [-1])),
    "a shape that is a text": with_array(entry(11, 19, "8")),
    "arrays that overlap": with_array(entry(0, 19)),
    "a hole between arrays": with_array(entry(12, 19)),
    "an offset beyond the end": with_array(entry(11, 10**9)),
    "an unknown type": with_array(entry(11, 19, dtype="O")),
    "a type that NumPy lacks": with_array(entry(11, 19, [8], dtype="F8_E5M2")),
    "too many members": pack({"seen": {}}, {str(i): np.ones(1) for i in range(600)}),
    "an observation that is a text": pack({"seen": "points"}, {}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_else_is_taken_for_an_observation(data):
    """Is every other kind of bytes refused with one kind of error?"""
    with pytest.raises(BorderError):
        unpack_observation(data)
