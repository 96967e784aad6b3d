"""Reading, writing and asking about notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.base.course import CourseError
from autograder.base.notebooks import (
    grade_id,
    is_answer,
    is_check,
    is_written,
    notebook_text,
    read_notebook,
    reference_cells,
    region_lines,
    tags,
    without_markers,
    write_notebook,
)

GRADED = {"schema_version": 3, "locked": False, "grade_id": "x"}


def test_writing_what_was_read_changes_no_byte(tmp_path: Path) -> None:
    """Is a notebook that was read and written again the same file, Greek letters and newlines included?"""
    path = tmp_path / "folder" / "one.ipynb"
    write_notebook(
        path, new_notebook(cells=[new_code_cell("β = 1\n\nprint(β)", id="b"), new_markdown_cell("", id="c")])
    )
    before = path.read_bytes()
    write_notebook(path, read_notebook(path))
    assert path.read_bytes() == before
    assert before.endswith(b"}\n") and "β".encode() in before


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        pytest.param(None, "is missing", id="no file"),
        pytest.param(b"{", "is not a notebook", id="cut off"),
        pytest.param(b"\xff\xfe", "is not a notebook", id="not UTF-8"),
        pytest.param(b"[]", "is not a notebook", id="a list"),
    ],
)
def test_unreadable(tmp_path: Path, contents: bytes | None, message: str) -> None:
    """Does an unreadable notebook give one sentence that names the file?"""
    path = tmp_path / "one.ipynb"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(CourseError, match=message) as caught:
        read_notebook(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        pytest.param(["a", None], "cell number 2, has no id", id="deleted"),
        pytest.param(["a", "b", "a"], "cell number 3, has an id that another cell has, 'a'", id="copied"),
    ],
)
def test_no_id_is_invented(tmp_path: Path, ids: list[str | None], words: str) -> None:
    """Is a cell whose id was deleted or copied named, in the place of a new random id at each reading?"""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": []} | ({"id": one} if one else {}) for one in ids]
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(CourseError, match=words):
        read_notebook(path)


@pytest.mark.parametrize(
    ("kind", "flags", "expected"),
    [
        pytest.param(new_code_cell, {"solution": True, "grade": False}, "answer", id="code to write"),
        pytest.param(new_code_cell, {"solution": False, "grade": True}, "check", id="check"),
        pytest.param(new_markdown_cell, {"solution": True, "grade": True}, "written", id="text to write"),
        pytest.param(new_code_cell, {"solution": False, "grade": False}, "", id="neither"),
    ],
)
def test_kinds(kind: type, flags: dict[str, bool], expected: str) -> None:
    """Is each kind of cell told by its nbgrader flags?"""
    cell = kind("")
    cell.metadata["nbgrader"] = GRADED | flags
    kinds = {"answer": is_answer(cell), "check": is_check(cell), "written": is_written(cell)}
    assert [name for name, value in kinds.items() if value] == ([expected] if expected else [])
    assert grade_id(cell) == "x"


def test_cells_without_metadata() -> None:
    """Are plain cells no kind of graded cell, and without tags?"""
    cell = new_code_cell("")
    assert not tags(cell) and grade_id(cell) is None
    assert not is_answer(cell) and not is_check(cell) and not is_written(cell)


def test_reference_cells_keep_their_order() -> None:
    """Are exactly the code cells tagged `reference` found, in order?"""
    cells = [new_code_cell("1"), new_code_cell("2"), new_markdown_cell("3"), new_code_cell("4")]
    for cell in cells[1:]:
        cell.metadata["tags"] = ["reference"]
    assert [cell.source for cell in reference_cells(new_notebook(cells=cells))] == ["2", "4"]


SOURCE = """\
def f(x):
    ### BEGIN SOLUTION
    y = x
    ### END SOLUTION
    # between
    ### BEGIN SOLUTION
    return y
    ### END SOLUTION
### BEGIN HIDDEN TESTS
assert f(1) == 1
### END HIDDEN TESTS"""


def test_regions() -> None:
    """Are the lines of several regions of one kind found, and no others?"""
    assert region_lines(SOURCE) == ["    y = x", "    return y"]
    assert region_lines(SOURCE, "HIDDEN TESTS") == ["assert f(1) == 1"]


def test_without_markers() -> None:
    """Do solutions stay, and markers and hidden tests go?"""
    assert without_markers(SOURCE) == "def f(x):\n    y = x\n    # between\n    return y"


def test_words_that_only_look_like_markers() -> None:
    """Does a sentence about a solution stay?"""
    text = "BEGINNING SOLUTIONS are fine"
    assert without_markers(text) == text


def test_final_newline() -> None:
    """Does every notebook end with exactly one newline?"""
    assert notebook_text(new_notebook()).endswith("}\n")
