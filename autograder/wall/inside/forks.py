"""One question: an examiner and a candidate are forked, watched until the examiner has said what it saw, and killed.

Each is the first process of a process namespace of its own, shut in with limits (`confine.py`); only the two pipes
between them join them. The examiner's words come back through a pipe that the candidate does not have.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from waferlab.checks.bench import Desk, Ended, Lost
from waferlab.checks.core import Task

from autograder.wall.inside import confine
from autograder.wall.inside.candidate import executed, hidden_paths, read_cells
from autograder.wall.inside.examiner import examine, read_case
from autograder.wall.inside.watch import Watch, WorkerLimits, kill
from autograder.wall.inside.wire import RemoteBench, Wire, serve_desk

FROM_EXAMINER = 2**31  # bytes of a frame that a candidate takes
LOST, ENDED = 3, 4  # the examiner's exit codes when its candidate does not answer as one does, and when it is gone
END_SECONDS = 1.0  # for a candidate that closed its pipes to be gone, too


@dataclass(frozen=True)
class Question:
    """What is asked, as the job line names it.

    Attributes:
        module: the check module, which the warm worker has imported.
        task: the task's name.
        seconds: limit on wall time, executing the cells included.
    """

    module: str
    task: str
    seconds: float

    @property
    def asked(self) -> Task:
        """The task itself."""
        return sys.modules[self.module].TASKS[self.task]


@dataclass(frozen=True)
class Outcome:
    """How a question ended: `ok`, `crashed` or `timeout`, where it was (`cell:3`, `probe`), and what came back."""

    status: str
    stage: str
    detail: str
    data: bytes = b""

    @property
    def cell(self) -> int | None:
        """The cell in which it ended early; None when it was not in a cell."""
        return int(self.stage) if self.status != "ok" and self.stage.isdigit() else None


# --- inside the forks ------------------------------------------------------------------------------------------------


def _life(work: Callable[[], int]) -> None:
    """The whole life of a fork; never returns."""
    code = 1
    try:
        os.setsid()
        confine.die_with_parent()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        code = work()
    finally:
        os._exit(code)


def _shut(folder: Path, hidden: Iterable[Path], question: Question, limits: WorkerLimits) -> None:
    if limits.walled:
        confine.shut_in(os.environ["TMPDIR"], [folder.parent, *hidden])
    confine.limit_resources(limits.memory_gb, question.seconds, walled=limits.walled)


def _candidate(
    folder: Path, question: Question, limits: WorkerLimits, dead: frozenset[int], wire: Wire, progress: int
) -> int:
    """Execute the cells and serve the examiner; a student's code runs from here on."""
    job = read_cells(folder)
    _shut(folder, hidden_paths(job["references"]), question, limits)

    def report(stage: object) -> None:
        os.write(progress, f"{stage}\n".encode())

    names, errors = executed(job, question.task, dead, report)
    report("probe")
    missing = [name for name in question.asked.defines if name not in names]
    serve_desk(wire, Desk(names, question.asked.shims), {"errors": errors, "missing": missing})
    return 0


def _clean(folder: Path, question: Question, limits: WorkerLimits, wire: Wire) -> int:
    """Serve the examiner without any answers: a desk for what a candidate made and nobody else may open."""
    _shut(folder, hidden_paths([]), question, limits)
    serve_desk(wire, Desk({}, question.asked.shims), {"errors": {}, "missing": []})
    return 0


def _examiner(folder: Path, question: Question, limits: WorkerLimits, wire: Wire, clean: Wire | None, out: int) -> int:
    """Ask, and write down what was seen; no student's code ever runs here."""
    case = read_case(folder, question.task)
    _shut(folder, (), question, limits)
    try:
        data = examine(question.asked, RemoteBench(wire, clean), case)
    except Ended:
        return ENDED
    except Lost:
        return LOST
    with open(out, "wb", closefd=False) as pipe:
        pipe.write(data)
    return 0


# --- the warm process: no student code below -------------------------------------------------------------------------


class _Pipes:
    """The pipes of a question; a fork keeps the ends that it needs and closes all others."""

    def __init__(self, closing: Iterable[int], *, clean: bool) -> None:
        names = ("asked", "answered", "progress", "out", *(("clean asked", "clean answered") if clean else ()))
        pairs = {name: os.pipe() for name in names}
        self.read = {name: pair[0] for name, pair in pairs.items()}
        self.write = {name: pair[1] for name, pair in pairs.items()}
        self._all = {*self.read.values(), *self.write.values()}
        self._closing = tuple(closing)

    def keep(self, *ends: int) -> None:
        """In a fork: close everything but these, the protocol's own descriptors included."""
        for descriptor in (*self._all.difference(ends), *self._closing):
            os.close(descriptor)

    def close(self, *ends: int) -> None:
        """In the warm process: close these, or all that are still open."""
        for descriptor in ends or tuple(self._all):
            if descriptor in self._all:
                os.close(descriptor)
                self._all.discard(descriptor)


