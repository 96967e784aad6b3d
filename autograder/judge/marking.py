"""From what the worker sent back to points and messages: the trusted side, plain data only."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from types import ModuleType

from waferlab.checks.core import Finding, Observation, Task

from autograder.base.records import Check, Mark, TaskResult, TaskStatus
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


# --- from findings to points ----------------------------------------------------------------------------------------


def verdict_module(module: str) -> ModuleType:
    """The hidden verdict module of an assignment, for example `autograder.judge.hidden.encoder`."""
    return importlib.import_module(f"autograder.judge.hidden.{module}")


def findings_for(module: str, task: Task, seen: Observation, expected: Observation) -> list[Finding]:
    """All findings about one task: the visible judge's and the hidden ones."""
    hidden = getattr(verdict_module(module), "judge", None)
    extra = hidden(task.name, seen, expected) if hidden else []
    return [*task.judge(seen, expected), *extra]


def give_points(checks: Sequence[Check], findings: Sequence[Finding]) -> list[Mark]:
    """Turn findings into points by the task's table.

    A check whose finding is missing, or that was found wrong at least once, gives none. A check whose requirement
    failed gives none either, and says so.
    """
    by_name: dict[str, list[Finding]] = {}
    for finding in findings:
        by_name.setdefault(finding.name, []).append(finding)
    passed = {name: all(finding.passed for finding in group) for name, group in by_name.items()}
    return [_mark(check, by_name.get(check.name, []), passed) for check in checks]


def _mark(check: Check, findings: Sequence[Finding], passed: dict[str, bool]) -> Mark:
    if not findings:
        return Mark(check.name, 0.0, check.points, "this check gave no result")
    wrong = [finding for finding in findings if not finding.passed]
    if wrong:
        first = wrong[0]
        found = without_expected_numbers(first.found)
        return Mark(check.name, 0.0, check.points, f"{first.tested}: {found}; expected: {first.expected}")
    missing = [name for name in check.requires if not passed.get(name, False)]
    if missing:
        return Mark(check.name, 0.0, check.points, f"counts only together with: {', '.join(missing)}")
    return Mark(check.name, check.points, check.points, f"{findings[0].tested}: right")


def without_expected_numbers(found: str) -> str:
    """A finding without the number that was expected, which a visible check may show and a hidden one must not.

    >>> without_expected_numbers("1.7290 instead of 17.2904. You took the mean?")
    '1.7290. You took the mean?'
    """
    return re.sub(r" instead of [-+]?\d+(\.\d+)?(e[-+]?\d+)?", "", found)


def no_points(checks: Sequence[Check], message: str) -> list[Mark]:
    """Every check at zero, for one reason (not answered, crashed, out of time)."""
    return [Mark(check.name, 0.0, check.points, message) for check in checks]
