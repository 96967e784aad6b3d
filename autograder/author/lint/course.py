"""The whole course, or some of its assignments, linted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from autograder.author.lint.cells import notebook_findings
from autograder.author.lint.finding import Finding, Kind
from autograder.author.lint.order import order_findings
from autograder.author.lint.prose import prose_findings
from autograder.author.lint.released import released_findings
from autograder.author.lint.source import SourceNotebook, read_source
from autograder.author.lint.tasks import Probe, Tasks, bank_findings, task_findings
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.settings import SLUG, SettingsError, read_settings

NBGRADER = "course/nbgrader_config.py"
NO_BANKS = Path(__file__).resolve().parents[2] / "banks"


def lint(course: Course, assignments: Sequence[Assignment] | None = None) -> list[Finding]:
    """Everything that is wrong with settings and source notebooks, in their order.

    Args:
        course: the course on disk; whatever is in it, this does not fail.
        assignments: which ones; by default all. A missing notebook is a warning.
    """
    found, known = _settings(course)
    chosen = known if assignments is None else list(assignments)
    probe = Probe(course, chosen)
    notebooks = {one.slug: _notebook(course, one) for one in chosen}
    tasks = probe.answers()
    for one in chosen:
        found += _assignment(course, one, notebooks[one.slug], tasks.get(one.module))
    return found


def refuse_mistakes(
    course: Course, assignments: Sequence[Assignment] | None = None, *, kinds: Collection[Kind] = ("mistake",)
) -> list[Finding]:
    """The linter as the guard of another command: what else it finds.

    Args:
        course: the course on disk.
        assignments: which ones; by default all.
        kinds: what is refused.

    Raises:
        CourseError: there is such; one sentence each.
    """
    found = lint(course, assignments)
    mistakes = [str(one) for one in found if one.kind in kinds]
    if mistakes:
        raise CourseError("\n".join(mistakes))
    return found


def _settings(course: Course) -> tuple[list[Finding], list[Assignment]]:
    """What is wrong with the settings, and the assignments that they name, or else those of the folders."""
    name = "course/course.toml"
    found = [] if (course.root / NBGRADER).is_file() else [Finding(NBGRADER, "is missing: nbgrader needs it")]
    try:
        read_settings(course.root / name)
    except SettingsError as error:
        lines = [line.removeprefix(f"{course.root / name}").lstrip(": ") for line in str(error).splitlines()]
        folders = sorted(path.name for path in (course.root / "source").glob("*") if re.fullmatch(SLUG, path.name))
        return [*(Finding(name, line) for line in lines), *found], [Assignment(slug, slug, 0) for slug in folders]
    return found, list(course.assignments)


def _notebook(course: Course, assignment: Assignment) -> SourceNotebook | Finding:
    path = course.notebook("source", assignment)
    name = path.relative_to(course.root).as_posix()
    if not path.is_file():
        return Finding(name, f"is missing: {assignment.slug} is passed over", "warning")
    return read_source(path, name)


def _assignment(
    course: Course, assignment: Assignment, notebook: SourceNotebook | Finding, tasks: Tasks | str | None
) -> Iterator[Finding]:
    path = course.notebook("source", assignment)
    for other in sorted(path.parent.glob("*.ipynb")):
        if other != path:
            name = other.relative_to(course.root).as_posix()
            yield Finding(name, f"a second notebook: nbgrader would release it; expected {path.name} alone")
    if isinstance(notebook, Finding):
        yield notebook
        return
    found = [
        *notebook_findings(notebook, assignment.slug),
        *task_findings(notebook, assignment, tasks),
        *order_findings(course, assignment, notebook),
        *prose_findings(notebook),
    ]
    yield from found
    broken = any(one.kind == "mistake" for one in found)  # then that the release is old goes without saying
    yield from (one for one in released_findings(course, assignment, notebook) if not (broken and one.kind == "stale"))
    if isinstance(tasks, dict):
        ours = course.root / "autograder" / "banks"
        yield from bank_findings(ours if ours.is_dir() else NO_BANKS, assignment, tasks)
