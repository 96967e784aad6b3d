"""Values as plain data: what may pass between an examiner and the answers that it asks.

An examiner and the answers that it asks may live in two processes that do not trust one another. What passes between
them is numbers, texts, arrays, tensors and pictures, in lists, tuples and dictionaries; anything else stays where it
is, and only its kind, with a number to ask for it again, is passed on (`Foreign`). One value becomes a JSON text and
arrays; nothing is pickled, and nothing in a text is ever executed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_DEPTH = 12
MAX_ITEMS = 20_000
MAX_TEXT = 20_000  # characters: an essay of 500 words has 4,000
MAX_KIND = 60
WHOLE = 2**63  # whole numbers below it, either way
MODES = ("L", "RGB")  # of pictures

#: Arrays that belong to a JSON text, by the names it uses for them.
Arrays = dict[str, np.ndarray]


class PlainError(ValueError):
    """The text or its arrays are not what `encode` makes."""


@dataclass(frozen=True)
class Foreign:
    """Something that is no plain data and stays where it was made.

    Attributes:
        kind: the name of its type, as its owner says.
        number: under which its owner keeps it; None when it is not kept.
    """

    kind: str
    number: int | None = None


@dataclass
class _Writer:
    """A value being written down; counts what was written."""

    keep: Callable[[Any], int] | None
    arrays: Arrays
    items: int = 0

    def text(self, value: Any, depth: int) -> Any:
        """A value as JSON."""
        self.items += 1
        if depth > MAX_DEPTH or self.items > MAX_ITEMS:
            return _tagged("foreign", kind="something nested too deep or too large")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str.__str__(value)[:MAX_TEXT]
        if isinstance(value, int):
            return int.__int__(value) if -WHOLE <= value < WHOLE else _tagged("foreign", kind="a huge whole number")
        if isinstance(value, float) and not isinstance(value, np.generic):
            return float.__float__(value)
        if isinstance(value, Mapping):
            keys, values = zip(*value.items(), strict=True) if value else ((), ())
            return _tagged("dict", keys=[self.text(k, depth + 1) for k in keys], v=self.texts(values, depth))
        if isinstance(value, list | tuple):
            return _tagged("list" if isinstance(value, list) else "tuple", v=self.texts(value, depth))
        try:
            return self.array(value) or self.foreign(value)
        except Exception:  # a class of a student's may raise at any question
            return self.foreign(value)

    def texts(self, values: Any, depth: int) -> list[Any]:
        return [self.text(one, depth + 1) for one in values]

    def array(self, value: Any) -> Any:
        """Arrays, tensors, pictures and bytes; None for anything else."""
        if isinstance(value, Foreign):
            return _tagged("foreign", kind=value.kind, number=value.number)
        if isinstance(value, bytes | bytearray):
            return self.put("bytes", np.frombuffer(bytes(value), dtype=np.uint8))
        if isinstance(value, np.generic) and _is_number(value.dtype):
            return self.put("scalar", np.array(value))
        if isinstance(value, np.ndarray) and _is_number(value.dtype):
            return self.put("array", np.asarray(value))
        if (torch := sys.modules.get("torch")) and isinstance(value, torch.Tensor):
            return self.tensor(torch, value)
        if (pil := sys.modules.get("PIL.Image")) and isinstance(value, pil.Image) and value.mode in MODES:
            return self.put("image", np.asarray(value), mode=value.mode)
        if hasattr(value, "__array__") and not isinstance(value, type):
            made = np.asarray(value)  # a pandas series, a masked array, …
            return self.put("array", made) if isinstance(made, np.ndarray) and _is_number(made.dtype) else None
        return None

    def tensor(self, torch: Any, value: Any) -> Any:
        """A tensor with its values in memory; one of a kind that NumPy lacks in the nearest that it has."""
        if value.layout is not torch.strided or value.device.type == "meta" or value.is_quantized:
            return _tagged("foreign", kind="a tensor without ordinary values")
        plain = value.detach().cpu().as_subclass(torch.Tensor)
        if plain.dtype is torch.bfloat16:
            plain = plain.float()
        array = np.array(plain.numpy())
        if not _is_number(array.dtype):
            return _tagged("foreign", kind=f"a tensor of {array.dtype}")
        return self.put("tensor", array, grad=bool(value.requires_grad))

    def put(self, tag: str, array: np.ndarray, **more: Any) -> Any:
        name = str(len(self.arrays))
        self.arrays[name] = np.asarray(array, order="C")
        return _tagged(tag, name=name, **more)

    def foreign(self, value: Any) -> Any:
        number = self.keep(value) if self.keep else None
        return _tagged("foreign", kind=kind_of(value), number=number)


def _tagged(tag: str, **parts: Any) -> dict[str, Any]:
    return {"is": tag, **parts}


def kind_of(value: Any) -> str:
    """The name of a value's type, in a form that fits a sentence; that of its owner's type for something foreign."""
    if isinstance(value, Foreign):
        return value.kind
    return "".join(char for char in type(value).__name__[:MAX_KIND] if char.isalnum() or char in "_.") or "object"


def _is_number(dtype: np.dtype) -> bool:
    """Whether arrays of this type pass: booleans, whole numbers, and floats of up to 64 bits."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def encode(value: Any, keep: Callable[[Any], int] | None = None) -> tuple[Any, Arrays]:
    """A value as JSON and arrays.

    >>> encode([1, (2.5, "a")])[0]
    {'is': 'list', 'v': [1, {'is': 'tuple', 'v': [2.5, 'a']}]}

    Args:
        value: anything.
        keep: told of each part that is no plain data; returns a number to ask for it again.
    """
    arrays: Arrays = {}
    return _Writer(keep, arrays).text(value, 0), arrays


