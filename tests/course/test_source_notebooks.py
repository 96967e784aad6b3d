"""The source notebooks: the linter finds nothing in them, and they keep the habits of the house beyond its rules."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from waferlab.checks.core import Task

from autograder.author.imports import imported, references
from autograder.author.lint import lint
from autograder.base.course import Assignment, checks_module, find_course
from autograder.base.notebooks import (
    grade_id,
    is_answer,
    is_check,
    is_written,
    notebook_text,
    read_notebook,
    reference_cells,
    tags,
)

COURSE = find_course(Path(__file__).parent)
READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

every_assignment = pytest.mark.parametrize("assignment", COURSE.assignments, ids=lambda one: one.slug)


def _notebook(assignment: Assignment) -> NotebookNode:
    return read_notebook(COURSE.notebook("source", assignment))


def _tasks(assignment: Assignment) -> dict[str, Task]:
    return checks_module(assignment.module).TASKS


@every_assignment
def test_the_linter_finds_nothing(assignment: Assignment) -> None:
    """Does `course check` find no mistake, and no warning or remark either?"""
    assert [str(one) for one in lint(COURSE, [assignment])] == []


@every_assignment
def test_tasks_stand_in_the_order_of_the_check_module(assignment: Assignment) -> None:
    """Do tables, which go by the check module, name the tasks as they follow one another in the notebook?"""
    assert [grade_id(cell) for cell in _notebook(assignment).cells if is_answer(cell)] == list(_tasks(assignment))


@every_assignment
def test_bytes(assignment: Assignment) -> None:
    """Is the notebook written as the course's commands would write it, so that diffs show edits only?"""
    path = COURSE.notebook("source", assignment)
    assert path.read_text(encoding="utf-8") == notebook_text(read_notebook(path))


@every_assignment
def test_outputs_are_stripped(assignment: Assignment) -> None:
    """Has no cell an output or an execution count?"""
    code = [cell for cell in _notebook(assignment).cells if cell.cell_type == "code"]
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]


@every_assignment
def test_cell_ids(assignment: Assignment) -> None:
    """Are cell ids words, not random letters?"""
    ids = [cell.id for cell in _notebook(assignment).cells]
    assert [name for name in ids if not READABLE.fullmatch(name) or re.fullmatch(r"[0-9a-f]{8}", name)] == []


@every_assignment
def test_metadata(assignment: Assignment) -> None:
    """Does nbgrader accept the metadata as they are (schema 3, unique grade_ids, points where they belong)?"""
    MetadataValidator().validate_nb(_notebook(assignment))


@every_assignment
def test_every_written_answer_has_a_rubric(assignment: Assignment) -> None:
    """Does the cell before each written answer tell how points are given?"""
    cells = _notebook(assignment).cells
    for before, cell in pairwise(cells):
        if is_written(cell):
            assert before.cell_type == "markdown" and "point" in before.source.lower(), cell.id
            assert "BEGIN SOLUTION" in cell.source or cell.source.strip(), cell.id


def test_support_code_holds_no_answers() -> None:
    """Does no support module, and no shared part of the checks, import any reference?"""
    package = COURSE.root / "course" / "waferlab"
    modules = {one.module for one in COURSE.assignments}
    support = [*package.glob("*.py"), *(path for path in package.glob("checks/*.py") if path.stem not in modules)]
    for path in support:
        assert not references(ast.parse(path.read_text(encoding="utf-8"))), path.name


@every_assignment
def test_reference_cells_need_no_figures(assignment: Assignment) -> None:
    """Do reference cells, which the grader runs, load no plots and no data?"""
    for cell in reference_cells(_notebook(assignment)):
        names = imported(ast.parse(cell.source))
        assert not {name for name in names if name.split(".")[1:2] in (["plots"], ["data"])}, cell.id


@every_assignment
def test_results_wait_for_answers(assignment: Assignment) -> None:
    """Is every provided cell that calls an answer inside `when_answered`, so that the release runs to its end?"""
    names = {name for task in _tasks(assignment).values() for name in task.defines if name.islower()}
    for cell in _notebook(assignment).cells:
        if cell.cell_type != "code" or is_check(cell) or "reference" in tags(cell):
            continue
        for node in ast.parse(cell.source).body:
            called = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
            guarded = isinstance(node, (ast.With, ast.FunctionDef)) or not called & names
            assert guarded, f"{cell.id}: {sorted(called & names)}"
