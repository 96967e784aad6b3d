"""Which assignment a submitted notebook answers, told by what is in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import grade_id, is_answer, read_notebook
from autograder.rebuild.pysource import definitions

NAME_SCORE, TITLE_SCORE, CELL_SCORE = 3, 2, 1
ENOUGH = 2  # one shared cell proves nothing: other courses import torch, too


@dataclass(frozen=True)
class Portrait:
    """What a notebook of an assignment can be known by.

    Attributes:
        assignment: which one.
        grade_ids: names of its graded cells.
        names: what its solution cells define.
        title: its first heading.
        cells: ids and sources of its cells, without those that another assignment has, too.
    """

    assignment: Assignment
    grade_ids: frozenset[str]
    names: frozenset[str]
    title: str
    cells: frozenset[str]


def portraits(course: Course) -> list[Portrait]:
    """Portraits of all assignments that have been released.

    Raises:
        CourseError: none has.
    """
    releases = [(one, course.notebook("release", one)) for one in course.assignments]
    drawn = [_portrait(one, read_notebook(path)) for one, path in releases if path.is_file()]
    if not drawn:
        raise CourseError(f"{course.root / 'release'} holds no release notebook: run `course release` first")
    shared = {key for key, count in Counter(key for one in drawn for key in one.cells).items() if count > 1}
    return [Portrait(one.assignment, one.grade_ids, one.names, one.title, one.cells - shared) for one in drawn]


def recognise(
    notebook: NotebookNode, parts: Sequence[str], known: Sequence[Portrait]
) -> tuple[Assignment | None, tuple[str, ...], str | None]:
    """Tell which assignment a notebook answers: by its metadata, its grade_ids, its content, at last by its file name.

    Args:
        notebook: a clean notebook.
        parts: its folders and file name.
        known: the course's assignments.

    Returns:
        The assignment or None, what had to be guessed, and why it could not be told.
    """
    by_slug = {one.assignment.slug: one.assignment for one in known}
    slug = notebook.metadata.get("waferlab", {}).get("assignment")
    if slug in by_slug:
        return by_slug[slug], (), None
    found = _grade_ids(notebook)
    if one := _best({portrait: len(found & portrait.grade_ids) for portrait in known}, 1):
        return one.assignment, (), None
    if one := _best(_scores(notebook, known), ENOUGH):
        return one.assignment, ("The assignment was recognised by the notebook's content.",), None
    if not found and slug is None:
        if one := named(parts, by_slug.values()):
            return one, ("The assignment is known by the file's name only; nothing in the notebook tells it.",), None
        return None, (), "nothing in this notebook belongs to an assignment of this course."
    graded = ", ".join(sorted(found)[:3])[:80]
    return None, (), "this is a notebook of another course" + (f" (its graded cells: {graded})." if graded else ".")


def _portrait(assignment: Assignment, release: NotebookNode) -> Portrait:
    answers = [cell.source for cell in release.cells if is_answer(cell)]
    names = frozenset(name for source in answers for name in definitions(source))
    return Portrait(assignment, frozenset(_grade_ids(release)), names, _title(release), frozenset(_keys(release)))


def _grade_ids(notebook: NotebookNode) -> set[str]:
    return {name for cell in notebook.cells if isinstance(name := grade_id(cell), str)}


def _keys(notebook: NotebookNode) -> set[str]:
    """Ids and sources of the cells; empty cells are like any other."""
    ids = {one for cell in notebook.cells for one in (cell.get("id"), cell.metadata.get("id")) if one}
    return ids | {cell.source.strip() for cell in notebook.cells if len(cell.source.strip()) > 20}


def _title(notebook: NotebookNode) -> str:
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = (re.search(r"^#\s+(.+)$", text, re.MULTILINE) for text in texts)
    return next((found[1].strip().lower() for found in headings if found), "")


def _scores(notebook: NotebookNode, known: Sequence[Portrait]) -> dict[Portrait, int]:
    names = {name for cell in notebook.cells if cell.cell_type == "code" for name in definitions(cell.source)}
    title, keys = _title(notebook), _keys(notebook)
    return {
        one: NAME_SCORE * len(names & one.names)
        + TITLE_SCORE * bool(title and title == one.title)
        + CELL_SCORE * len(keys & one.cells)
        for one in known
    }


def _best(scores: dict[Portrait, int], enough: int) -> Portrait | None:
    """The one with the highest score, unless there are two of them."""
    top = max(scores.values(), default=0)
    winners = [portrait for portrait, score in scores.items() if score == top]
    return winners[0] if top >= enough and len(winners) == 1 else None


def named(parts: Sequence[str], assignments: Iterable[Assignment]) -> Assignment | None:
    """The assignment whose name stands in the file's name, else in its folders', as a word of its own."""
    for part in reversed(parts):
        for one in assignments:
            words = "|".join(re.escape(word) for word in (one.slug, one.notebook_name, one.module))
            if re.search(rf"(?i)(?<![^\W_])(?:{words})(?![^\W_])", part):
                return one
    return None
