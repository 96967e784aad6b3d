"""One question: an examiner and a candidate are forked, watched until the examiner has said what it saw, and killed.

Each is the first process of a process namespace of its own, shut in with limits (`confine.py`); only the two pipes
between them join them. The examiner's words come back through a pipe that the candidate does not have.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from waferlab.checks.bench import Desk, Lost

from autograder.wall.inside import confine
from autograder.wall.inside.border import pack_observation
from autograder.wall.inside.candidate import executed, hidden_paths, read_cells
from autograder.wall.inside.examiner import case_of, examine, read_exam
from autograder.wall.inside.wire import RemoteBench, Wire, serve_desk

PROGRESS_LIMIT = 64 * 1024
MAX_CELLS = 100_000
LOST = 3  # the examiner's exit code when its candidate does not answer
LOOK_SECONDS = 0.2  # between two looks at memory
END_SECONDS = 1.0  # for a candidate that closed its pipes to be gone, too
OTHERS_SHARE = 0.4  # of a question's time that cells of other tasks may take


@dataclass(frozen=True)
class Question:
    """What is asked, as the job line names it.

    Attributes:
        task: the task's name.
        seconds: limit on wall time, executing the cells included.
    """

    task: str
    seconds: float


@dataclass(frozen=True)
class WorkerLimits:
    """What a question may use, and whether it runs behind the wall.

    Attributes:
        memory_gb: GiB of address space for each process, and of memory for all of them together.
        max_bytes: bytes that a fork may send.
        walled: whether this worker is inside the wall and may shut its forks in.
    """

    memory_gb: float
    max_bytes: int
    walled: bool


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

    task = importlib.import_module(job["module"]).TASKS[question.task]
    names, errors = executed(job, question.task, dead, report)
    report("probe")
    missing = [name for name in task.defines if name not in names]
    serve_desk(wire, Desk(names, task.shims), {"errors": errors, "missing": missing})
    return 0


def _together(
    folder: Path, question: Question, limits: WorkerLimits, dead: frozenset[int], progress: int, out: int
) -> int:
    """Execute the cells and probe them in the same process, for a task that is not `apart`."""
    job, (exam, arrays) = read_cells(folder), read_exam(folder)
    _shut(folder, hidden_paths(job["references"]), question, limits)

    def report(stage: object) -> None:
        os.write(progress, f"{stage}\n".encode())

    task = importlib.import_module(job["module"]).TASKS[question.task]
    names, errors = executed(job, question.task, dead, report)
    report("probe")
    missing = [name for name in task.defines if name not in names]
    seen = {} if missing else task.probe(names, case_of(exam, arrays, question.task))
    with open(out, "wb", closefd=False) as pipe:
        pipe.write(pack_observation(seen, errors=errors, missing=missing))
    return 0


def _examiner(folder: Path, question: Question, limits: WorkerLimits, wire: Wire, out: int) -> int:
    """Ask, and write down what was seen; no student's code ever runs here."""
    exam, arrays = read_exam(folder)
    _shut(folder, (), question, limits)
    case = case_of(exam, arrays, question.task)
    try:
        data = examine(exam["module"], question.task, RemoteBench(wire), case)
    except Lost:
        return LOST
    with open(out, "wb", closefd=False) as pipe:
        pipe.write(data)
    return 0


# --- the warm process: no student code below -------------------------------------------------------------------------


