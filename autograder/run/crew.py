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

from autograder.base.records import Result, Submission
from autograder.judge.exam import Exam
from autograder.run.one import Grader, GraderDied, grade_submission, is_readable, modules_of, unreadable
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

    def submit(self, submission: Submission) -> Future[Result]:
        """Start grading one; the future raises `GraderDied` when its process died."""

    def close(self, done: bool) -> None:
        """End the processes and their warm workers; at once unless everything is done."""


def grade_all(
    exams: Mapping[str, Exam],
    submissions: Iterable[Submission],
    *,
    jobs: int,
    limits: Limits,
    scheduler: str | None = None,
    box: Sandbox | None = None,
) -> Iterator[Result]:
    """Grade submissions and yield each one's result once, as they finish, in no particular order.

    Args:
        exams: the assignments, by slug.
        submissions: readable or not; taken only as fast as they are graded.
        jobs: processes on this machine; 1 grades in this one.
        limits: what each question may use.
        scheduler: address of a dask scheduler, whose workers grade instead of processes on this machine.
        box: this process's warm worker, used when `jobs` is 1.

    Raises:
        CourseError: no worker can be started, or the cluster cannot be used.
    """
    with contextlib.closing(_readable(submissions, limits)) as queue:
        if jobs == 1 and scheduler is None:
            with contextlib.ExitStack() as stack:
                box = box or stack.enter_context(Sandbox(modules_of(exams), limits))
                yield from (one if isinstance(one, Result) else _one(exams, one, box) for one in queue)
            return
        if box is not None:
            box.close()  # other processes grade; its memory is theirs
        with tempfile.TemporaryDirectory(prefix="course-grade-", ignore_cleanup_errors=True) as folder:
            pool = _pool(Grader(exams, limits), jobs, scheduler, Path(folder))
            yield from _in_pool(pool, queue, limits)


def _readable(submissions: Iterable[Submission], limits: Limits) -> Iterator[Submission | Result]:
    """Submissions that can be graded, and the rows of those that cannot."""
    yield from (one if is_readable(one) else unreadable(one, limits) for one in submissions)


def _one(exams: Mapping[str, Exam], submission: Submission, box: Sandbox) -> Result:
    assert submission.assignment is not None
    return grade_submission(exams[submission.assignment.slug], submission, box)


def _pool(grader: Grader, jobs: int, scheduler: str | None, folder: Path) -> Pool:
    if scheduler is None:
        from autograder.run.processes import ProcessPool

        return ProcessPool(grader, jobs, folder)
    from autograder.run.cluster import DaskPool

    return DaskPool(grader, scheduler)


def _in_pool(pool: Pool, queue: Iterator[Submission | Result], limits: Limits) -> Iterator[Result]:
    """Keep the pool busy; a submission whose process died is tried again, and given up when that happens too often."""
    crew = _Crew(pool, limits)
    done = False
    try:
        for one in queue:
            if isinstance(one, Result):
                yield one
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
        self.running: dict[Future[Result], Submission] = {}
        self.suspects: deque[Submission] = deque()
        self.deaths: Counter[tuple[str, str]] = Counter()
        self.in_a_row = 0

    def start(self, submission: Submission) -> None:
        self.running[self.pool.submit(submission)] = submission

    def is_full(self) -> bool:
        return len(self.running) >= self.pool.room()

    def is_busy(self) -> bool:
        """Whether anything is left to do; starts a suspect when it may run."""
        if self.suspects and not self.running:
            self.start(self.suspects.popleft())
        return bool(self.running)

    def finished(self) -> Iterator[Result]:
        """Wait for the next results; returns without one now and then, so that the pool's size is looked at again."""
        for future in wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done:
            submission = self.running.pop(future)
            try:
                result = future.result()
                self.in_a_row = 0
                yield result
            except GraderDied:
                yield from self._after_death(submission)

    def _after_death(self, submission: Submission) -> Iterator[Result]:
        key = (submission.student, submission.file)
        self.deaths[key] += 1
        self.in_a_row += 1
        if self.in_a_row > MAX_IN_A_ROW:
            raise WorkerError("every process that grades dies: is there too little memory for so many?")
        if self.deaths[key] >= (DEATHS if self.pool.sure else 2):
            cause = "the process that graded it died each time that it was tried; it was not graded."
            yield unreadable(replace(submission, cause=cause), self.limits)
        elif self.pool.sure:
            self.start(submission)
        else:
            self.suspects.append(submission)
