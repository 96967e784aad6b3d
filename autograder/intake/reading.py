"""One notebook that somebody else wrote: from bytes to a clean notebook, whatever the bytes are.

Only what grading needs is kept (a whitelist): the cells' sources, their ids and a few fields of nbgrader's metadata.
Outputs, attachments and all other metadata stay behind, among them the names and account numbers that Colab writes
into `executionInfo`.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat import NotebookNode

GRADING_FIELDS = ("grade_id", "points", "grade", "solution", "locked")
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
ADVICE = "Save the notebook again and hand it in once more."


class Unreadable(Exception):
    """This file cannot be graded; the text is the cause, for the student."""


@dataclass(frozen=True)
class IntakeLimits:
    """What a submission may cost before it is refused.

    Attributes:
        notebook_bytes: size of one notebook file, outputs included.
        structure: brackets and commas in one notebook file (each becomes an object in memory).
        cells: cells of one notebook.
        code_characters: characters of one notebook's code cells.
        text_characters: characters kept of one text cell.
        archive_members: files in one archive.
        nesting: archives in archives.
        ratio: how many times its packed size a member may unpack to, without drawing on `slack`.
        slack: bytes that all members of one archive file may unpack to beyond that.
        nested_bytes: size of one archive in an archive.
    """

    notebook_bytes: int = 50 * 2**20
    structure: int = 4_000_000
    cells: int = 1_000
    code_characters: int = 400_000
    text_characters: int = 50_000
    archive_members: int = 20_000
    nesting: int = 3
    ratio: int = 100
    slack: int = 500 * 2**20
    nested_bytes: int = 200 * 2**20


def read_submitted(data: bytes, limits: IntakeLimits | None = None) -> tuple[NotebookNode, tuple[str, ...]]:
    """Make a clean notebook of a submitted file.

    Args:
        data: the file's bytes.
        limits: by default those of `IntakeLimits`.

    Returns:
        A notebook with sources and the metadata that grading needs, and what was mended on the way.

    Raises:
        Unreadable: it is not a notebook that can be graded; nothing else is ever raised.
    """
    limits = limits or IntakeLimits()
    if len(data) > limits.notebook_bytes:
        raise too_big(len(data), limits.notebook_bytes)
    text, repairs = _decode(data)
    raw = _load(text, data, limits)
    cells, more = _cells(_shape(raw), limits)
    metadata = raw.get("metadata")
    own = metadata.get("waferlab") if isinstance(metadata, dict) else None
    slug = own.get("assignment") if isinstance(own, dict) else None
    kept = {"waferlab": {"assignment": slug}} if isinstance(slug, str) else {}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kept, "cells": cells}
    return nbformat.from_dict(notebook), (*repairs, *more)


def too_big(size: int, limit: int) -> Unreadable:
    """The cause for a file above a limit in bytes."""
    return Unreadable(
        f"the file is too big: {size / 2**20:.0f} MB, at most {limit / 2**20:.0f} MB are read. "
        "Clear all outputs, save, and hand it in once more."
    )


def clean_text(text: str) -> str:
    r"""Text that can be written as UTF-8 and compared: line breaks as `\n`, no lone surrogates, no null characters.

    >>> clean_text("a\r\nb\0\ud800")
    'a\nb�?'
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return unified.encode("utf-8", "replace").decode("utf-8")


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    if not data.removeprefix(codecs.BOM_UTF8).strip(b"\0 \t\r\n"):
        raise Unreadable("the file is empty. " + ADVICE)
    try:
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if data.startswith(mark):
                return data.decode(encoding).removeprefix("\ufeff"), ("A byte order mark was removed.",)
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        raise Unreadable(_not_json(data, "the file is not text in UTF-8")) from None


def _load(text: str, data: bytes, limits: IntakeLimits) -> dict[str, Any]:
    if sum(text.count(sign) for sign in "[{,") > limits.structure:
        raise Unreadable("the file holds more data than a notebook of this course can. Clear all outputs first.")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(_not_json(data, _damage(error, text))) from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("the file is no notebook: its JSON is nested too deeply or holds absurd numbers.") from None
    if not isinstance(raw, dict):
        raise Unreadable("the file is JSON, but no notebook.")
    return raw


