"""An answer file of plain Python in the place of a notebook: `course mark`, and the banks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nbformat import NotebookNode

from autograder.base.course import CourseError
from autograder.base.records import Cell, Graft
from autograder.rebuild.bench import Tasks
from autograder.rebuild.matching import Slot, slots_of
from autograder.rebuild.pysource import definition_keys, definitions
from autograder.wall.inside.magics import is_python, strip_magics

MAX_LISTED = 5  # names that one sentence lists


def from_answer(release: NotebookNode, answer_source: str, tasks: Tasks) -> tuple[Graft, tuple[str, ...]]:
    """Put an answer file of plain Python in the place of the solution cells that it answers.

    The whole file is executed once, in the place of the first task that it answers; unanswered tasks keep the
    release's placeholder. A file that is no Python answers the tasks whose names it mentions, else all of them: they
    are then marked as wrong, with the error.

    Args:
        release: the instructor's notebook, as students get it.
        answer_source: the file's text.
        tasks: for each task the names that its solution cell defines.

    Returns:
        What to execute, and the tasks that the file answers, in the release's order.

    Raises:
        CourseError: the file defines none of the names that the tasks ask for.
    """
    slots = [slot for slot in slots_of(release) if slot.kind in ("provided", "solution")]
    answered = _answered_by(answer_source, {slot.name: slot for slot in slots if slot.kind == "solution"}, tasks)
    cells = []
    for slot in slots:
        source = slot.source
        if slot.name in answered:
            first = slot.name == answered[0]
            source = answer_source if first else f"# This task is answered in the cell of {answered[0]}."
        cells.append(Cell("provided" if slot.kind == "provided" else "solution", slot.name, source))
    stubs = {slot.name: slot.source for slot in slots if slot.kind == "solution"}
    return Graft(tuple(cells), stubs), answered


def _answered_by(source: str, slots: Mapping[str, Slot], tasks: Tasks) -> tuple[str, ...]:
    names = [name for name in slots if name in tasks]
    if not is_python(strip_magics(source)[0]):
        mentioned = set(re.findall(r"\w+", source))
        return tuple(name for name in names if mentioned & set(tasks[name])) or tuple(names)
    defined = definitions(source)
    answered = tuple(name for name in names if defined & set(tasks[name]))
    if not answered:
        expected = ", ".join(f"`{one}`" for name in names for one in tasks[name])
        found = ", ".join(f"`{one}`" for one in sorted(defined)[:MAX_LISTED]) or "nothing"
        raise CourseError(f"the answer defines {found}: expected at least one of {expected}")
    unchanged = [name for name in answered if _same_definitions(source, slots[name].source, tasks[name])]
    return tuple(name for name in answered if name not in unchanged) or answered


def _same_definitions(one: str, other: str, names: Sequence[str]) -> bool:
    """Whether two sources define these names alike: a placeholder that was copied along answers nothing."""
    mine, theirs = definition_keys(one), definition_keys(other)
    return all(mine.get(name) == theirs.get(name) for name in names)