@dataclass
class _Reader:
    """A text being read; nobody vouches for it."""

    arrays: Mapping[str, np.ndarray]
    find: Callable[[int], Any] | None
    items: int = 0

    def value(self, text: Any, depth: int) -> Any:
        """What `encode` wrote down.

        Raises:
            PlainError: it did not write this.
        """
        self.items += 1
        if depth > MAX_DEPTH + 1 or self.items > MAX_ITEMS:
            raise PlainError("nested too deep or too large")
        if text is None or isinstance(text, bool | float):
            return text
        if isinstance(text, str) and len(text) <= MAX_TEXT:
            return text
        if isinstance(text, int) and -WHOLE <= text < WHOLE:
            return text
        if isinstance(text, dict):
            return self.tagged(text, depth)
        raise PlainError(f"a {type(text).__name__} that is no plain data")

    def tagged(self, text: dict[str, Any], depth: int) -> Any:
        tag = text.get("is")
        if tag in ("list", "tuple", "dict"):
            values = self.values(text.get("v"), depth)
            if tag == "dict":
                return self.mapping(self.values(text.get("keys"), depth), values)
            return values if tag == "list" else tuple(values)
        if tag == "foreign":
            return self.foreign(text)
        array = self.arrays.get(str(text.get("name")))
        if array is None:
            raise PlainError(f"{tag!r} without an array")
        return _made(str(tag), array, text)

    def values(self, texts: Any, depth: int) -> list[Any]:
        if not isinstance(texts, list):
            raise PlainError("a list without items")
        return [self.value(one, depth + 1) for one in texts]

    def mapping(self, keys: list[Any], values: list[Any]) -> dict[Any, Any]:
        """NumPy's numbers become Python's as keys, to which they are equal."""
        if len(keys) != len(values):
            raise PlainError("a dictionary with more keys than values, or fewer")
        plain = [key.item() if isinstance(key, np.generic) else key for key in keys]
        try:
            return dict(zip(plain, values, strict=True))
        except TypeError:
            raise PlainError("a dictionary whose keys cannot be keys") from None

    def foreign(self, text: dict[str, Any]) -> Any:
        number = text.get("number")
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise PlainError("something that is kept under no number")
        if self.find and number is not None:
            return self.find(number)
        kind = str(text.get("kind"))[:MAX_KIND]
        return Foreign("".join(char for char in kind if char.isalnum() or char in "_. "), number)


def _made(tag: str, array: np.ndarray, text: Mapping[str, Any]) -> Any:
    """A value whose contents are an array of numbers."""
    if tag == "array":
        return np.array(array)
    if tag == "scalar" and array.shape == ():
        return array[()]
    if tag == "bytes" and array.dtype == np.uint8 and array.ndim == 1:
        return array.tobytes()
    if tag == "tensor" and (array.dtype.kind in "bif" or array.dtype == np.uint8):
        import torch

        made = torch.from_numpy(np.array(array))
        return made.requires_grad_() if text.get("grad") is True and array.dtype.kind == "f" else made
    if tag == "image" and text.get("mode") in MODES:
        from torchvision.transforms.functional import to_pil_image

        return to_pil_image(array, text["mode"])
    raise PlainError(f"{tag!r} of {array.dtype} {array.shape}")


def decode(text: Any, arrays: Mapping[str, np.ndarray], find: Callable[[int], Any] | None = None) -> Any:
    """The value that `encode` wrote down; nothing of it is shared with the text or its arrays.

    >>> decode(*encode({"a": (1, None)}))
    {'a': (1, None)}

    Args:
        text: JSON, from wherever.
        arrays: the arrays that it names.
        find: gives what is kept under a number; without it, `Foreign` values are given.

    Raises:
        PlainError: `encode` did not write this.
    """
    return _Reader(arrays, find).value(text, 0)


def same(one: Any, other: Any) -> bool:
    """Whether two values are written down alike; NaN equals NaN, and of what is foreign only the kind is compared."""
    texts, arrays = zip(encode(one), encode(other), strict=True)
    return (
        repr(texts[0]) == repr(texts[1])
        and len(arrays[0]) == len(arrays[1])
        and all(
            left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
            for left, right in zip(arrays[0].values(), arrays[1].values(), strict=True)
        )
    )
