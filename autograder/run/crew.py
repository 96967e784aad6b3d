"""Grade many submissions: one warm worker per process, the same results for any number of processes and any order.

Submissions are taken as fast as they are graded, so that memory does not grow with the class. `processes.py` grades in
processes of this machine, `cluster.py` on the workers of a dask scheduler; both lose no submission when a process dies.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from autograder.base.records import Result, Work
from autograder.judge.exam import Exam
from autograder.run.one import Grader, GraderDied, grade_work, modules_of, unreadable
from autograder.wall.sandbox import Limits, Sandbox, WorkerError

POLL_SECONDS = 2.0  # between two looks at a pool in which nothing finishes
DEATHS = 3  # after so many dead processes a submission is given up

MAX_IN_A_ROW = 20  # deaths with nothing graded in between: then it is the machine, not a submission


class Pool(Protocol):
    """Processes that grade, here or on other machines.

    Attributes:
        sure: whether the death of a process tells which submission it was grading; otherwise one that was merely
            waiting there may be blamed, and is tried again when nothing else is running.
    """

    sure: bool

    def room(self) -> int:
        """How many submissions may be in flight: enough to keep all processes busy, however large the class."""

    def submit(self, work: Work) -> Future[Result]:
        """Start grading one; the future raises `GraderDied` when its process died."""

    def close(self, done: bool) -> None:
        """End the processes and their warm workers; at once unless everything is done."""


Done = tuple[Work, Result]


def grade_all(
    exams: Mapping[str, Exam],
    work: Iterable[Work],
    *,
    jobs: int,
    limits: Limits,
    scheduler: str | None = None,
    box: Sandbox | None = None,
) -> Iterator[Done]:
    """Grade submissions and yield each one's result once, as they finish, in no particular order.

    Args:
        exams: by the names of their sittings.
        work: readable or not; taken only as fast as it is done.
        jobs: processes on this machine; 1 grades in this one.
        limits: what each question may use.
        scheduler: address of a dask scheduler, whose workers grade instead of processes on this machine.
        box: this process's warm worker, lent for grading when `jobs` is 1.

    Raises:
        CourseError: no worker can be started, or the cluster cannot be used.
    """
    if jobs == 1 and scheduler is None:
        with contextlib.ExitStack() as stack:
            lent = box or stack.enter_context(Sandbox(modules_of(exams), limits))
            yield from ((one, grade_work(exams, one, lent)) for one in work)
        return
    with tempfile.TemporaryDirectory(prefix="course-grade-", ignore_cleanup_errors=True) as folder:
        yield from in_pool(_pool(Grader(exams, limits), jobs, scheduler, Path(folder)), work, limits)


def _pool(grader: Grader, jobs: int, scheduler: str | None, folder: Path) -> Pool:
    if scheduler is None:
        from autograder.run.processes import ProcessPool

        return ProcessPool(grader, jobs, folder)
    from autograder.run.cluster import DaskPool

    return DaskPool(grader, scheduler)


def in_pool(pool: Pool, work: Iterable[Work], limits: Limits) -> Iterator[Done]:
    """Keep the pool busy; a submission whose process died is tried again, and given up when that happens too often."""
    crew = _Crew(pool, limits)
    done = False
    try:
        for one in work:
            if not one.submission.is_readable:
                yield one, unreadable(one.submission, limits)
                continue
            crew.start(one)
            while crew.is_full():
                yield from crew.finished()
        while crew.is_busy():
            yield from crew.finished()
        done = True
    finally:
        pool.close(done)


class _Crew:
    """What is in flight in a pool, and what died there."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self.pool = pool
        self.limits = limits
        self.running: dict[Future[Result], Work] = {}
        self.suspects: deque[Work] = deque()
        self.deaths: Counter[str] = Counter()
        self.in_a_row = 0

    def start(self, work: Work) -> None:
        self.running[self.pool.submit(work)] = work

    def is_full(self) -> bool:
        return len(self.running) >= self.pool.room()

    def is_busy(self) -> bool:
        """Whether anything is left to do; starts a suspect when it may run."""
        if self.suspects and not self.running:
            self.start(self.suspects.popleft())
        return bool(self.running)

    def finished(self) -> Iterator[Done]:
        """Wait for the next results; returns without one now and then, so that the pool's size is looked at again."""
        for future in wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done:
            work = self.running.pop(future)
            try:
                result = future.result()
                self.in_a_row = 0
                yield work, result
            except GraderDied:
                yield from self._after_death(work)

    def _after_death(self, work: Work) -> Iterator[Done]:
        self.deaths[work.key] += 1
        self.in_a_row += 1
        if self.in_a_row > MAX_IN_A_ROW:
            raise WorkerError("every process that grades dies: is there too little memory for so many?")
        if self.deaths[work.key] >= (DEATHS if self.pool.sure else 2):
            cause = "the process that graded it died each time that it was tried; it was not graded."
            yield work, unreadable(replace(work.submission, cause=cause), self.limits)
        elif self.pool.sure:
            self.start(work)
        else:
            self.suspects.append(work)
