"""`course export`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.author.expectations import agree, expectations_text, format_expectations, plain
from autograder.author.export import export, module_text, reference_is_stale, reference_text
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


def test_rounding_leaves_the_file_alone(tmp_path: Path) -> None:
    """Does a file that another processor wrote, different in the ninth digit, stay byte for byte?"""
    path = tmp_path / "x.json"
    path.write_text(format_expectations({"task": {"key": [0.12345678]}}))
    assert expectations_text({"task": {"key": [0.12345679]}}, path) == path.read_text()
    assert expectations_text({"task": {"key": [0.12355678]}}, path) != path.read_text()


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