class _Pipes:
    """The four pipes of a question; a fork keeps the ends that it needs and closes all others."""

    def __init__(self, closing: Iterable[int]) -> None:
        names = ("asked", "answered", "progress", "out")
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
    *,
    apart: bool,
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
        apart: whether the task's probe may run apart from the answers.
    """
    pipes = _Pipes(closing)
    fork = confine.fork_apart if limits.walled else os.fork
    try:
        if apart:
            candidate, examiner = _forked(fork, pipes, folder, question, limits, dead)
        elif (candidate := fork()) == 0:
            progress, out = pipes.write["progress"], pipes.write["out"]
            pipes.keep(progress, out)
            _life(lambda: _together(folder, question, limits, dead, progress, out))
        else:
            examiner = candidate
        ours = pipes.read["out"], pipes.read["progress"]
        pipes.close(*(end for end in (*pipes.read.values(), *pipes.write.values()) if end not in ours))
        watch = _Watch(candidate, examiner, question, limits, is_others, deadline)
        why = watch.collect(*ours)
        if not why and watch.exit_of(examiner) == LOST:
            watch.wait_for(candidate, END_SECONDS)
    finally:
        pipes.close()
    statuses = kill(*((candidate, examiner) if apart else (candidate,)))
    return _outcome(watch, why, limits, statuses[0], statuses[-1])


def _forked(
    fork: Callable[[], int],
    pipes: _Pipes,
    folder: Path,
    question: Question,
    limits: WorkerLimits,
    dead: frozenset[int],
) -> tuple[int, int]:
    """The candidate's and the examiner's process, each with its ends of the pipes."""
    if (candidate := fork()) == 0:
        ends = pipes.read["asked"], pipes.write["answered"], pipes.write["progress"]
        pipes.keep(*ends)
        _life(lambda: _candidate(folder, question, limits, dead, Wire(*ends[:2], 2**31), ends[2]))
    if (examiner := fork()) == 0:
        ends = pipes.read["answered"], pipes.write["asked"], pipes.write["out"]
        pipes.keep(*ends)
        _life(lambda: _examiner(folder, question, limits, Wire(*ends[:2], limits.max_bytes), ends[2]))
    return candidate, examiner


def _outcome(watch: _Watch, why: str, limits: WorkerLimits, candidate: int, examiner: int) -> Outcome:
    """What came of a question, from what was collected and how both processes ended."""
    stage = watch.stage
    if why:
        return Outcome("timeout" if why == "time" else "crashed", stage, _in_words(why, limits))
    code = os.waitstatus_to_exitcode(examiner)
    if code == 0 and watch.data:
        return Outcome("ok", stage, "", bytes(watch.data))
    if code != LOST and watch.candidate != watch.examiner:
        return Outcome("crashed", "examiner", f"the examiner ended early (exit code {code})")
    if watch.was_alive:
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


class _Watch:
    """Two processes at work, and what came of it so far."""

    def __init__(
        self,
        candidate: int,
        examiner: int,
        question: Question,
        limits: WorkerLimits,
        is_others: Callable[[int], bool],
        deadline: float,
    ) -> None:
        self.candidate, self.examiner = candidate, examiner
        self.limits, self.is_others, self.deadline = limits, is_others, deadline
        self.cells_until = time.monotonic() + OTHERS_SHARE * (deadline - time.monotonic())
        self.data = bytearray()
        self.was_alive = False
        self._progress = bytearray()
        self._look = 0.0

    @property
    def stage(self) -> str:
        """The last stage that the candidate reported: a cell's number, or `probe`; nobody vouches for it."""
        words = bytes(self._progress).decode("ascii", "replace").split()
        last = words[-1] if words else "start"
        return last if last == "probe" or (last.isdecimal() and len(last) <= 6) else "start"

    def collect(self, out: int, progress: int) -> str:
        """Read both pipes until the examiner closes its own, or a limit is broken (`time`, `output`, `memory`)."""
        waiting = {out, progress}
        while out in waiting:
            ready, _, _ = select.select(sorted(waiting), [], [], self._patience())
            for pipe in ready:
                piece = os.read(pipe, 2**20)
                (self.data if pipe == out else self._progress).extend(piece)
                if not piece:
                    waiting.discard(pipe)
            if why := self._broken():
                return why
            if not self.limits.walled and self.ended(self.candidate):
                _kill(self.candidate)  # its children may hold its pipes
        return ""

    def _patience(self) -> float:
        return max(0.0, min(LOOK_SECONDS, self.deadline - time.monotonic()))

    def _broken(self) -> str:
        """Which limit is broken now; memory is looked at on a clock, however busy the pipes are."""
        now = time.monotonic()
        if len(self.data) > self.limits.max_bytes or len(self._progress) > PROGRESS_LIMIT:
            return "output"
        if now >= self.deadline or (now >= self.cells_until and self._in_others_cell()):
            return "time"
        if self.limits.walled and now >= self._look:
            self._look = now + LOOK_SECONDS
            return "memory" if confine.tree_memory() > self.limits.memory_gb * 2**30 else ""
        return ""

    def _in_others_cell(self) -> bool:
        return self.stage.isdecimal() and self.is_others(int(self.stage))

    def ended(self, pid: int) -> bool:
        """Whether a process is dead (it is not waited for yet)."""
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def exit_of(self, pid: int) -> int | None:
        """The exit code of a process that is about to end; None when it was killed."""
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        return end.si_status if end and end.si_code == os.CLD_EXITED else None

    def wait_for(self, pid: int, seconds: float) -> None:
        """Give a process time to end, and note whether it did not."""
        until = time.monotonic() + seconds
        while not self.ended(pid) and time.monotonic() < until:
            time.sleep(0.005)
        self.was_alive = not self.ended(pid)


def kill(*pids: int) -> list[int]:
    """Kill forks with all that they started (this process is the orphans' reaper), and wait; how each had ended."""
    for pid in pids:
        _kill(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
    return statuses


def _kill(pid: int) -> None:
    """Kill a fork and its session; the status of one that has ended already stays as it is."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL) if _leads_group(pid) else os.kill(pid, signal.SIGKILL)


def _leads_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _children() -> list[int]:
    me = os.getpid()
    return [int(child) for child in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
