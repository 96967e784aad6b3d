"""One check, two runners: the parts that every check is made of.

A task's **probe** feeds the student's code inputs made from a seed and returns plain data. Each of its **checks** says
in one record what is tested, what is expected, what it is worth, and how a fault is found in those data. In a notebook
all of it runs in one process, with a public seed and expectations that were computed from the reference beforehand
(`checks/expected/*.json`). The grader runs the same probe behind a wall with a secret seed, and judges outside, with
expectations it computes itself.

This module imports numpy only, so that the grader's trusted process can judge without loading torch.
"""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from importlib import resources
from typing import Any, Literal, TypeVar

import numpy as np

from waferlab.checks.bench import Bench, LocalBench, Lost, Raised, Shim

PUBLIC_SEED = 2024
MAX_TEXT = 300

#: What a probe returns: flat; arrays cross the border as npz, everything else as JSON.
Observation = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What a probe makes its inputs from.

    Attributes:
        seed: every random input derives from it.
        dtype: `float32` for students; `float64` when expectations are computed, so that they are the more exact.
        arrays: images that the grader supplies (none in a notebook).
    """

    seed: int
    dtype: Literal["float32", "float64"] = "float32"
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)

    def rng(self, *stream: int) -> np.random.Generator:
        """An independent generator for each stream, so that adding a scenario changes no other's inputs."""
        return np.random.default_rng([self.seed, *stream])


#: `(seen, expected)` -> what is wrong, in words; None when nothing is. Sees plain data only and must survive any.
Fault = Callable[[Observation, Observation], str | None]


@dataclass(frozen=True)
class Check:
    """One check of a task, whole: a line of its points table and the way it is judged.

    Attributes:
        name: short identifier, unique within the task.
        points: what it is worth.
        tested: what is tested, in words.
        goal: what is expected, in words.
        fault: what is wrong with an observation, in words, or None; without it only the grader can tell, and the check
            is in no visible table.
        requires: checks without which this one proves nothing (a function that always returns zeros leaves its inputs
            unchanged, too); when one of them fails, this one gives no points either.
    """

    name: str
    points: float
    tested: str
    goal: str
    fault: Fault | None = None
    requires: tuple[str, ...] = ()

    def finding(self, fault: str | None) -> Finding:
        """The outcome of this check."""
        return Finding(self.name, self.tested, fault is None, fault or "right", self.goal)


@dataclass(frozen=True)
class Finding:
    """The outcome of one check, in words that a student can act on.

    Attributes:
        name: the check's.
        tested: what was tested.
        passed: whether it is right.
        found: what the student's code gave.
        expected: what was expected, in words.
    """

    name: str
    tested: str
    passed: bool
    found: str
    expected: str


class NotAnswered(Exception):
    """The release's placeholder was met: the task is not answered, and there is nothing more to ask."""


@dataclass(frozen=True)
class Task:
    """One graded task of an assignment.

    Attributes:
        module: the assignment's module name, for example `encoder`.
        name: the grade_id of its solution cell; its check cell is `check-<name>`.
        title: how the notebook calls it, for example `Task 1: ConvEncoder.forward`.
        defines: the names that its solution cell defines and the probe needs.
        observe: `(bench, case) -> observation`: puts its questions at a bench, wherever the answers are (`bench.py`).
        checks: what is judged, in the order of the table.
        expects: keys of the reference's observation that the checks read from `expected`.
        shims: functions that run at the desk, beside the answers, by name.
        clean: whether the examiner wants a second desk, without answers (`bench.clean`), to open files that answers
            wrote.
    """

    module: str
    name: str
    title: str
    defines: tuple[str, ...]
    observe: Callable[[Bench, Case], Observation]
    checks: tuple[Check, ...]
    expects: tuple[str, ...] = ()
    shims: Mapping[str, Shim] = field(default_factory=dict)
    clean: bool = False

    @property
    def points(self) -> float:
        """What all checks together are worth."""
        return sum(check.points for check in self.checks)

    def probe(self, answers: Mapping[str, Any], case: Case) -> Observation:
        """Run the answers on the inputs of a case; `{"unanswered": True}` where the placeholder still stands.

        Args:
            answers: by name, at least those in `defines`.
            case: what the inputs are made from.
        """
        return self.examine(LocalBench(answers, self.shims), case)

    def examine(self, bench: Bench, case: Case) -> Observation:
        """As `probe`, at a bench, wherever its desk is.

        Raises:
            Lost: the desk does not answer any more.
        """
        try:
            return self.observe(bench, case)
        except NotAnswered:
            return {"unanswered": True}

    def judge(
        self, seen: Observation, expected: Observation, hidden: Mapping[str, Fault] | None = None
    ) -> list[Finding]:
        """A finding for every check that can be judged.

        Args:
            seen: the student's observation.
            expected: the reference's.
            hidden: further faults by check, which only the grader looks for; what a student sees comes first.
        """
        seen, hidden = dict(seen), hidden or {}
        findings = []
        for check in self.checks:
            faults = [fault for fault in (check.fault, hidden.get(check.name)) if fault]
            if faults:
                found = (fault(seen, expected) for fault in faults)
                findings.append(check.finding(next((fault for fault in found if fault is not None), None)))
        return findings

    def check(self, *answers: Any) -> int | None:
        """Check answers in the student's notebook: print a table, raise when something is wrong.

        Args:
            answers: what the solution cell defines, in the order of `defines`.

        Returns:
            None when all is right (nbgrader then gives the cell's points), 0 when the task is not yet answered
            (nbgrader reads it as no points, and the notebook goes on).

        Raises:
            CheckFailed: at least one check found something wrong.
            TypeError: another number of answers than the task defines.
        """
        if len(answers) != len(self.defines):
            raise TypeError(f"{self.title}: {len(answers)} answers given, expected {', '.join(self.defines)}")
        seen = self.probe(dict(zip(self.defines, answers, strict=True)), Case(PUBLIC_SEED))
        if seen.get("unanswered"):
            print(f"{self.title}: not yet answered.")
            return 0
        findings = self.judge(seen, public_expectations(self.module, self.name))
        print(table(self.title, findings))
        wrong = [finding.name for finding in findings if not finding.passed]
        if wrong:
            raise CheckFailed(f"{self.title}: {len(wrong)} of {len(findings)} checks failed, see the table above")
        return None