def ask(
    folder: Path,
    question: Question,
    limits: WorkerLimits,
    dead: frozenset[int],
    closing: list[int],
    is_others: Callable[[int], bool],
    deadline: float,
) -> Outcome:
    """Fork for one question, collect what the examiner writes down until it ends or time is over, and kill all.

    Args:
        folder: the job's folder.
        question: task and time limit.
        limits: what each fork may use.
        dead: cells that killed an earlier candidate of this submission.
        closing: descriptors of the protocol, which no fork may have.
        is_others: whether the cell of an index belongs to another task, or to none.
        deadline: when the question's time is over, on the monotonic clock.
    """
    pipes = _Pipes(closing, clean=question.asked.clean)
    try:
        candidate, *others, examiner = _forked(pipes, folder, question, limits, dead)
        ours = pipes.read["out"], pipes.read["progress"]
        pipes.close(*(end for end in (*pipes.read.values(), *pipes.write.values()) if end not in ours))
        watch = Watch(candidate, limits, is_others, deadline)
        why = watch.collect(*ours)
        if not why and watch.exit_of(examiner) == ENDED:
            watch.wait_for(candidate, END_SECONDS)
    finally:
        pipes.close()
    statuses = kill(candidate, *others, examiner)
    return _outcome(watch, why, limits, statuses[0], statuses[-1])


def _forked(
    pipes: _Pipes, folder: Path, question: Question, limits: WorkerLimits, dead: frozenset[int]
) -> tuple[int, ...]:
    """The candidate, a clean desk where the task wants one, and the examiner, each with its ends of the pipes."""
    fork = confine.fork_apart if limits.walled else os.fork
    if (candidate := fork()) == 0:
        ends = pipes.read["asked"], pipes.write["answered"], pipes.write["progress"]
        pipes.keep(*ends)
        _life(lambda: _candidate(folder, question, limits, dead, Wire(*ends[:2], FROM_EXAMINER), ends[2]))
    clean = []
    if question.asked.clean:
        clean = [fork()]
        if clean == [0]:
            ends = pipes.read["clean asked"], pipes.write["clean answered"]
            pipes.keep(*ends)
            _life(lambda: _clean(folder, question, limits, Wire(*ends, FROM_EXAMINER)))
    if (examiner := fork()) == 0:
        ends = pipes.read["answered"], pipes.write["asked"], pipes.write["out"]
        more = (pipes.read["clean answered"], pipes.write["clean asked"]) if clean else ()
        pipes.keep(*ends, *more)
        wires = Wire(*ends[:2], limits.max_bytes), Wire(*more, limits.max_bytes) if more else None
        _life(lambda: _examiner(folder, question, limits, *wires, ends[2]))
    return candidate, *clean, examiner


def _outcome(watch: Watch, why: str, limits: WorkerLimits, candidate: int, examiner: int) -> Outcome:
    """What came of a question, from what was collected and how both processes ended."""
    stage = watch.stage
    if why:
        return Outcome("timeout" if why == "time" else "crashed", stage, _in_words(why, limits))
    code = os.waitstatus_to_exitcode(examiner)
    if code == 0 and watch.data:
        return Outcome("ok", stage, "", bytes(watch.data))
    if code not in (LOST, ENDED):
        return Outcome("crashed", "examiner", f"the examiner ended early (exit code {code})")
    if code == LOST or watch.was_alive:
        return Outcome("crashed", stage, "what it answered could not be read")
    if os.WIFSIGNALED(candidate):
        return Outcome("crashed", stage, f"ended by {signal.Signals(os.WTERMSIG(candidate)).name}")
    return Outcome("crashed", stage, f"the process ended itself (exit code {os.WEXITSTATUS(candidate)})")


def _in_words(why: str, limits: WorkerLimits) -> str:
    return {
        "time": "its time was over",
        "output": f"its output was larger than {limits.max_bytes / 2**20:g} MB",
        "memory": f"its processes together held more than {limits.memory_gb:g} GB of memory",
    }[why]
