"""Outputs of executed notebooks: made steady, and compared across machines.

A processor, a compiler and a font renderer each change the last digits of a number and the edges of a letter. So two
outputs agree when a reader would call them the same: same kinds in the same order, equal words, numbers close to each
other, times left aside, figures of the same size that look alike.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError

#: A cell with this tag has outputs that differ at every run (nbval knows the tag, too): only their kinds are compared.
VARIES = "nbval-ignore-output"

RELATIVE, ABSOLUTE = 0.1, 0.02  # how far two numbers may lie apart; training amplifies rounding
MAX_SIZE_RATIO = 1.05  # figures: tight boxes depend on fonts
MAX_GREY_DISTANCE = 0.05  # mean difference of two shrunken figures, of a range of 1
THUMBNAIL = (48, 48)

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
TIME = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*(?:ns|us|µs|ms|s|sec|seconds|min|minutes)\b")
RATE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*(?:images|img|it)(?:/s| per second| a second)")


def steady(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """The outputs worth keeping: no progress bars or warnings (stderr), no widgets, no memory addresses."""
    kept = [output for output in outputs if not _is_noise(output)]
    for output in kept:
        if output.output_type == "stream":
            output.text = ADDRESS.sub("0x…", output.text)
        elif "text/plain" in output.get("data", {}):
            output.data["text/plain"] = ADDRESS.sub("0x…", output.data["text/plain"])
    return kept


def _is_noise(output: NotebookNode) -> bool:
    if output.output_type == "stream":
        return output.name == "stderr"
    return any("jupyter.widget" in kind for kind in output.get("data", {}))


def outputs_agree(old: Sequence[NotebookNode], new: Sequence[NotebookNode], *, varies: bool = False) -> bool:
    """Whether a reader would call two cells' outputs the same.

    Args:
        old, new: the outputs of one cell.
        varies: compare their kinds only.
    """
    if [_kind(output) for output in old] != [_kind(output) for output in new]:
        return False
    return varies or all(_output_agrees(left, right) for left, right in zip(old, new, strict=True))


def _kind(output: NotebookNode) -> tuple[Any, ...]:
    return (output.output_type, output.get("name"), *sorted(output.get("data", {})))


def _output_agrees(old: NotebookNode, new: NotebookNode) -> bool:
    if old.output_type == "stream":
        return texts_agree(old.text, new.text)
    left, right = old.get("data", {}), new.get("data", {})
    return all(_data_agrees(kind, left, right) for kind in left)


def _data_agrees(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if kind.startswith("image/") and kind != "image/svg+xml":
        return images_agree(old[kind], new[kind])
    if kind.startswith("text/"):
        return texts_agree(old[kind], new[kind])
    return True


def texts_agree(old: str, new: str) -> bool:
    """Whether two texts have equal words and close numbers; times and rates may be any.

    >>> texts_agree("AUROC 0.912 in 3.1 s", "AUROC 0.908 in 12.9 s"), texts_agree("AUROC 0.912", "AUROC 0.712")
    (True, False)
    """
    old, new = _without_times(old), _without_times(new)
    if NUMBER.sub("#", old).split() != NUMBER.sub("#", new).split():
        return False
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return all(_close(float(left), float(right)) for left, right in pairs)


def _without_times(text: str) -> str:
    return TIME.sub("<time>", RATE.sub("<rate>", text))


def _close(left: float, right: float) -> bool:
    return abs(left - right) <= ABSOLUTE + RELATIVE * max(abs(left), abs(right))


def images_agree(old: str, new: str) -> bool:
    """Whether two base64 images have nearly the same size and, shrunk to a thumbnail in grey, look alike."""
    if old == new:
        return _decode(old) is not None
    left, right = _decode(old), _decode(new)
    if left is None or right is None:
        return False
    for one, other in zip(left.size, right.size, strict=True):
        if max(one, other) > MAX_SIZE_RATIO * min(one, other):
            return False
    return float(np.abs(_thumbnail(left) - _thumbnail(right)).mean()) <= MAX_GREY_DISTANCE


def _decode(text: str) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(base64.b64decode(text))).convert("RGBA")
    except (binascii.Error, UnidentifiedImageError, OSError):
        return None


def _thumbnail(image: Image.Image) -> np.ndarray:
    paper = Image.new("RGBA", image.size, "white")
    grey = Image.alpha_composite(paper, image).convert("L").resize(THUMBNAIL, Image.Resampling.BOX)
    return np.asarray(grey, dtype=np.float64) / 255
