"""Hidden verdicts, one module per assignment: which checks count, for how many points, judged outside the wall.

A verdict module offers

* `CHECKS`: for each task, the checks that count and their points;
* `judge(task, seen, expected)` (optional): further findings beside those of the visible judge;
* `arrays(dataset, rng)` (optional): images that the probe gets in `Case.arrays`.

Points are given here and nowhere else, from plain data only.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from waferlab.checks.core import Finding, Observation, Task


@dataclass(frozen=True)
class Check:
    """One line of the points table.

    Attributes:
        name: the finding that decides it.
        points: what it is worth.
        requires: findings without which this one proves nothing (a function that always returns zeros leaves its
            inputs unchanged, too); when one of them fails, this check gives no points either.
    """

    name: str
    points: float
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """The points that one check gave, with a message for the student."""

    name: str
    points: float
    max: float
    message: str


def checks_module(module: str) -> ModuleType:
    """The public check module of an assignment, for example `waferlab.checks.encoder`."""
    return importlib.import_module(f"waferlab.checks.{module}")


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
