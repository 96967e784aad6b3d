"""What may cross the wall: one npz archive that holds arrays and one JSON text. No pickle, every size checked.

The worker packs, the trusted process unpacks. A hostile worker may send any bytes, so `unpack` believes nothing: it
reads the archive's directory first, accepts stored (not compressed) members only, compares each array's declared size
with the bytes that are there, and takes numbers only.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy

JSON_MEMBER = "json"
MAX_MEMBERS = 512
MAX_JSON = 4 * 2**20


class BorderError(ValueError):
    """The bytes are not what `pack` makes."""


def pack(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """One npz archive with the arrays and the JSON text of `plain`.

    >>> unpack(pack({"a": 1}, {"x": np.zeros(2)}))[0]
    {'a': 1}
    """
    text = json.dumps(plain, default=_plain).encode()
    members = {f"a_{name}": np.ascontiguousarray(value) for name, value in arrays.items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{JSON_MEMBER: np.frombuffer(text, dtype=np.uint8)}, **members)
    return buffer.getvalue()


def _plain(value: object) -> Any:
    """NumPy's scalars as Python's, anything else as text: a probe's result must never fail to cross."""
    return value.item() if isinstance(value, np.generic) else str(value)[:300]


def pack_observation(seen: dict[str, Any], **header: Any) -> bytes:
    """Pack an observation: numeric arrays as npz members, everything else as JSON."""
    arrays = {key: value for key, value in seen.items() if isinstance(value, np.ndarray) and value.dtype.kind in "biuf"}
    rest = {key: value for key, value in seen.items() if key not in arrays}
    return pack({"seen": rest, **header}, arrays)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON object and the arrays of an archive from the other side of the wall.

    Raises:
        BorderError: the bytes are anything but an archive that `pack` could have made.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: _array(archive, info) for info in _directory(archive)}
        text = members.pop(f"{JSON_MEMBER}.npy").tobytes()
        if len(text) > MAX_JSON:
            raise BorderError(f"JSON of {len(text)} bytes, expected at most {MAX_JSON}")
        plain = json.loads(text)
    except BorderError:
        raise
    except Exception as error:  # a list of the expected ones was incomplete once, and a class paid for it
        raise BorderError(f"not an archive from the worker: {type(error).__name__}") from error
    if not isinstance(plain, dict):
        raise BorderError("the JSON text is not an object")
    return plain, {name.removeprefix("a_").removesuffix(".npy"): value for name, value in members.items()}


def unpack_observation(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the observation that `pack_observation` packed.

    Raises:
        BorderError: as `unpack`, or there is no observation.
    """
    plain, arrays = unpack(data)
    seen = plain.pop("seen", None)
    if not isinstance(seen, dict):
        raise BorderError("no observation in the archive")
    return plain, {**seen, **arrays}


def _directory(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise BorderError(f"{len(members)} members, expected at most {MAX_MEMBERS}")
    for info in members:
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise BorderError("a compressed or encrypted member")
    return members


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    data = archive.read(info)
    stream = io.BytesIO(data)
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise BorderError(f"npy version {version}, expected (1, 0)")
    shape, _, dtype = npy.read_array_header_1_0(stream)
    if dtype.kind not in "biuf" or dtype.names or len(shape) > 8 or any(side < 0 for side in shape):
        raise BorderError(f"an array of {dtype} with {len(shape)} dimensions, expected numbers")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise BorderError("an array's size differs from its header")
    stream.seek(0)
    return npy.read_array(stream, allow_pickle=False)
