"""`course validate`: proves the checks with the banks of wrong and right answers, through the grader's own road."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from waferlab.checks.core import Task

from autograder.banks.bank import Entry, entries
from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.records import Mark
from autograder.run.mark import mark


@dataclass(frozen=True)
class Trial:
    """One answer of a bank, marked.

    Attributes:
        assignment: slug.
        task: the task that it answers.
        name: of the answer, unique within the assignment.
        kind: `wrong` or `right`.
        defect: what is wrong with the check, in words; empty when it judged as it should.
    """

    assignment: str
    task: str
    name: str
    kind: str
    defect: str


def validate(
    course: Course, assignments: Sequence[Assignment], dataset: str | None = None, *, walled: bool = True
) -> Iterator[Trial]:
    """Mark every answer of the banks of some assignments.

    Args:
        course: the course.
        assignments: whose banks to mark.
        dataset: images for the hidden checks; by default as `course.toml` says.
        walled: run the answers behind the wall.

    Yields:
        One trial per answer, as they are marked.

    Raises:
        CourseError: the bank of an assignment is empty, so that nothing would be proved.
    """
    for assignment in assignments:
        bank, tasks = entries(course, assignment), checks_module(assignment.module).TASKS
        if tasks and not bank:
            where = f"autograder/banks/{assignment.module}/"
            raise CourseError(
                f"{assignment.slug} has no bank: expected wrong and right answers to its tasks in {where}"
            )
        answers = [(one.label, one.source) for one in bank]
        rows = mark(course, assignment, answers, dataset, walled=walled) if bank else ()
        for one, row in zip(bank, rows, strict=True):
            marks = _marks(tasks[one.task], row["checks"])
            yield Trial(assignment.slug, one.task, one.label, one.kind, defect(one, marks))


def how_many(course: Course, assignments: Sequence[Assignment]) -> int:
    """The number of answers in the banks."""
    return sum(len(entries(course, one)) for one in assignments)


def _marks(task: Task, checks: Sequence[dict[str, Any]]) -> list[Mark]:
    """The marks of one task, from what `mark` says, in the points of the check module: a bank counts in these."""
    worth = {f"{task.name}.{check.name}": check.points for check in task.checks}
    return [
        Mark(one["name"].split(".", 1)[1], most if one["points"] >= one["max"] else 0.0, most, one["message"])
        for one in checks
        if (most := worth.get(one["name"])) is not None
    ]


def defect(entry: Entry, marks: Sequence[Mark]) -> str:
    """What is wrong with the way in which an answer was judged, in words; empty when nothing is.

    A wrong answer must lose the checks that it names, and get neither more nor fewer points than it promises; a right
    one must keep all.
    """
    lost = {mark.name: mark.message for mark in marks if mark.points < mark.max}
    given = sum(mark.points for mark in marks)
    if entry.kind == "right":
        reasons = [f"{name} ({message})" for name, message in lost.items()]
        return f"a right answer that lost {'; '.join(reasons)}" if lost else ""
    if kept := [name for name in entry.fails if name not in lost]:
        return f"passed {', '.join(kept)}, which it says must fail"
    if entry.most is not None and given > entry.most:
        return f"got {given:g} points, and may get {entry.most:g} at most"
    if entry.least is not None and given < entry.least:
        return f"got {given:g} points, and must keep {entry.least:g} at least; lost {', '.join(lost)}"
    return ""
