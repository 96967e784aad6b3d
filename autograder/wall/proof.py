"""Proof that the wall holds on this machine: hostile attempts (`trials.py`) run behind it, judged from outside."""

from __future__ import annotations

import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.base.records import Graft
from autograder.wall.inside import confine
from autograder.wall.sandbox import Answer, Ask, Limits, Sandbox

LIMITS = Limits(memory_gb=1.0, max_bytes=2**20)
SECONDS = 5.0
SLEEP = "864000.25"  # seconds; also the mark by which a process that was left behind is known
KILLED = {"never_end": "timeout", "flood": "crashed", "take_too_much_together": "crashed", "fill_sockets": "crashed"}
TITLES = {
    "reach_the_network": "no network",
    "open_other_sockets": "no sockets but between a question's own processes",
    "be_spared": "killed first when memory runs out",
    "fill_sockets": "what waits in sockets is limited",
    "see_the_grader_s_files": "no sight of the course, jobs or the grader's files",
    "change_the_installation": "the installation is read-only",
    "see_other_processes": "no sight of other processes",
    "gain_privileges": "no privileges to gain",
    "take_too_much_memory": "memory of one process is limited",
    "take_too_much_together": "memory of all processes together is limited",
    "start_too_many_processes": "the number of processes is limited",
    "open_too_many_files": "the number of open files is limited",
    "fill_the_disk": "temporary files are limited, and in memory",
    "never_end": "time is limited",
    "flood": "output is limited",
    "leave_something": "the whole process tree is killed",
    "find_what_was_left": "nothing is left for the next question",
}


@dataclass(frozen=True)
class Proof:
    """One property of the wall.

    Attributes:
        property: what must hold, in words.
        held: whether the attempt to break it failed.
        found: what the attempt got hold of, or how it was stopped.
    """

    property: str
    held: bool
    found: str


def prove_wall(secrets: list[Path], limits: Limits = LIMITS) -> list[Proof]:
    """Try to break every property of the wall, and say what came of it.

    Args:
        secrets: files and folders that must not be seen from inside, beside a canary that is made here.
        limits: what an attempt may use.

    Raises:
        NoWallError: the wall cannot be built here at all.
    """
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        canary = Path(folder, "canary")
        canary.write_text("a secret")
        told = {
            "port": [str(server.getsockname()[1])],
            "paths": [str(path) for path in (canary, *_hidden_modules(), *secrets)],
            "memory_gb": [str(limits.memory_gb)],
            "processes": [str(confine.PROCESSES)],
            "descriptors": [str(confine.DESCRIPTORS)],
            "files_mb": [str(confine.FILES_MB)],
            "flood": [str(2 * limits.max_bytes)],
            "sleep": [SLEEP],
        }
        arrays = {name: np.frombuffer("\n".join(lines).encode(), dtype=np.uint8) for name, lines in told.items()}
        with Sandbox(["autograder.wall.inside.trials"], limits) as box:
            return [_one(box, name, arrays) for name in TITLES]


def _hidden_modules() -> list[Path]:
    """This package's own rooms that students' code must not see."""
    here = Path(__file__).parents[1]
    return [path for path in here.iterdir() if path.name not in ("__init__.py", "wall")]


def _one(box: Sandbox, name: str, arrays: dict[str, np.ndarray]) -> Proof:
    answer = box.run("autograder.wall.inside.trials", Graft((), {}), [Ask(name, 0, SECONDS)], arrays=arrays)[name]
    held, found = _judged(name, answer)
    if name == "leave_something" and held:
        left = _left_running()
        held, found = not left, left or found
    return Proof(TITLES[name], held, found)


def _judged(name: str, answer: Answer) -> tuple[bool, str]:
    if name in KILLED:
        how = answer.detail if answer.status != "ok" else f"was not stopped: {answer.seen.get('got')}"[:200]
        return answer.status == KILLED[name], how
    if answer.status != "ok":
        return False, f"the attempt itself ended early ({answer.detail})"
    got = str(answer.seen.get("got", "no answer"))[:200]
    return not got, got or "refused"


def _left_running() -> str:
    """The process that an attempt left behind, if it still runs anywhere on this machine."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if SLEEP.encode() in Path(entry.path, "cmdline").read_bytes():
                    return f"process {entry.name} still runs"
            except OSError:
                continue
    return ""