def _not_json(data: bytes, otherwise: str) -> str:
    """What else the file may be: people hand in web pages and archives under a notebook's name."""
    start = data.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    kinds = {b"<": "a web page", b"pk\x03\x04": "a zip archive", b"%pdf": "a PDF", b"\x1f\x8b": "a gzip archive"}
    for sign, kind in kinds.items():
        if start.startswith(sign):
            return (
                f"the file is {kind}, not a notebook. Download the notebook itself (.ipynb) and hand it in once more."
            )
    return f"{otherwise}. {ADVICE}"


def _damage(error: json.JSONDecodeError, text: str) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return "the file breaks off in the middle (an upload that did not finish?)"
    return f"the file is damaged: no valid JSON at line {error.lineno}"


def _shape(raw: dict[str, Any]) -> list[Any]:
    """The list of cells, of a format that can be graded."""
    version = raw.get("nbformat")
    if version is None and "cells" not in raw:
        raise Unreadable("the file is JSON, but no notebook.")
    if "worksheets" in raw or version in (1, 2, 3):
        raise Unreadable(
            "the notebook is in the format of before 2015 (nbformat 3). Open it in Jupyter or Colab, save it, "
            "and hand it in once more."
        )
    if version not in (4, None):
        raise Unreadable(f"the notebook says that its format is {str(version)[:20]}; this grader reads format 4.")
    cells = raw.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("the notebook has no list of cells. " + ADVICE)
    return cells


def _cells(raw: list[Any], limits: IntakeLimits) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    if len(raw) > limits.cells:
        raise Unreadable(f"the notebook has {len(raw)} cells, at most {limits.cells} are read.")
    cells = [cell for cell in (_cell(one, limits) for one in raw) if cell is not None]
    if not cells:
        raise Unreadable("the notebook has no cells.")
    code = sum(len(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    if code > limits.code_characters:
        raise Unreadable(f"its code cells hold {code} characters, at most {limits.code_characters} are read.")
    lost = len(raw) - len(cells)
    return cells, (f"{lost} damaged cell{'s' * (lost > 1)} could not be read and had to be left out.",) if lost else ()


def _cell(raw: Any, limits: IntakeLimits) -> dict[str, Any] | None:
    """A clean cell, or None when it is beyond mending."""
    if not isinstance(raw, dict) or raw.get("cell_type") not in ("code", "markdown", "raw"):
        return None
    source = _source(raw.get("source", ""))
    if source is None:
        return None
    if raw["cell_type"] != "code":
        source = source[: limits.text_characters]
    cell: dict[str, Any] = {"cell_type": raw["cell_type"], "metadata": _metadata(raw.get("metadata")), "source": source}
    if (cell_id := _identifier(raw.get("id"))) is not None:
        cell["id"] = cell_id
    return cell | ({"outputs": [], "execution_count": None} if raw["cell_type"] == "code" else {})


def _source(raw: Any) -> str | None:
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        raw = "".join(raw)
    return clean_text(raw) if isinstance(raw, str) else None


def _metadata(raw: Any) -> dict[str, Any]:
    """The cell's id as Colab keeps it, and nbgrader's fields."""
    raw = raw if isinstance(raw, dict) else {}
    kept: dict[str, Any] = {}
    if (cell_id := _identifier(raw.get("id"))) is not None:
        kept["id"] = cell_id
    marks = raw.get("nbgrader")
    if isinstance(marks, dict):
        kept["nbgrader"] = {name: marks[name] for name in GRADING_FIELDS if _is_plain(marks.get(name))}
    return kept


def _identifier(raw: Any) -> str | None:
    return clean_text(raw) if isinstance(raw, str) and 0 < len(raw) <= 128 else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _identifier(value) == value
    return isinstance(value, (bool, int, float)) and abs(value) < 1e9
