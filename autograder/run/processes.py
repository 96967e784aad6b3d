"""Processes on this machine: joblib's loky, one executor a process, so that a death is known to be one submission's."""

from __future__ import annotations

import os
import pickle
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from loky import BrokenProcessPool, ProcessPoolExecutor

from autograder.base.records import Result, Work
from autograder.run.one import GraderDied

if TYPE_CHECKING:
    from autograder.run.one import Grader

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
CLOSE_SECONDS = 10.0
GRADER = "grader.pickle"

_held: list[Grader] = []  # in a grading process: what it was started with


class ProcessPool:
    """Processes of this machine.

    Args:
        grader: what each process gets once, when it starts.
        jobs: how many processes.
        folder: where they keep their files.
    """

    sure = True

    def __init__(self, grader: Grader, jobs: int, folder: Path) -> None:
        self._start = (folder, os.getpid())
        (folder / GRADER).write_bytes(pickle.dumps(grader))  # in a file: a pipe would hold up the start of the next
        self._jobs = jobs
        self._free: list[ProcessPoolExecutor] = []
        self._all: set[ProcessPoolExecutor] = set()

    def room(self) -> int:
        """One submission a process."""
        return self._jobs

    def submit(self, work: Work) -> Future[Result]:
        """Grade in a free process; one is started when there is none."""
        executor = self._free.pop() if self._free else self._started()
        outer: Future[Result] = Future()
        executor.submit(_grade, work).add_done_callback(lambda inner: self._hand_over(executor, inner, outer))
        return outer

    def close(self, done: bool) -> None:
        """End all processes; those that are idle are asked to end their warm workers first."""
        closing = [executor.submit(_close) for executor in self._free] if done else []
        for future in closing:
            future.exception(CLOSE_SECONDS)
        for executor in self._all:
            executor.shutdown(wait=True, kill_workers=True)

    def _started(self) -> ProcessPoolExecutor:
        executor = ProcessPoolExecutor(1, initializer=_hold, initargs=self._start, env=ONE_THREAD)
        self._all.add(executor)
        return executor

    def _hand_over(self, executor: ProcessPoolExecutor, inner: Future[Result], outer: Future[Result]) -> None:
        """Pass a result on, after the process is known to be free (or gone)."""
        error = inner.exception()
        if isinstance(error, BrokenProcessPool):
            self._all.discard(executor)
            outer.set_exception(GraderDied())
        else:
            self._free.append(executor)
            outer.set_exception(error) if error else outer.set_result(inner.result())


def _hold(folder: Path, parent: int) -> None:
    """Runs first in each grading process."""
    grader: Grader = pickle.loads((folder / GRADER).read_bytes())  # of this run's own, in a folder that only it reads
    grader.folder = folder
    _held[:] = [grader]
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A run that is killed leaves no process behind: its warm worker ends with this one."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _grade(work: Work) -> Result:
    return _held[0].grade(work)


def _close() -> None:
    _held[0].close()
