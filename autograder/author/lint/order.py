"""An assignment imports earlier answers only: its own and later ones are not in the students' package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder.author.imports import references
from autograder.author.lint.finding import Finding
from autograder.author.lint.source import SourceNotebook
from autograder.base.course import Assignment, Course, CourseError


def order_findings(course: Course, assignment: Assignment, notebook: SourceNotebook) -> Iterator[Finding]:
    """Imports of reference modules that students cannot have when they work on this assignment."""
    earlier = _earlier(course, assignment)
    for cell in notebook.cells:
        if cell.kind == "code" and not isinstance(cell.tree, SyntaxError):
            for module, line in references(cell.tree).items():
                if module not in earlier:
                    yield cell.finding(_sentence(module, assignment), line)
    for path in check_files(course, assignment.module):
        try:
            wrong = {
                name: line for name, line in references(ast.parse(path.read_bytes())).items() if name not in earlier
            }
        except (OSError, SyntaxError, ValueError):
            continue  # it cannot be imported, which is told
        for module, line in wrong.items():
            yield Finding(f"{path.relative_to(course.root).as_posix()}, line {line}", _sentence(module, assignment))


def check_files(course: Course, module: str) -> list[Path]:
    """The files of an assignment's check module."""
    folder = course.root / "course" / "waferlab" / "checks"
    return [*folder.glob(f"{module}.py"), *sorted((folder / module).rglob("*.py"))]


def _earlier(course: Course, assignment: Assignment) -> set[str]:
    try:
        return set(course.modules_before(assignment))
    except CourseError:  # the settings are broken, which is told
        folders = [path.name for path in (course.root / "source").glob("[0-9][0-9]-*")]
        return {Assignment(slug, slug, 0).module for slug in folders if slug < assignment.slug}


def _sentence(module: str, assignment: Assignment) -> str:
    return (
        f"imports waferlab.reference.{module}, which students of {assignment.slug} do not have: expected earlier ones"
    )
