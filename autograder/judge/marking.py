"""From what the worker sent back to points and messages: the trusted side, plain data only."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from types import ModuleType

from waferlab.checks.core import Check, Fault, Finding, Observation, Task, time_limit

from autograder.base.points import DIGITS
from autograder.base.records import Mark, TaskResult, TaskStatus
from autograder.wall.sandbox import Answer

JUDGE_SECONDS = 20.0  # many times what any judge takes: what an observation may hold is bounded before
TIMEOUT = "did not finish in time (the limit is many times what the reference answer takes): is there an endless loop?"
TOO_LONG = "these results took too long to judge: are they far larger than what was asked for?"
OWN_DEFECT = "these results could not be judged, which is a defect of the grader: please tell your instructor"


def mark_task(task: Task, answer: Answer, expected: Observation) -> TaskResult:
    """The result of one task.

    Args:
        task: the task.
        answer: what the worker sent back.
        expected: the reference's observation.
    """
    if answer.status == "timeout":
        return without_points(task, "timeout", TIMEOUT)
    if answer.status == "crashed":
        where = "while the answer ran" if answer.stage == "probe" else "while the cell was executed"
        return without_points(task, "crashed", f"the Python process died {where}: {answer.detail}")
    if answer.missing:
        return without_points(task, *_missing(task, answer))
    if answer.seen.get("unanswered"):
        return without_points(task, "unanswered", "not yet answered")
    try:
        with time_limit(JUDGE_SECONDS):
            marks = give_points(task.checks, task.judge(answer.seen, expected, hidden_faults(task)))
    except TimeoutError:
        return without_points(task, "error", TOO_LONG)
    except Exception:  # whatever a hostile observation provokes, the class goes on
        return without_points(task, "error", OWN_DEFECT)
    return _result(task, "ok", marks, "")


def without_points(task: Task, status: TaskStatus, message: str) -> TaskResult:
    """A task that gives nothing, for one reason."""
    return _result(task, status, [Mark(check.name, 0.0, check.points, message) for check in task.checks], message)


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


# --- from findings to points ------------------------------------------------------------------------------------------


def give_points(checks: Sequence[Check], findings: Sequence[Finding]) -> list[Mark]:
    """Turn findings into points.

    A check whose finding is missing or wrong gives none. A check whose requirement failed gives none either, and says
    so.
    """
    by_name = {finding.name: finding for finding in findings}
    return [_mark(check, by_name) for check in checks]


def _mark(check: Check, findings: Mapping[str, Finding]) -> Mark:
    finding = findings.get(check.name)
    if finding is None:
        return Mark(check.name, 0.0, check.points, "this check gave no result")
    if not finding.passed:
        found = without_expected_numbers(finding.found)
        return Mark(check.name, 0.0, check.points, f"{finding.tested}: {found}; expected: {finding.expected}")
    missing = [name for name in check.requires if name not in findings or not findings[name].passed]
    if missing:
        return Mark(check.name, 0.0, check.points, f"counts only together with: {', '.join(missing)}")
    return Mark(check.name, check.points, check.points, f"{finding.tested}: right")


def without_expected_numbers(found: str) -> str:
    """A finding without the number that was expected, which a visible check may show and a hidden one must not.

    >>> without_expected_numbers("1.7290 instead of 17.2904. You took the mean?")
    '1.7290. You took the mean?'
    """
    return re.sub(r" instead of [-+]?\d+(\.\d+)?(e[-+]?\d+)?", "", found)
