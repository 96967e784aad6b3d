"""One check, two runners: the parts that every check is made of.

A check is a pair. The **probe** feeds the student's code inputs made from a seed and returns plain data. The **judge**
turns that data into findings. In a notebook both run in one process, with a public seed and expectations that were
computed from the reference beforehand (`checks/expected/*.json`). The grader runs the same probe behind a wall with a
secret seed, and the judge outside, with expectations it computes itself.

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
from importlib import resources
from typing import Any, Literal

import numpy as np

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


@dataclass(frozen=True)
class Finding:
    """The outcome of one check, in words that a student can act on.

    Attributes:
        name: short identifier, unique within the task; the grader's points table uses it.
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


@dataclass(frozen=True)
class Task:
    """One graded task of an assignment.

    Attributes:
        name: the grade_id of its solution cell; its check cell is `check-<name>`.
        title: how the notebook calls it, for example `Task 1: ConvEncoder.forward`.
        defines: the names that its solution cell defines and the probe needs.
        probe: `(answers, case) -> observation`; runs student code, so it must expect anything.
        judge: `(seen, expected) -> findings`; sees plain data only and must survive any.
        expects: keys of the reference's observation that the judge reads from `expected`.
    """

    name: str
    title: str
    defines: tuple[str, ...]
    probe: Callable[[Mapping[str, Any], Case], Observation]
    judge: Callable[[Observation, Observation], list[Finding]]
    expects: tuple[str, ...] = ()


class CheckFailed(AssertionError):
    """A visible check found something wrong; the table above the error says what."""


def describe_error(error: BaseException) -> str:
    """`ValueError: message` on one line, cut to a length that fits a table."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@contextmanager
def scenario(seen: Observation, name: str) -> Iterator[None]:
    """Run one part of a probe; an exception becomes `seen["<name>.error"]` and the other parts go on.

    A `NotImplementedError` additionally sets `seen["unanswered"]`: the release's placeholder raises it.
    """
    try:
        yield
    except NotImplementedError as error:
        seen["unanswered"] = True
        seen[f"{name}.error"] = describe_error(error)
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


def judge_close(
    name: str,
    tested: str,
    seen: Observation,
    expected: Observation,
    key: str,
    *,
    part: str,
    rtol: float,
    hint: str = "",
) -> Finding:
    """The finding "the array under `key` equals the expected one to `rtol` of its largest value".

    Args:
        name: the finding's name.
        tested: what is tested, in words.
        seen: the student's observation.
        expected: the reference's observation.
        key: the array's key in both.
        part: the scenario that made it, for its error message.
        rtol: tolerance relative to the largest expected magnitude.
        hint: what is most often wrong, appended when it fails.
    """
    want = np.asarray(expected[key], dtype=np.float64)
    got = array_of(seen, key)
    goal = f"equal to within {rtol:g} (relative)"
    if error := error_of(seen, part):
        return Finding(name, tested, False, f"raised {error}", goal)
    if got is None:
        return Finding(name, tested, False, "no array of numbers", goal)
    if got.shape != want.shape:
        return Finding(name, tested, False, f"shape {got.shape}", f"shape {want.shape}")
    difference = relative_difference(got, want)
    found = "NaN or infinite values" if math.isinf(difference) else f"largest difference {difference:.1e}"
    passed = difference <= rtol
    return Finding(name, tested, passed, found if passed or not hint else f"{found}. {hint}", goal)


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


def run_visible(slug: str, task: Task, answers: Mapping[str, Any]) -> int | None:
    """Run one check in the student's notebook: print the table, raise when something is wrong.

    Returns:
        None when all is right (nbgrader then gives the cell's points), 0 when the task is not yet answered (nbgrader
        reads it as no points, and the notebook goes on).

    Raises:
        CheckFailed: at least one finding is wrong.
    """
    seen = task.probe(answers, Case(PUBLIC_SEED))
    if seen.get("unanswered"):
        print(f"{task.title}: not yet answered.")
        return 0
    findings = task.judge(seen, public_expectations(slug, task.name))
    print(table(task.title, findings))
    wrong = [finding.name for finding in findings if not finding.passed]
    if wrong:
        raise CheckFailed(f"{task.title}: {len(wrong)} of {len(findings)} checks failed, see the table above")
    return None


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
