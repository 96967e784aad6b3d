"""The examiner: a process that holds the case, asks a candidate's answers, and writes down what came back.

It never runs a student's code. What it writes down are raw values and what it saw itself; points are given outside.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from waferlab.checks.core import Case, Task

from autograder.wall.inside.border import pack_observation, unpack
from autograder.wall.inside.names import ARRAYS, EXAM
from autograder.wall.inside.wire import RemoteBench


def read_exam(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The examiner's part of a job, and its arrays by name."""
    path = folder / ARRAYS
    arrays = unpack(path.read_bytes())[1] if path.exists() else {}
    return json.loads((folder / EXAM).read_bytes()), arrays


def case_of(exam: dict[str, Any], arrays: dict[str, np.ndarray], task: str) -> Case:
    """What a probe makes its inputs from."""
    return Case(exam["seeds"][task], exam["dtype"], {name: np.array(value) for name, value in arrays.items()})


def examine(task: Task, bench: RemoteBench, case: Case) -> bytes:
    """Put a task's questions to a candidate; the packed observation.

    Raises:
        Lost: the candidate does not answer any more.
    """
    errors, missing = bench.greeting()
    seen = {} if missing else task.examine(bench, case)
    return pack_observation(seen, errors=errors, missing=missing)
