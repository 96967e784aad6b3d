"""The source notebooks: what every one of them must be like for the other trees and the grader to follow."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator
from waferlab.checks.core import Task

from autograder.author.export import reference_text
from autograder.base.course import Assignment, checks_module, find_course
from autograder.base.notebooks import (
    grade_id,
    grading,
    is_answer,
    is_check,
    is_marked,
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
def test_bytes(assignment: Assignment) -> None:
    """Is the notebook written as the course's commands would write it, so that diffs show edits only?"""
    path = COURSE.notebook("source", assignment)
    assert path.read_text(encoding="utf-8") == notebook_text(read_notebook(path))


@every_assignment
def test_one_notebook_a_folder(assignment: Assignment) -> None:
    """Is there exactly one notebook in the folder?"""
    folder = COURSE.notebook("source", assignment).parent
    assert [path.name for path in folder.glob("*.ipynb")] == [f"{assignment.notebook_name}.ipynb"]


@every_assignment
def test_format(assignment: Assignment) -> None:
    """Is it nbformat 4.5 for the kernel that Colab and JupyterLab have?"""
    notebook = _notebook(assignment)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"


@every_assignment
def test_outputs_are_stripped(assignment: Assignment) -> None:
    """Has no cell an output or an execution count?"""
    code = [cell for cell in _notebook(assignment).cells if cell.cell_type == "code"]
    assert not [cell.id for cell in code if cell.outputs or cell.execution_count is not None]


@every_assignment
def test_cell_ids(assignment: Assignment) -> None:
    """Are cell ids unique words, not random letters?"""
    ids = [cell.id for cell in _notebook(assignment).cells]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert [name for name in ids if not READABLE.fullmatch(name) or re.fullmatch(r"[0-9a-f]{8}", name)] == []


@every_assignment
def test_metadata(assignment: Assignment) -> None:
    """Does nbgrader accept the metadata as they are (schema 3, unique grade_ids, points where they belong)?"""
    MetadataValidator().validate_nb(_notebook(assignment))


@every_assignment
def test_fixed_cells(assignment: Assignment) -> None:
    """Is the badge first, the install cell the first code cell, and the hand-in cell the last Markdown cell?"""
    cells = _notebook(assignment).cells
    assert "badge" in tags(cells[0])
    assert "install" in tags(next(cell for cell in cells if cell.cell_type == "code"))
    assert "hand-in" in tags([cell for cell in cells if cell.cell_type == "markdown"][-1])
    assert Counter(tag for cell in cells for tag in tags(cell) if tag in ("badge", "install", "hand-in")) == {
        "badge": 1,
        "install": 1,
        "hand-in": 1,
    }


@every_assignment
def test_every_task_has_its_cells(assignment: Assignment) -> None:
    """Has every task an answer cell and a check cell of its name, and no other cell gives points?"""
    cells, tasks = _notebook(assignment).cells, _tasks(assignment)
    assert [grade_id(cell) for cell in cells if is_answer(cell)] == list(tasks)
    assert [grade_id(cell) for cell in cells if is_check(cell)] == [f"check-{name}" for name in tasks]
    assert all("reference" in tags(cell) and "BEGIN SOLUTION" in cell.source for cell in cells if is_answer(cell))


@every_assignment
def test_answers_define_what_tasks_need(assignment: Assignment) -> None:
    """Does each answer cell define the names that its task's probe uses?"""
    defined: dict[str, set[str]] = {}
    for cell in _notebook(assignment).cells:
        if is_answer(cell):
            defined[grade_id(cell) or ""] = {getattr(node, "name", "") for node in ast.parse(cell.source).body}
    for name, task in _tasks(assignment).items():
        assert set(task.defines) <= defined[name], name


@every_assignment
def test_points(assignment: Assignment) -> None:
    """Do check cells carry the points of their task's checks, and all cells together those of course.toml?"""
    cells, tasks = _notebook(assignment).cells, _tasks(assignment)
    for cell in filter(is_check, cells):
        name = (grade_id(cell) or "").removeprefix("check-")
        assert grading(cell)["points"] == tasks[name].points, name
    assert sum(grading(cell)["points"] for cell in cells if is_check(cell) or is_marked(cell)) == assignment.points


@every_assignment
def test_checks_do_not_print_to_stderr_or_end_with_a_number(assignment: Assignment) -> None:
    """Is the call of the check the last expression of its cell, so that nbgrader reads its 0 or None as points?"""
    for cell in filter(is_check, _notebook(assignment).cells):
        last = ast.parse(cell.source).body[-1]
        assert isinstance(last, ast.Expr) and isinstance(last.value, ast.Call), cell.id
        assert ast.unparse(last.value.func).endswith(".check"), cell.id


@every_assignment
def test_every_written_answer_has_a_rubric(assignment: Assignment) -> None:
    """Does the cell before each written answer tell how points are given?"""
    cells = _notebook(assignment).cells
    for before, cell in pairwise(cells):
        if is_written(cell):
            assert before.cell_type == "markdown" and "point" in before.source.lower(), cell.id
            assert "BEGIN SOLUTION" in cell.source or cell.source.strip(), cell.id


def _imported(source: str) -> set[str]:
    """The `waferlab` modules that Python text imports."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] == "waferlab"}


def _later(assignment: Assignment) -> set[str]:
    """Reference modules that an assignment must not use: its own and those of later assignments."""
    return {f"waferlab.reference.{one.module}" for one in COURSE.assignments if one.number >= assignment.number}


@every_assignment
def test_imports_follow_the_order_of_assignments(assignment: Assignment) -> None:
    """Do the reference, the checks and the whole notebook import only support code and EARLIER references?"""
    package = COURSE.root / "course" / "waferlab"
    files = [*package.glob(f"checks/{assignment.module}.py"), *package.glob(f"checks/{assignment.module}/*.py")]
    checks = [path.read_text(encoding="utf-8") for path in files]
    cells = [cell.source for cell in _notebook(assignment).cells if cell.cell_type == "code"]
    assert checks
    for source in (reference_text(COURSE, assignment) or "", *checks, *cells):
        assert not _imported(source) & _later(assignment)


def test_support_code_holds_no_answers() -> None:
    """Does no support module, and no shared part of the checks, import any reference?"""
    package = COURSE.root / "course" / "waferlab"
    modules = {one.module for one in COURSE.assignments}
    support = [*package.glob("*.py"), *(path for path in package.glob("checks/*.py") if path.stem not in modules)]
    for path in support:
        imported = _imported(path.read_text(encoding="utf-8"))
        assert not [name for name in imported if name.startswith("waferlab.reference")], path.name


@every_assignment
def test_reference_cells_need_no_figures(assignment: Assignment) -> None:
    """Do reference cells, which the grader runs, load no plots and no data?"""
    for cell in reference_cells(_notebook(assignment)):
        assert not {name for name in _imported(cell.source) if name.split(".")[1:2] in (["plots"], ["data"])}, cell.id


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
