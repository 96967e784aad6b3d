"""The examiner: a process that holds the case, asks a candidate's answers, and writes down what came back.

It never runs a student's code. What it writes down are raw values and what it saw itself; points are given outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from waferlab.checks.core import Case, Task

from autograder.wall.inside.border import pack_observation, unpack
from autograder.wall.inside.names import ARRAYS, EXAM
from autograder.wall.inside.wire import RemoteBench


def read_case(folder: Path, task: str) -> Case:
    """What a task's probe makes its inputs from, by the examiner's part of a job."""
    exam: dict[str, Any] = json.loads((folder / EXAM).read_bytes())
    path = folder / ARRAYS
    arrays = unpack(path.read_bytes())[1] if path.exists() else {}
    return Case(exam["seeds"][task], exam["dtype"], arrays)


def examine(task: Task, bench: RemoteBench, case: Case) -> bytes:
    """Put a task's questions to a candidate; the packed observation.

    Raises:
        Lost: the candidate does not answer any more.
    """
    errors, missing = bench.greeting()
    seen = {} if missing else task.examine(bench, case)
    return pack_observation(seen, errors=errors, missing=missing)
