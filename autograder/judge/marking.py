"""From what the worker sent back to points and messages: the trusted side, plain data only."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import ModuleType

from waferlab.checks.core import Case, Check, Fault, Finding, Observation, Task, time_limit

from autograder.base.points import DIGITS
from autograder.base.records import Mark, TaskResult, TaskStatus
from autograder.judge import wording
from autograder.wall.sandbox import Answer

JUDGE_SECONDS = 20.0  # many times what any judge takes: what an observation may hold is bounded before


def mark_task(task: Task, answer: Answer, expected: Observation) -> TaskResult:
    """The result of one task.

    Args:
        task: the task.
        answer: what the worker sent back.
        expected: the reference's observation.
    """
    if answer.status == "timeout":
        return without_points(task, "timeout", wording.TIMEOUT)
    if answer.status == "crashed":
        where = "while your answer ran" if answer.stage == "probe" else "while your cell was executed"
        return without_points(task, "crashed", wording.died(where, answer.detail))
    if answer.missing:
        return without_points(task, *_missing(task, answer))
    if answer.seen.get("unanswered"):
        return without_points(task, "unanswered", wording.NOT_ANSWERED)
    try:
        with time_limit(JUDGE_SECONDS):
            marks = give_points(task.checks, task.judge(answer.seen, expected, hidden_faults(task)))
    except TimeoutError:
        return without_points(task, "error", wording.TOO_LONG)
    except Exception:  # whatever a hostile observation provokes, the class goes on
        return without_points(task, "error", wording.OWN_DEFECT)
    return _result(task, "ok", marks, "")


def without_points(task: Task, status: TaskStatus, message: str) -> TaskResult:
    """A task that gives nothing, for one reason."""
    return _result(task, status, [Mark(check.name, 0.0, check.points, message) for check in task.checks], message)


def _missing(task: Task, answer: Answer) -> tuple[TaskStatus, str]:
    error = answer.errors.get(task.name)
    if error and error.startswith("NotImplementedError"):
        return "unanswered", wording.NOT_ANSWERED
    if error:
        return "error", wording.cell_raised(task.name, error)
    return "error", wording.not_defined(task.name, answer.missing, next(iter(answer.errors.values()), None))


def _result(task: Task, status: TaskStatus, marks: Sequence[Mark], message: str) -> TaskResult:
    points, most = sum(mark.points for mark in marks), sum(mark.max for mark in marks)
    points, most = round(points, DIGITS), round(most, DIGITS)
    return TaskResult(task.name, task.title, status, points, most, tuple(marks), message)


# --- what only the grader checks --------------------------------------------------------------------------------------


def hidden_module(module: str) -> ModuleType | None:
    """What only the grader has for an assignment, for example `autograder.judge.hidden.pca`; None for most."""
    name = f"autograder.judge.hidden.{module}"
    return importlib.import_module(name) if find_spec(name) else None


def hidden_faults(task: Task) -> Mapping[str, Fault]:
    """Faults of a task that only the grader looks for, by check."""
    return getattr(hidden_module(task.module), "FAULTS", {}).get(task.name, {})


def readings(task: Task, case: Case) -> Observation:
    """What a task's checks expect of a case beside what the reference gives."""
    made = getattr(hidden_module(task.module), "READINGS", {}).get(task.name)
    return made(case) if made else {}


# --- from findings to points ------------------------------------------------------------------------------------------


def give_points(checks: Sequence[Check], findings: Sequence[Finding]) -> list[Mark]:
    """Turn findings into points.

    A check whose finding is missing or wrong gives none. A check whose requirement failed gives none either, and says
    so.
    """
    by_name = {finding.name: finding for finding in findings}
    tested = {check.name: check.tested for check in checks}
    return [_mark(check, by_name, tested) for check in checks]


def _mark(check: Check, findings: Mapping[str, Finding], tested: Mapping[str, str]) -> Mark:
    finding = findings.get(check.name)
    if finding is None:
        return Mark(check.name, 0.0, check.points, wording.NO_RESULT)
    if not finding.passed:
        message = wording.wrong(finding.tested, finding.found, finding.expected)
        return Mark(check.name, 0.0, check.points, message)
    missing = [name for name in check.requires if name not in findings or not findings[name].passed]
    if missing:
        message = wording.only_with(finding.tested, [tested.get(name, name) for name in missing])
        return Mark(check.name, 0.0, check.points, message)
    return Mark(check.name, check.points, check.points, wording.right(finding.tested))
