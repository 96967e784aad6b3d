"""What may cross the wall: one safetensors file that holds arrays and one JSON text. No pickle, every size checked.

The worker packs, the trusted process unpacks. A hostile worker may send any bytes. safetensors
(https://github.com/huggingface/safetensors) refuses a file whose arrays overlap, leave holes, or differ in size from
what its header says; here the header, the JSON text and the number of arrays are bounded besides, and only numbers come
through.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from safetensors.numpy import load, save

JSON_MEMBER = "json"
MAX_MEMBERS = 512
MAX_HEADER = 2**20
MAX_JSON = 4 * 2**20


class BorderError(ValueError):
    """The bytes are not what `pack` makes."""


def pack(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """One file with the arrays and the JSON text of `plain`.

    >>> unpack(pack({"a": 1}, {"x": np.zeros(2)}))[0]
    {'a': 1}
    """
    text = json.dumps(plain, default=_plain).encode()
    members = {f"a_{name}": np.asarray(value, order="C") for name, value in arrays.items()}
    return save({JSON_MEMBER: np.frombuffer(text, dtype=np.uint8), **members})


def _plain(value: object) -> Any:
    """NumPy's scalars as Python's, anything else as text: a probe's result must never fail to cross."""
    return value.item() if isinstance(value, np.generic) else str(value)[:300]


def pack_observation(seen: dict[str, Any], **header: Any) -> bytes:
    """Pack an observation: numeric arrays as they are, everything else as JSON."""
    arrays = {key: value for key, value in seen.items() if isinstance(value, np.ndarray) and _is_number(value.dtype)}
    rest = {key: value for key, value in seen.items() if key not in arrays}
    return pack({"seen": rest, **header}, arrays)


def _is_number(dtype: np.dtype) -> bool:
    """Whether an array of this type can cross: booleans, whole numbers, and floats of up to 64 bits."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON object and the arrays of a file from the other side of the wall.

    Raises:
        BorderError: the bytes are anything but a file that `pack` could have made.
    """
    try:
        members = _members(data)
        text = members.pop(JSON_MEMBER).tobytes()
        if len(text) > MAX_JSON:
            raise BorderError(f"JSON of {len(text)} bytes, expected at most {MAX_JSON}")
        plain = json.loads(text)
    except BorderError:
        raise
    except Exception as error:  # a list of the expected ones was incomplete once, and a class paid for it
        raise BorderError(f"not a file from the worker: {type(error).__name__}") from error
    if not isinstance(plain, dict):
        raise BorderError("the JSON text is not an object")
    return plain, {name.removeprefix("a_"): value for name, value in members.items()}


def _members(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file, copied, so that nothing keeps its bytes alive."""
    if (header := int.from_bytes(data[:8], "little")) > MAX_HEADER:
        raise BorderError(f"a header of {header} bytes, expected at most {MAX_HEADER}")
    members = load(data)
    if len(members) > MAX_MEMBERS:
        raise BorderError(f"{len(members)} members, expected at most {MAX_MEMBERS}")
    for array in members.values():
        if not _is_number(array.dtype):
            raise BorderError(f"an array of {array.dtype}, expected numbers")
    return {name: np.array(array) for name, array in members.items()}


def unpack_observation(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the observation that `pack_observation` packed.

    Raises:
        BorderError: as `unpack`, or there is no observation.
    """
    plain, arrays = unpack(data)
    seen = plain.pop("seen", None)
    if not isinstance(seen, dict):
        raise BorderError("no observation in the file")
    return plain, {**seen, **arrays}
