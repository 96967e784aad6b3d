"""From what the worker sent back to points and messages: the trusted side, plain data only."""

from __future__ import annotations

from collections.abc import Sequence

from waferlab.checks.core import Observation, Task

from autograder.base.records import TaskResult, TaskStatus
from autograder.judge.hidden import Check, Mark, findings_for, give_points, no_points
from autograder.wall.sandbox import Answer

TIMEOUT = "did not finish in time (the limit is many times what the reference answer takes): is there an endless loop?"
OWN_DEFECT = "these results could not be judged, which is a defect of the grader: please tell your instructor"


def mark_task(module: str, task: Task, checks: Sequence[Check], answer: Answer, expected: Observation) -> TaskResult:
    """The result of one task.

    Args:
        module: the assignment's module name.
        task: the task.
        checks: its points table.
        answer: what the worker sent back.
        expected: the reference's observation.
    """
    if answer.status == "timeout":
        return without_points(task, checks, "timeout", TIMEOUT)
    if answer.status == "crashed":
        where = "while the answer ran" if answer.stage == "probe" else "while the cell was executed"
        return without_points(task, checks, "crashed", f"the Python process died {where}: {answer.detail}")
    if answer.missing:
        return without_points(task, checks, *_missing(task, answer))
    if answer.seen.get("unanswered"):
        return without_points(task, checks, "unanswered", "not yet answered")
    try:
        marks = give_points(checks, findings_for(module, task, answer.seen, expected))
    except Exception:  # whatever a hostile observation provokes, the class goes on
        return without_points(task, checks, "error", OWN_DEFECT)
    return _result(task, "ok", marks, "")


def without_points(task: Task, checks: Sequence[Check], status: TaskStatus, message: str) -> TaskResult:
    """A task that gives nothing, for one reason."""
    return _result(task, status, no_points(checks, message), message)


def not_run(task: Task) -> TaskResult:
    """A task that was left out of a run, and does not count."""
    return TaskResult(task.name, task.title, "not run", 0.0, 0.0, (), "not run")


def _missing(task: Task, answer: Answer) -> tuple[TaskStatus, str]:
    names = " and ".join(f"`{name}`" for name in answer.missing)
    error = answer.errors.get(task.name)
    if error and error.startswith("NotImplementedError"):
        return "unanswered", "not yet answered"
    if error:
        return "error", f"the cell raised {error}"
    elsewhere = next(iter(answer.errors.values()), None)
    return "error", f"the cell does not define {names}" + (f" (another cell raised {elsewhere})" if elsewhere else "")


def _result(task: Task, status: TaskStatus, marks: Sequence[Mark], message: str) -> TaskResult:
    points, most = sum(mark.points for mark in marks), sum(mark.max for mark in marks)
    return TaskResult(task.name, task.title, status, points, most, tuple(marks), message)
