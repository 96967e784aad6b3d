"""Notebooks as data: reading, byte-stable writing, and the questions that the course asks about a cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.base.course import CourseError

#: The regions that no student may see, as nbgrader delimits them.
REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook of the course, in the current format.

    Raises:
        CourseError: there is no such file, it is not a notebook, or a cell has no id of its own: nbformat would draw a
            new one each time.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_missing_ids(path, json.loads(text))
        return nbformat.reads(text, as_version=4)
    except FileNotFoundError:
        raise CourseError(f"{path} is missing") from None
    except (nbformat.reader.NotJSONError, json.JSONDecodeError, UnicodeDecodeError, AttributeError, TypeError) as error:
        raise CourseError(f"{path} is not a notebook: {str(error)[:120]}") from error


def _refuse_missing_ids(path: Path, notebook: Any) -> None:
    ids = [cell.get("id") for cell in notebook.get("cells", ())]
    number = next((place for place, one in enumerate(ids, start=1) if not one or ids.index(one) < place - 1), None)
    if number is not None:
        problem = "has no id" if not ids[number - 1] else f"has an id that another cell has, {ids[number - 1]!r}"
        raise CourseError(f"{path}, cell number {number}, {problem}: write one, or save it in JupyterLab")


def notebook_text(notebook: NotebookNode) -> str:
    """The one way in which this course writes a notebook: nbformat's, with a final newline, as nbgrader does.

    >>> notebook_text(nbformat.v4.new_notebook()).endswith("}\\n")
    True
    """
    text = nbformat.writes(notebook, version=4)
    return text if text.endswith("\n") else text + "\n"


def write_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook, making its folder when there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook_text(notebook), encoding="utf-8")


def tags(cell: NotebookNode) -> frozenset[str]:
    """The tags of a cell."""
    return frozenset(cell.metadata.get("tags", ()))


def grading(cell: NotebookNode) -> Mapping[str, Any]:
    """The nbgrader metadata of a cell, empty when it has none."""
    return cell.metadata.get("nbgrader", {})


def grade_id(cell: NotebookNode) -> str | None:
    """The name under which nbgrader knows the cell."""
    return grading(cell).get("grade_id")


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes code in this cell."""
    return cell.cell_type == "code" and bool(grading(cell).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Whether the cell checks an answer and gives its points."""
    return bool(grading(cell).get("grade")) and not grading(cell).get("solution")


def is_written(cell: NotebookNode) -> bool:
    """Whether the student writes text here, which a person marks."""
    return cell.cell_type == "markdown" and is_marked(cell)


def is_marked(cell: NotebookNode) -> bool:
    """Whether a person marks what the student writes here: a text, or the answer to a task."""
    return bool(grading(cell).get("grade")) and bool(grading(cell).get("solution"))


def reference_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that make up the reference module, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and "reference" in tags(cell)]


def _marker(line: str) -> tuple[str, str] | None:
    """`("BEGIN", "SOLUTION")` for `    ### BEGIN SOLUTION`, None for any other line."""
    found = re.search(rf"\b(BEGIN|END) ({'|'.join(REGIONS)})\b", line)
    return (found[1], found[2]) if found else None


def _lines_with_region(source: str) -> Iterator[tuple[str, str | None, bool]]:
    """Each line with the region that it lies in, and whether it is a marker itself."""
    region: str | None = None
    for line in source.split("\n"):
        marker = _marker(line)
        if marker:
            region = marker[1] if marker[0] == "BEGIN" else None
            yield line, marker[1], True
        else:
            yield line, region, False


def region_lines(source: str, region: str = "SOLUTION") -> list[str]:
    r"""The lines inside a kind of region, markers excluded.

    >>> region_lines("a\n### BEGIN SOLUTION\nb\n### END SOLUTION\nc")
    ['b']
    """
    return [line for line, inside, marker in _lines_with_region(source) if inside == region and not marker]


def regions(source: str, region: str = "SOLUTION") -> list[str]:
    r"""Each region of a kind as a text, markers excluded.

    >>> regions("### BEGIN SOLUTION\na\n### END SOLUTION\nb\n### BEGIN SOLUTION\nc\n### END SOLUTION")
    ['a', 'c']
    """
    found: list[list[str]] = []
    for line, inside, marker in _lines_with_region(source):
        if marker and inside == region:
            found.append([])
        elif inside == region:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found if lines]


def without_markers(source: str) -> str:
    r"""The source as its author runs it: solutions kept, their markers gone, hidden tests and mark schemes gone.

    >>> without_markers("a\n### BEGIN SOLUTION\nb\n### END SOLUTION\n### BEGIN HIDDEN TESTS\nc\n### END HIDDEN TESTS")
    'a\nb'
    """
    kept = [line for line, inside, marker in _lines_with_region(source) if not marker and inside in (None, "SOLUTION")]
    return "\n".join(kept)
