"""What may cross the wall between the worker and the trusted process."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest

from autograder.wall.inside.border import BorderError, pack, pack_observation, unpack, unpack_observation


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npy_claiming(shape: str, data: bytes = b"\0" * 8) -> bytes:
    """An npy file whose header names a shape that the data does not have."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def text(value: object) -> bytes:
    return npy(np.frombuffer(json.dumps(value).encode(), dtype=np.uint8))


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
    "a truncated archive": pack({"seen": {}}, {})[:-30],
    "a pickle": pickle.dumps({"points": 100}),
    "an object array": archive({"json.npy": text({"seen": {}}), "a_x.npy": npy(np.array([{}]), allow_pickle=True)}),
    "a compressed member": archive({"json.npy": text({"seen": {}})}, zipfile.ZIP_DEFLATED),
    "no JSON": archive({"a_x.npy": npy(np.ones(2))}),
    "JSON that is a list": archive({"json.npy": text([1])}),
    "JSON nested too deep": archive({"json.npy": npy(np.frombuffer(b"[" * 100_000, dtype=np.uint8))}),
    "a shape larger than the data": archive({"json.npy": text({"seen": {}}), "a_x.npy": npy_claiming("(10**12,)")}),
    "a huge literal shape": archive({"json.npy": text({"seen": {}}), "a_x.npy": npy_claiming("(1000000000000,)")}),
    "a shape that overflows": archive({"json.npy": text({"seen": {}}), "a_x.npy": npy_claiming(f"(0, {10**30})")}),
    "a negative shape": archive({"json.npy": text({"seen": {}}), "a_x.npy": npy_claiming("(-1,)")}),
    "too many members": archive(
        {"json.npy": text({"seen": {}}), **{f"a_{i}.npy": npy(np.ones(1)) for i in range(600)}}
    ),
    "an observation that is a text": archive({"json.npy": text({"seen": "points"})}),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_else_is_taken_for_an_observation(data):
    """Is every other kind of bytes refused with one kind of error?"""
    with pytest.raises(BorderError):
        unpack_observation(data)
