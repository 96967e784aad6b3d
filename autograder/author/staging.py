"""Which answers students may have by now: `waferlab.reference` grows with the course, and never before a deadline.

The reference of an assignment is in the students' package when something published imports it, and nobody can hand the
assignment in any more: its due date, the grace and `accept_days` of `[late]` are over. Where that is not so, the author
can consent (`--answers-of 03`); what an earlier publication gave away needs no consent again. An assignment without a
due date counts as over once a later one is published, which is said.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autograder.author.imports import references
from autograder.base.course import Assignment, Course, CourseError

REFERENCE = "course/waferlab/reference"


@dataclass(frozen=True)
class Stage:
    """What is decided about the answers.

    Attributes:
        modules: the reference modules that are published.
        open: slugs of the assignments whose answers are no secret any more.
        remarks: what the author should know, one sentence each.
    """

    modules: frozenset[str]
    open: frozenset[str]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Clock:
    """When answers may be known.

    Attributes:
        now: the time of the publication.
        consented: slugs of assignments whose answers the author gives away.
        known: reference modules that students have already.
    """

    now: datetime
    consented: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


def reference_path(module: str) -> str:
    """Where a reference module is in the students' repository."""
    return f"{REFERENCE}/{module}.py"


def stage(course: Course, through: int, files: Mapping[str, bytes], clock: Clock) -> Stage:
    """Decide which reference modules go with the files that are to be published.

    Args:
        course: the course on disk, its export fresh.
        through: number of the last assignment.
        files: contents of everything else that is published, by path.
        clock: when, and what was consented to.

    Raises:
        CourseError: something published needs answers that may not be known yet; says which, why and how to go on.
    """
    earlier = {one.module: one for one in course.assignments if one.number < through}
    needed = {module: place for module, place in _needed(course, files).items() if module in earlier}
    why = {module: _secret_because(course, one, clock) for module, one in earlier.items()}
    if early := [_refusal(earlier[module], place, why[module]) for module, place in needed.items() if why[module]]:
        raise CourseError("\n".join(early))
    undated = [one for module, one in earlier.items() if module in needed and not _due(course, one)]
    return Stage(
        modules=frozenset(needed),
        open=frozenset(one.slug for module, one in earlier.items() if not why[module]),
        remarks=tuple(_undated(one) for one in undated if one.module not in clock.known),
    )


def _needed(course: Course, files: Mapping[str, bytes]) -> dict[str, str]:
    """The reference modules that something published imports, with the place; those that they import among them."""
    found: dict[str, str] = {}
    waiting = [item for name, contents in sorted(files.items()) for item in _imports(name, contents)]
    while waiting:
        module, place = waiting.pop(0)
        path = course.root / reference_path(module)
        if module not in found and path.is_file():
            found[module] = place
            waiting += _imports(reference_path(module), path.read_bytes())
    return found


def _imports(name: str, contents: bytes) -> Iterator[tuple[str, str]]:
    """The reference modules that a file imports, each with file, cell and line."""
    for where, source in _sources(name, contents):
        try:
            found = references(ast.parse(source))
        except (SyntaxError, ValueError):
            continue  # a cell with magics; the linter knows what else it could be
        for module, line in found.items():
            yield module, f"{where}, line {line}"


def _sources(name: str, contents: bytes) -> Iterator[tuple[str, str]]:
    if name.endswith(".py"):
        yield name, contents.decode("utf-8", "replace")
    elif name.endswith(".ipynb"):
        for cell in json.loads(contents)["cells"]:
            if cell["cell_type"] == "code":
                yield f"{name}, cell {cell.get('id')!r}", "".join(cell["source"])


def _due(course: Course, assignment: Assignment) -> datetime | None:
    return course.settings.assignments[assignment.slug].due


def _secret_because(course: Course, assignment: Assignment, clock: Clock) -> str:
    """Why the answers of an assignment must not be known yet, in words; empty when they may be."""
    due, late = _due(course, assignment), course.settings.late
    if due is None or assignment.slug in clock.consented or assignment.module in clock.known:
        return ""
    if late.accept_days is None:
        return f"due {_shown(due)} and accepted late without an end ([late] accept_days is not set in course.toml)"
    end = due + timedelta(minutes=late.grace_minutes, days=late.accept_days)
    if clock.now.astimezone(UTC) > end.astimezone(UTC):
        return ""
    return f"due {_shown(due)} and accepted until {_shown(end)}"


def _shown(time: datetime) -> str:
    return f"{time:%d %b %Y %H:%M} {time:%Z}".strip()


def _refusal(assignment: Assignment, place: str, why: str) -> str:
    return (
        f"{place}, needs the answers of {assignment.slug}, which is {why}: publish less until then, change "
        f"course.toml, or give the answers away with --answers-of {assignment.number:02}"
    )


def _undated(assignment: Assignment) -> str:
    return (
        f"the answers of {assignment.slug} are published, for a later assignment needs them; it has no due date in "
        "course.toml, so nothing says until when it can be handed in"
    )


def consents(course: Course, numbers: Collection[int], through: int) -> frozenset[str]:
    """The slugs of the assignments whose answers the author gives away.

    Raises:
        CourseError: a number is no earlier assignment's.
    """
    slugs = {one.number: one.slug for one in course.assignments if one.number < through}
    for number in numbers:
        if number not in slugs:
            known = ", ".join(f"{one:02}" for one in slugs) or "none"
            raise CourseError(
                f"--answers-of {number:02}: expected an assignment before {through:02}, which are {known}"
            )
    return frozenset(slugs[number] for number in numbers)
