"""The warm worker: the process inside the wall that forks for every question of every submission.

It imports torch, scikit-learn and the checks once and then never runs student code itself: every question is two
fresh forks with limits (`forks.py`), an examiner and a candidate, whose whole process trees are killed and waited for
when the question ends. A crash or a time-out costs that question only.

Protocol (see `sandbox.py` for the other side): the parent writes one JSON line per job to standard input, the worker
answers with one frame per question, a JSON line followed by as many bytes as it names, and a last line that says the
end. Each line repeats the job's nonce. The job's contents (sources, seeds, arrays) lie in a folder that only the forks
read: this process never holds one submission's text while it serves another.

Runs as `python -m autograder.wall.inside.worker [--walled] MODULE…`; nothing here knows points, expected values or
reference answers.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from autograder.wall.inside import confine
from autograder.wall.inside.forks import Outcome, Question, ask
from autograder.wall.inside.watch import WorkerLimits

MAX_REPLACED = 8
LIBRARIES = (
    "matplotlib.pyplot",
    "sklearn.decomposition",
    "sklearn.metrics",
    "torch",
    "torchvision",
    "waferlab.runtime",
)


def serve_job(job: dict[str, Any], send: BinaryIO, closing: list[int], *, walled: bool) -> None:
    """Answer every question of one submission.

    A cell of another task (or a helper cell) that kills the candidate is remembered and replaced by the release's own
    cell, and the question is asked again in what is left of its time: it must not pay for its neighbour, and nobody
    gets more time by blaming one.
    """
    dead: frozenset[int] = frozenset()
    limits = WorkerLimits(job["memory_gb"], job["max_bytes"], walled)
    for entry in job["questions"]:
        question = Question(job["module"], entry["task"], float(entry["seconds"]))
        started = time.monotonic()
        outcome, dead = _asked(job, question, limits, dead, closing)
        header = {
            "nonce": job["nonce"],
            "task": question.task,
            "status": outcome.status,
            "stage": outcome.stage,
            "detail": outcome.detail,
            "replaced": sorted(dead),
            "seconds": round(time.monotonic() - started, 4),
            "bytes": len(outcome.data),
        }
        send.write(json.dumps(header).encode() + b"\n" + outcome.data)
    send.write(json.dumps({"nonce": job["nonce"], "end": True}).encode() + b"\n")
    send.flush()


def _asked(
    job: dict[str, Any], question: Question, limits: WorkerLimits, dead: frozenset[int], closing: list[int]
) -> tuple[Outcome, frozenset[int]]:
    """One question's outcome, and the cells that have to be replaced by now."""
    owners: list[str] = job["owners"]

    def is_others(index: int) -> bool:
        return index < len(owners) and owners[index] != question.task and index not in dead

    deadline = time.monotonic() + question.seconds
    while True:
        outcome = ask(Path(job["folder"]), question, limits, dead, closing, is_others, deadline)
        culprit = outcome.cell
        if culprit is None or not is_others(culprit) or len(dead) == MAX_REPLACED or time.monotonic() >= deadline:
            return outcome, dead
        dead |= {culprit}


def warm_up(modules: list[str]) -> None:
    """Import what students' cells and the probes need, without starting a thread.

    Raises:
        ImportError: a check module imports a reference answer at its top, where every student's process would have it.
    """
    if any(module.startswith("waferlab.") for module in modules):
        for library in LIBRARIES:
            importlib.import_module(library)
        sys.modules["torch"].set_num_threads(1)
    for module in modules:
        importlib.import_module(module)
    answers = sorted(name for name in sys.modules if name.startswith("waferlab.reference."))
    if answers:
        raise ImportError(f"{', '.join(answers)} must be imported inside a probe, not at the top of a check module")
    gc.collect()
    gc.freeze()


def main(modules: list[str], *, walled: bool) -> None:
    """Serve jobs from standard input until it closes."""
    if walled:
        confine.enter()
    receive = os.fdopen(os.dup(0), "rb")
    send = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine.reap_orphans()
    warm_up(modules)
    send.write(b'{"ready": true}\n')
    send.flush()
    closing = [receive.fileno(), send.fileno()]
    for line in receive:
        serve_job(json.loads(line), send, closing, walled=walled)


if __name__ == "__main__":
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    main([argument for argument in sys.argv[1:] if argument not in flags], walled="--walled" in flags)