def by_name(*tasks: Task) -> dict[str, Task]:
    """An assignment's tasks by name, in the notebook's order."""
    return {task.name: task for task in tasks}


T = TypeVar("T")


def once(analyse: Callable[[Observation, Observation], T]) -> Callable[[Observation, Observation], T]:
    """Remember the last analysis: several checks of a task read the same, and `Task.judge` gives all the same data."""
    last: list[Any] = []

    @wraps(analyse)
    def remembered(seen: Observation, expected: Observation) -> T:
        if not last or last[0] is not seen or last[1] is not expected:
            last[:] = [seen, expected, analyse(seen, expected)]
        return last[2]

    return remembered


class CheckFailed(AssertionError):
    """A visible check found something wrong; the table above the error says what."""


def describe_error(error: BaseException) -> str:
    """`ValueError: message` on one line, cut to a length that fits a table."""
    text = error.words if isinstance(error, Raised) else " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@contextmanager
def scenario(seen: Observation, name: str) -> Iterator[None]:
    """Run one part of a probe; an exception becomes `seen["<name>.error"]` and the other parts go on.

    Raises:
        NotAnswered: a `NotImplementedError`, which the release's placeholder raises.
        Lost: the desk does not answer any more.
    """
    try:
        yield
    except (NotAnswered, Lost):
        raise
    except Raised as error:
        if error.unanswered:
            raise NotAnswered(error.words) from error
        seen[f"{name}.error"] = describe_error(error)
    except NotImplementedError as error:
        raise NotAnswered(describe_error(error)) from error
    except Exception as error:  # whatever student code raises is a result, not a failure of the probe
        seen[f"{name}.error"] = describe_error(error)


def error_of(seen: Observation, name: str) -> str | None:
    """What the scenario raised, as text, or None."""
    error = seen.get(f"{name}.error")
    return None if error is None else str(error)[:MAX_TEXT]


def array_of(seen: Observation, key: str) -> np.ndarray | None:
    """A numeric array from an observation as float64, or None when it is missing or not numeric."""
    value = seen.get(key)
    if value is None or isinstance(value, (str, dict)):
        return None
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def relative_difference(got: np.ndarray, want: np.ndarray) -> float:
    """Largest absolute difference, over the largest expected magnitude; infinite for NaN or other shapes.

    >>> relative_difference(np.array([1.0, 2.1]), np.array([1.0, 2.0])) < 0.051
    True
    """
    if got.shape != want.shape or not np.isfinite(got).all():
        return math.inf
    if want.size == 0:
        return 0.0
    scale = float(np.abs(want).max())
    return float(np.abs(got - want).max()) / (scale if scale > 0 else 1.0)


def close_fault(
    seen: Observation, expected: Observation, key: str, *, part: str, rtol: float, hint: str = ""
) -> str | None:
    """What is wrong with the array under `key`, in words; None when it equals the expected one.

    Args:
        seen: the student's observation.
        expected: the reference's observation.
        key: the array's key in both.
        part: the scenario that made it, for its error message.
        rtol: tolerance relative to the largest expected magnitude.
        hint: what is most often wrong.
    """
    want = np.asarray(expected[key], dtype=np.float64)
    got = array_of(seen, key)
    if error := error_of(seen, part):
        return f"raised {error}"
    if got is None:
        return "no array of numbers"
    if got.shape != want.shape:
        return f"shape {got.shape} instead of {want.shape}"
    difference = relative_difference(got, want)
    if difference <= rtol:
        return None
    found = "NaN or infinite values" if math.isinf(difference) else f"largest difference {difference:.1e}"
    return f"{found}. {hint}" if hint else found


def table(title: str, findings: Sequence[Finding]) -> str:
    """A small table in plain text: it looks the same in Colab, JupyterLab, a terminal and an nbconvert page."""
    right = sum(finding.passed for finding in findings)
    lines = [f"{title}: {right} of {len(findings)} checks passed"]
    for finding in findings:
        lines.append(f"  {'ok   ' if finding.passed else 'WRONG'}  {finding.tested}")
        if not finding.passed:
            lines += [f"           found:    {finding.found}", f"           expected: {finding.expected}"]
    return "\n".join(lines)


def public_expectations(slug: str, task: str) -> Observation:
    """The reference's observations for the public seed, as `course export` stored them.

    Args:
        slug: the assignment's module name, for example `encoder`.
        task: the task's name.
    """
    text = (resources.files("waferlab.checks") / "expected" / f"{slug}.json").read_text(encoding="utf-8")
    return json.loads(text)[task]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` in code that takes longer, where the platform can (main thread, not on Windows)."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise TimeoutError(f"not done within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def when_answered(title: str) -> Iterator[None]:
    """Let a cell that uses an answer be skipped, with a line that says so, until the answer is there.

    >>> with when_answered("Task 1"):
    ...     raise NotImplementedError
    This cell shows its result once you have answered Task 1.
    """
    try:
        yield
    except NotImplementedError:
        print(f"This cell shows its result once you have answered {title}.")
