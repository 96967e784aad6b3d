"""`course grade --only`: which assignments and tasks a run grades again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.base.course import Assignment, Course, CourseError, checks_module

#: Task names by slug of an assignment; None stands for all of its tasks.
Selection = Mapping[str, tuple[str, ...] | None]


def select(course: Course, names: Sequence[str]) -> Selection:
    """The assignments and tasks that are named.

    Args:
        course: the course.
        names: `04-encoder` for a whole assignment, `04-encoder/kl_divergence` for one task.

    Raises:
        CourseError: there is none of that name; lists those there are.
    """
    chosen: dict[str, tuple[str, ...] | None] = {}
    for name in names:
        first, slash, task = name.partition("/")
        assignment = course.assignment(first)
        before = chosen.get(assignment.slug, ())
        if not slash or before is None:
            chosen[assignment.slug] = None
        if slash:
            _known(assignment, task)
            chosen[assignment.slug] = None if before is None else tuple(dict.fromkeys([*before, task]))
    return chosen


def _known(assignment: Assignment, task: str) -> None:
    tasks = checks_module(assignment.module).TASKS
    if task not in tasks:
        raise CourseError(f"{assignment.slug} has no task {task!r}: expected one of {', '.join(tasks)}")
