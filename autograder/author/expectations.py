"""What the visible checks compare with: the reference's observations for the public seed.

They are computed in processes of their own, on a given copy of `waferlab`, so that a stale or half-written installed
package can have no part in them. Numbers are rounded to 8 significant digits, and numbers on disk that agree with the
computed ones to 1e-6 are left as they are: processors differ in the last bits, and the file must not.

A file ends with a checksum of its numbers and of all that they were computed from. Where it is right, nothing needs to
be computed again; where anybody has changed a number, a check or an answer, it is not.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from waferlab.checks.core import PUBLIC_SEED, Case, Task

from autograder.author.inputs import Files, digest, used
from autograder.base.course import CourseError
from autograder.judge.marking import hidden_module, readings

DIGITS = 8
TOLERANCE = 1e-6
CHECKSUM = "_checksum"  # stands beside the tasks of a file

#: By task, then by key.
Expectations = dict[str, dict[str, Any]]


def compute(packages: Path, modules: Sequence[str], jobs: int) -> dict[str, Expectations]:
    """Run every task's probe on the reference, in fresh processes.

    Args:
        packages: a folder that holds `waferlab`.
        modules: names of check modules.
        jobs: processes at the same time; each takes its share of the modules.

    Raises:
        CourseError: a module fails, or the reference does not give what a task expects.
    """
    shares = [share for share in (modules[start::jobs] for start in range(jobs)) if share]
    with ThreadPoolExecutor(jobs) as pool:
        computed = list(pool.map(lambda share: _computed(packages, share), shares))
    return {module: found for part in computed for module, found in part.items()}


def _computed(packages: Path, modules: Sequence[str]) -> dict[str, Expectations]:
    """The same in one process."""
    with tempfile.TemporaryDirectory(prefix="course-expected-") as folder:
        out = Path(folder) / "expected.json"
        command = [sys.executable, "-m", "autograder.author.expectations", str(out), *modules]
        done = subprocess.run(command, env=environment(packages), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise CourseError(f"the expectations of the visible checks could not be computed: {last}")
        return json.loads(out.read_text(encoding="utf-8"))


def environment(packages: Path) -> dict[str, str]:
    """The environment of a process that sees this copy of `waferlab`, no GPU, and one thread on every machine."""
    here = Path(__file__).resolve().parents[2]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(packages), str(here)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",  # on a busy machine, waiting threads take no time from working ones
    }


def inputs_digest(files: Files, module: str) -> str:
    """A digest of all that an assignment's expectations come from: its check, its reference, what both import, and how.

    What only the grader knows (`READINGS`) counts as how.

    Args:
        files: `waferlab`, the freshly exported reference modules among them.
        module: name of the check module.
    """
    start = f"import waferlab.checks.{module}, waferlab.reference.{module}"
    hidden = hidden_module(module)
    steps = (observe, observe_task, plain, *([hidden] if hasattr(hidden, "READINGS") else []))
    how = "".join(inspect.getsource(step) for step in steps) + str(DIGITS)
    return digest([*used(files, [start.encode()]), ("how", how.encode())])


def up_to_date(path: Path, inputs: str) -> str | None:
    """The contents of an expectations file when its checksum is right, else None.

    Args:
        path: the file; it need not exist.
        inputs: digest of what it should have been computed from.
    """
    try:
        text = path.read_text(encoding="utf-8")
        expected = json.loads(text)
        expected.pop(CHECKSUM, None)
        return text if text == format_expectations(expected, inputs) else None
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        return None


def expectations_text(new: Expectations, path: Path, inputs: str) -> str:
    """The contents for an expectations file: the numbers on disk when they agree with the new ones.

    Args:
        new: what was computed.
        path: the file on disk, if there is one.
        inputs: digest of what it was computed from.
    """
    try:
        old = json.loads(path.read_text(encoding="utf-8"))
        old.pop(CHECKSUM, None)
        agreed = agree(old, new)
    except (FileNotFoundError, ValueError, AttributeError, TypeError):
        agreed = False
    return format_expectations(old if agreed else new, inputs)


def format_expectations(expected: Expectations, inputs: str) -> str:
    """JSON with one key a line (short files, readable diffs), and the checksum of all before it."""
    tasks = [f" {json.dumps(task)}: {{\n{_lines(values)}\n }}" for task, values in sorted(expected.items())]
    checksum = hashlib.sha256("\n".join([inputs, *tasks]).encode()).hexdigest()
    return "{\n" + ",\n".join([*tasks, f" {json.dumps(CHECKSUM)}: {json.dumps(checksum)}"]) + "\n}\n"


def _lines(values: dict[str, Any]) -> str:
    return ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(values.items()))


def agree(old: Any, new: Any) -> bool:
    """Whether two JSON values are equal, numbers to within `TOLERANCE` of the largest in their list.

    >>> agree({"a": [1.0, 1e-17]}, {"a": [1.0, 3e-17]}), agree([1.0], [1.1])
    (True, False)
    """
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(agree(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return _lists_agree(old, new)
    if isinstance(old, float) or isinstance(new, float):
        return _lists_agree([old], [new])
    return type(old) is type(new) and old == new


def _lists_agree(old: list[Any], new: list[Any]) -> bool:
    if _shape(old) != _shape(new):
        return False
    if not all(_is_number(value) for value in [*_flat(old), *_flat(new)]):
        return all(agree(left, right) for left, right in zip(old, new, strict=True))
    left, right = np.array(_flat(old), dtype=float), np.array(_flat(new), dtype=float)
    scale = float(np.abs(left).max(initial=0.0))
    return bool((np.abs(left - right) <= TOLERANCE * scale).all())


def _flat(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in _flat(item)] if isinstance(value, list) else [value]


def _shape(value: Any) -> Any:
    """The nesting of lists, exactly: two ragged lists differ where their lengths do."""
    return [_shape(item) for item in value] if isinstance(value, list) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def observe(module: str) -> Expectations:
    """In the child process: the expectations of one assignment, from its reference."""
    tasks: dict[str, Task] = importlib.import_module(f"waferlab.checks.{module}").TASKS
    reference = importlib.import_module(f"waferlab.reference.{module}") if tasks else None
    return {name: observe_task(task, vars(reference)) for name, task in tasks.items()}


def observe_task(task: Task, answers: dict[str, Any]) -> dict[str, Any]:
    """What the reference gives under the keys that a task expects.

    Raises:
        CourseError: the reference lacks a name, or its observation lacks a key.
    """
    missing = [name for name in task.defines if name not in answers]
    if missing:
        raise CourseError(f"task {task.name!r} needs {missing[0]!r}, which the reference does not define")
    case = Case(PUBLIC_SEED, dtype="float64")
    seen = task.probe({name: answers[name] for name in task.defines}, case) | readings(task, case)
    raised = {key: value for key, value in seen.items() if key.endswith(".error")}
    for key in task.expects:
        if key not in seen:
            raise CourseError(
                f"task {task.name!r} expects {key!r}, which the reference does not give; raised: {raised}"
            )
    return {key: plain(seen[key], f"{task.name}: {key}") for key in task.expects}


def plain(value: Any, name: str) -> Any:
    """A value as JSON, floats rounded to 8 significant digits.

    Raises:
        CourseError: it holds NaN or infinity, or is no plain data.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item, name) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise CourseError(f"{name} holds {value}: an expectation must be finite")
        return float(f"{value:.{DIGITS}g}")
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise CourseError(f"{name} is a {type(value).__name__}: an expectation must be plain data")


def main(out: str, *modules: str) -> None:
    """Write the expectations of the named modules to a file."""
    result = {module: observe(module) for module in modules}
    Path(out).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
