"""Watching a question's processes from the warm one: what they send, what they use, how they end, and their end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.wall.inside import confine

PROGRESS_LIMIT = 64 * 1024
LOOK_SECONDS = 0.2  # between two looks at memory
OTHERS_SHARE = 0.4  # of a question's time that cells of other tasks may take


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


class Watch:
    """A candidate and its examiner at work, and what came of it so far."""

    def __init__(
        self,
        candidate: int,
        limits: WorkerLimits,
        is_others: Callable[[int], bool],
        deadline: float,
    ) -> None:
        self.candidate = candidate
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
        until = min(self.cells_until, self.deadline) if self._in_others_cell() else self.deadline
        if now >= until:
            return "time"
        if self.limits.walled and now >= self._look:
            self._look = now + LOOK_SECONDS
            return "memory" if confine.tree_memory(until) > self.limits.memory_gb * 2**30 else ""
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
