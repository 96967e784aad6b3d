"""What every source notebook must be like, whatever its tasks: format, ids, fixed cells, tags, nbgrader's metadata."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from autograder.author.lint.finding import Finding
from autograder.author.lint.markers import marker_findings, open_answers
from autograder.author.lint.source import SourceCell, SourceNotebook
from autograder.base.points import is_points

FIXED = ("badge", "install", "hand-in")
#: What a command of the course reads, and what Jupyter, nbconvert and nbval know.
TAGS = (*FIXED, "reference", "nbval-ignore-output", "nbval-check-output", "nbval-skip", "nbval-raises-exception")
JUPYTER_TAGS = ("raises-exception", "skip-execution", "hide-input", "hide-output", "hide-cell", "remove-input")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
GRADE_ID = re.compile(r"[A-Za-z0-9_-]+")
FLAGS = ("grade", "solution", "locked")
SCHEMA = 3


def notebook_findings(notebook: SourceNotebook, slug: str) -> Iterator[Finding]:
    """What is wrong with a notebook, its tasks left aside.

    Args:
        notebook: as it lies on disk.
        slug: of its assignment.
    """
    yield from _format(notebook, slug)
    yield from _ids(notebook)
    yield from _fixed_cells(notebook)
    yield from _grade_ids(notebook)
    for cell in notebook.cells:
        yield from _tags(cell)
        yield from marker_findings(cell)
        if cell.grading:
            yield from _grading(cell)
        if cell.kind == "code" and isinstance(cell.tree, SyntaxError):
            yield cell.finding(f"not valid Python ({cell.tree.msg})", cell.tree.lineno)
        if cell.is_answer:
            yield from open_answers(cell)


def _format(notebook: SourceNotebook, slug: str) -> Iterator[Finding]:
    major, minor = notebook.format
    if (major, minor) < (4, 5) if isinstance(major, int) and isinstance(minor, int) else True:
        yield Finding(notebook.name, f"in format {major}.{minor}: expected 4.5, in which JupyterLab saves it")
    kernel = notebook.metadata.get("kernelspec")
    name = kernel.get("name") if isinstance(kernel, dict) else None
    if name != "python3":
        yield Finding(notebook.name, f"for the kernel {name!r}: expected 'python3', the one that Colab has")
    course = notebook.metadata.get("waferlab")
    other = course.get("assignment", slug) if isinstance(course, dict) else slug
    if other != slug:
        yield Finding(notebook.name, f"its metadata say that it is {other}, and it lies in {slug}/")


def _ids(notebook: SourceNotebook) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for cell in notebook.cells:
        if not cell.id:
            before = next((one.id for one in reversed(notebook.cells[: cell.number - 1]) if one.id), None)
            after = f", after {before!r}" if before else ""
            yield cell.finding(f"has no id{after}: write one, or save the notebook in JupyterLab, which gives it one")
        elif not ID.fullmatch(cell.id):
            yield cell.finding("not an id: expected at most 64 letters, digits, '-' and '_'")
        elif first.setdefault(cell.id, cell.number) != cell.number:
            yield cell.finding(
                f"cells number {first[cell.id]} and {cell.number} have the same id: expected another one"
            )


def _fixed_cells(notebook: SourceNotebook) -> Iterator[Finding]:
    """The badge comes first, the install cell before all code, how to hand in after all text; each is there once."""
    code = [cell for cell in notebook.cells if cell.kind == "code"]
    prose = [cell for cell in notebook.cells if cell.kind == "markdown"]
    places = {
        "badge": (notebook.cells[:1], "the first cell"),
        "install": (code[:1], "the first code cell"),
        "hand-in": (prose[-1:], "the last text cell"),
    }
    for tag, (there, place) in places.items():
        tagged = [cell for cell in notebook.cells if tag in cell.tags]
        if not tagged:
            yield Finding(notebook.name, f"no cell has the tag {tag!r}: expected it on {place}")
        for cell in tagged:
            if cell not in there:
                yield cell.finding(f"has the tag {tag!r}, which belongs on {place} alone")


def _grade_ids(notebook: SourceNotebook) -> Iterator[Finding]:
    named = [cell for cell in notebook.cells if cell.grade_id]
    for name, count in Counter(cell.grade_id for cell in named).items():
        first, *others = [cell for cell in named if cell.grade_id == name]
        for cell in others if count > 1 else ():
            yield cell.finding(f"grade_id {name!r} is taken by cell {first.id!r}: expected another one")


def _tags(cell: SourceCell) -> Iterator[Finding]:
    known = (*TAGS, *JUPYTER_TAGS)
    for tag in cell.tags:
        if tag not in known:
            near = get_close_matches(tag, known, n=1)
            expected = f"{near[0]!r}" if near else f"one of {', '.join(TAGS)}"
            yield cell.finding(f"the tag {tag!r} is unknown: expected {expected}")


def _grading(cell: SourceCell) -> Iterator[Finding]:
    """nbgrader's metadata of a cell: complete, of its third schema, and of a kind that this course grades."""
    meta = cell.grading
    for flag in FLAGS:
        if not isinstance(meta.get(flag), bool):
            yield cell.finding(f"nbgrader's {flag} is {meta.get(flag)!r}: expected true or false")
    if meta.get("schema_version") != SCHEMA:
        yield cell.finding(f"nbgrader's schema_version is {meta.get('schema_version')!r}: expected {SCHEMA}")
    if not any(meta.get(flag) for flag in (*FLAGS, "task")):
        return
    if not GRADE_ID.fullmatch(cell.grade_id):
        yield cell.finding(f"grade_id is {meta.get('grade_id')!r}: expected a name of letters, digits, '-' and '_'")
    if meta.get("grade") and not is_points(meta.get("points")):
        found = f"points is {meta['points']!r}" if "points" in meta else "has no points"
        yield cell.finding(f"{found}: expected a number, 0 or more")
    if wrong := _unknown_kind(cell, meta):
        yield cell.finding(wrong)


def _unknown_kind(cell: SourceCell, meta: Mapping[str, object]) -> str | None:
    """What is wrong with the kind of a cell, in the words of JupyterLab's Create Assignment."""
    if meta.get("task"):
        return "a 'Manually graded task', which nothing here marks: expected a 'Manually graded answer'"
    if cell.kind == "markdown" and cell.is_solution != cell.is_graded:
        return "text that is an answer or gives points, not both: expected a 'Manually graded answer'"
    return None
