"""`course export`."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

from autograder.author.expectations import (
    agree,
    compute,
    expectations_text,
    format_expectations,
    inputs_digest,
    plain,
    up_to_date,
)
from autograder.author.export import export, module_text, reference_is_stale, reference_text
from autograder.author.inputs import package_files
from autograder.author.trees import files_below
from autograder.base.course import Course, CourseError
from autograder.base.notebooks import read_notebook, write_notebook

DOUBLE = '''\
"""Reference answers of 01-double: Doubling.

Exported from source/01-double/double.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import math

import numpy as np

FACTOR = 2.0


def double(x: np.ndarray) -> np.ndarray:
    """Return double of `x`."""
    answer = FACTOR * x
    return answer
'''


def _snapshot(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files_below(root)}


def _edit(course: Course, cell_id: str, source: str) -> None:
    path = course.root / "source" / "01-double" / "double.ipynb"
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if cell.id == cell_id).source = source
    write_notebook(path, notebook)


def test_the_module_text(tiny_course: Course) -> None:
    """Is the module exactly the reference cells: imports sorted on top, markers gone, docstrings kept?"""
    assert reference_text(tiny_course, tiny_course.assignment("01")) == DOUBLE


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
def test_ruff_agrees(tiny_course: Course, tmp_path: Path) -> None:
    """Would ruff leave the module as it is, sorted imports included?"""
    path = tmp_path / "module.py"
    path.write_text(DOUBLE)
    for command in (["format", "--check"], ["check", "--select", "I"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", "--line-length=120", str(path)]
        )
        assert done.returncode == 0, command


def test_written_once_then_fresh(tiny_course: Course) -> None:
    """Does a second export find nothing to do?"""
    first, second = export(tiny_course), export(tiny_course)
    assert {path.name for path in first.written} == {"__init__.py", "double.py", "half.py", "double.json", "half.json"}
    assert not second.stale and second.written == []


def test_later_modules_use_earlier_ones(tiny_course: Course) -> None:
    """Are expectations computed with the freshly exported modules of earlier assignments, not with installed ones?"""
    export(tiny_course)
    folder = tiny_course.root / "course" / "waferlab" / "checks" / "expected"
    doubled, halved = (json.loads((folder / f"{name}.json").read_text())[name]["values"] for name in ("double", "half"))
    assert halved == pytest.approx([value / 4 for value in doubled], rel=1e-6)


def test_check_changes_nothing(tiny_course: Course) -> None:
    """Does a check say what is missing and write nothing at all?"""
    before = _snapshot(tiny_course.root)
    changes = export(tiny_course, check=True)
    assert changes.stale and "double.py" in changes.diff and changes.written == []
    assert _snapshot(tiny_course.root) == before


def test_an_edited_answer_is_stale(tiny_course: Course) -> None:
    """Is an export stale once an answer has changed, and does the diff show the line?"""
    export(tiny_course)
    _edit(tiny_course, "constant", "FACTOR = 3.0")
    changes = export(tiny_course, check=True)
    assert reference_is_stale(tiny_course)
    assert "+FACTOR = 3.0" in changes.diff and "double.json" in changes.diff


def test_a_module_of_a_removed_assignment_goes(tiny_course: Course) -> None:
    """Does a module that no notebook makes any more count as stale, and go at the next export?"""
    export(tiny_course)
    orphan = tiny_course.root / "course" / "waferlab" / "reference" / "orphan.py"
    orphan.write_text("")
    assert export(tiny_course, check=True).stale
    assert export(tiny_course).removed == [orphan]
    assert not export(tiny_course, check=True).stale


def test_a_syntax_error_is_one_sentence(tiny_course: Course) -> None:
    """Does broken Python name the notebook, the cell and the line?"""
    _edit(tiny_course, "constant", "FACTOR = = 2")
    with pytest.raises(CourseError, match=r"^source/01-double/double.ipynb, cell 'constant', line 1: not valid Python"):
        export(tiny_course)


def test_a_failing_reference_is_one_sentence(tiny_course: Course) -> None:
    """Does an answer that raises name the task and the error?"""
    _edit(tiny_course, "double", "def double(x):\n    return x + undefined")
    with pytest.raises(CourseError, match=r"'double' expects 'values'.*undefined"):
        export(tiny_course)


def test_long_imports_are_wrapped() -> None:
    """Does an import that is too long for one line get one name a line?"""
    names = [f"a_rather_long_name_{number}" for number in range(8)]
    text = module_text('"""Title."""\n', [new_code_cell(f"from package import {', '.join(names)}")], "x.ipynb")
    assert "from package import (\n    a_rather_long_name_0,\n" in text and text.endswith(
        "    a_rather_long_name_7,\n)\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param([1.0, 2.0], [1.0, 2.0000001], True, id="rounding in the last digits"),
        pytest.param([1.0, 1e-17], [1.0, -4e-17], True, id="noise around zero, next to large numbers"),
        pytest.param([1.0, 2.0], [1.0, 2.001], False, id="another number"),
        pytest.param([1.0, 2.0], [1.0], False, id="another length"),
        pytest.param([[1.0], [2.0]], [[1.0, 2.0]], False, id="another shape"),
        pytest.param({"a": 1}, {"a": True}, False, id="another type"),
        pytest.param(["x", 1.0], ["x", 1.0], True, id="a list of words and numbers"),
    ],
)
def test_agreement(old: object, new: object, same: bool) -> None:
    """Do expectations agree exactly when only rounding differs?"""
    assert agree(old, new) is same


def test_rounding_leaves_the_numbers_alone(tmp_path: Path) -> None:
    """Does a file that another processor wrote, different in the ninth digit, keep its numbers?"""
    path = tmp_path / "x.json"
    path.write_text(format_expectations({"task": {"key": [0.12345678]}}, "inputs"))
    assert expectations_text({"task": {"key": [0.12345679]}}, path, "inputs") == path.read_text()
    assert "0.12355678" in expectations_text({"task": {"key": [0.12355678]}}, path, "inputs")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The check modules whose probes an export runs, as it goes on."""
    asked: list[str] = []

    def watched(packages: Path, modules: list[str], jobs: int) -> dict[str, Any]:
        asked.extend(modules)
        return compute(packages, modules, jobs)

    monkeypatch.setattr("autograder.author.export.compute", watched)
    return asked


def _append(course: Course, name: str, text: str) -> None:
    path = course.root / "course" / "waferlab" / name
    path.write_text(path.read_text() + text)


def _change(course: Course, what: str) -> None:
    """One edit of an author."""
    package = course.root / "course" / "waferlab"
    if what == "prose of a notebook":
        _edit(course, "title", "# Twice as much")
    elif what == "docstring of a check":
        path = package / "checks" / "double.py"
        path.write_text(path.read_text().replace("Visible checks of", "What is checked in"))
    elif what == "title of an assignment":
        path = course.root / "course" / "course.toml"
        path.write_text(path.read_text().replace("Doubling", "Twice as much"))
    elif what == "times of all files":
        for path in files_below(course.root):
            os.utime(path, (0, 0))
    elif what == "answer used by the other":
        _edit(course, "constant", "FACTOR = 3.0")
    elif what == "check":
        _append(course, "checks/half.py", "\nMORE = 1\n")
    elif what == "what all checks share":
        _append(course, "checks/core.py", "\nMORE = 1\n")
    elif what == "a number by hand":
        path = package / "checks" / "expected" / "half.json"
        path.write_text(path.read_text().replace("[", "[1", 1))


@pytest.mark.parametrize(
    ("what", "again"),
    [
        ("prose of a notebook", []),
        ("docstring of a check", []),
        ("title of an assignment", []),
        ("times of all files", []),
        ("answer used by the other", ["double", "half"]),
        ("check", ["half"]),
        ("what all checks share", ["double", "half"]),
        ("a number by hand", ["half"]),
    ],
)
def test_only_what_an_edit_touches_is_computed(
    tiny_course: Course, computed: list[str], what: str, again: list[str]
) -> None:
    """Does an export after an edit run the probes that may give something else now, once, and no others?"""
    export(tiny_course)
    computed.clear()
    _change(tiny_course, what)
    fresh = Course(tiny_course.root)
    stale = export(fresh, check=True)
    export(fresh)
    assert computed == again * 2
    assert {path.stem for path in stale.changed if path.suffix == ".json"} == set(again)
    assert not export(fresh, check=True).stale and computed == again * 2


def test_wrong_numbers_with_a_right_checksum(tiny_course: Course, computed: list[str]) -> None:
    """Does an export of everything see numbers that the reference does not give, whatever the checksum says?"""
    export(tiny_course)
    path = tiny_course.root / "course" / "waferlab" / "checks" / "expected" / "half.json"
    inputs = inputs_digest(package_files(tiny_course), "half")
    path.write_text(format_expectations({"half": {"values": [1.0, 2.0, 3.0, 4.0]}}, inputs))
    assert not export(tiny_course, check=True).stale
    changes = export(tiny_course, check=True, everything=True)
    assert changes.changed == [path] and "[1.0, 2.0, 3.0, 4.0]" in changes.diff


@pytest.mark.parametrize("contents", ["", "[]", "<<<<<<< HEAD\n{}", '{"task": 3}', "\udcff"])
def test_a_damaged_file_is_computed_again(tmp_path: Path, contents: str) -> None:
    """Is a file that a merge has left in pieces out of date, and does it come back whole?"""
    path = tmp_path / "x.json"
    path.write_bytes(contents.encode("utf-8", "surrogateescape"))
    assert up_to_date(path, "inputs") is None
    path.write_text(expectations_text({"task": {"key": [0.5]}}, path, "inputs"))
    assert up_to_date(path, "inputs") == path.read_text() and up_to_date(path, "others") is None


def test_expectations_are_finite() -> None:
    """Is a NaN from the reference refused, with its name?"""
    with pytest.raises(CourseError, match="task: key holds nan"):
        plain([1.0, float("nan")], "task: key")


def test_digits() -> None:
    """Are floats rounded to eight significant digits?"""
    assert plain([1 / 3, 123456789.123], "x") == [0.33333333, 123456790.0]


def test_the_modules_import(tiny_course: Course) -> None:
    """Can Python import the exported package?"""
    export(tiny_course)
    done = subprocess.run(
        [sys.executable, "-c", "from waferlab.reference.half import half; print(half(8))"],
        env={"PYTHONPATH": str(tiny_course.root / "course")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "4.0"
