"""Break-out attempts that `course doctor` runs behind the wall, each as a hostile answer would.

Every attempt returns what it got hold of, in words, or an empty string when it met a wall. `proof.py` judges them from
outside. Attempts that must end by being killed return only if nobody stopped them.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waferlab.checks.bench import Bench
from waferlab.checks.core import Case, Observation

Attempt = Callable[[dict[str, Any]], str]
GIB = 2**30


@dataclass(frozen=True)
class Trial:
    """One attempt, in the form in which the worker runs a task.

    Attributes:
        attempt: gets what the outer side tells it, returns what it got hold of; runs where a student's answer runs.
        defines: names that a submission must define first: none.
        clean: there is no third process.
    """

    attempt: Attempt
    defines: tuple[str, ...] = ()
    clean: bool = False

    @property
    def shims(self) -> dict[str, Callable[..., str]]:
        """The attempt, as the desk knows it."""
        return {"attempt": lambda answers, services, told: self.attempt(told)}

    def examine(self, bench: Bench, case: Case) -> Observation:
        """Ask for the attempt; the arrays of `case` hold UTF-8 text, one path or address a line."""
        told = {name: bytes(array).decode().splitlines() for name, array in case.arrays.items()}
        return {"got": bench.shim("attempt", told)}


def reach_the_network(told: dict[str, Any]) -> str:
    """Connect to a server of the grader's own on loopback, and to a public address."""
    port = int(told["port"][0])
    for address in (("127.0.0.1", port), ("1.1.1.1", 53)):
        try:
            socket.create_connection(address, timeout=1).close()
            return f"connected to {address[0]}"
        except OSError:
            pass
    return ""


def open_other_sockets(told: dict[str, Any]) -> str:
    """Open sockets that reach beyond a question's own processes: internet, virtual machines, kernel, raw packets."""
    families = {"AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17, "AF_ALG": 38, "AF_VSOCK": 40}
    opened = []
    for name, family in families.items():
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                socket.socket(family, kind).close()
                opened.append(name)
            except OSError:
                pass
    return ", ".join(dict.fromkeys(opened))


def be_spared(told: dict[str, Any]) -> str:
    """Become a process that the kernel kills last when memory runs out."""
    for path in ("/proc/self/oom_score_adj", "/proc/self/oom_adj"):
        try:
            Path(path).write_text("0")
            return f"{path} was changed"
        except OSError:
            pass
    return ""


def fill_sockets(told: dict[str, Any]) -> str:
    """Leave data waiting in sockets, which counts as no process's memory, in eight processes."""
    for _ in range(8):
        if os.fork() == 0:
            _fill_pairs()
    time.sleep(20)
    return "sockets of eight processes"


def see_the_grader_s_files(told: dict[str, Any]) -> str:
    """Look for the course, the hidden verdicts, the jobs of others, and a file that the grader wrote a moment ago."""
    return ", ".join(path for path in told["paths"] if os.path.exists(path))


def _fill_pairs() -> None:
    """Open pairs of sockets and fill each, until there are no more; never returns."""
    kept = []
    try:
        while True:
            kept.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
            for end in kept[-1]:
                end.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        end.send(b"x" * 65_536)
    except OSError:
        time.sleep(60)
    os._exit(0)


def change_the_installation(told: dict[str, Any]) -> str:
    """Write to Python's own files, to the companion package, to `/` and to `/usr`."""
    import numpy
    import waferlab

    targets = [os.__file__, numpy.__file__, waferlab.__file__, sys.executable, "/mine", "/usr/mine", "/etc/mine"]
    changed = []
    for target in targets:
        try:
            with open(target, "ab"):
                changed.append(target)
        except OSError:
            pass
    return ", ".join(changed)


def see_other_processes(told: dict[str, Any]) -> str:
    """List the processes of the machine, and of the worker."""
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    return f"processes {', '.join(others)}" if others else ""


def gain_privileges(told: dict[str, Any]) -> str:
    """Become root, hold capabilities, mount, make namespaces, trace."""
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    libc = ctypes.CDLL(None, use_errno=True)
    gained = {
        "the user id of root": os.getuid() == 0,
        "capabilities": any(int(status[f"Cap{kind}"], 16) for kind in ("Eff", "Prm", "Inh", "Amb")),
        "programs that raise privileges": status["NoNewPrivs"].strip() != "1",
        "setuid(0)": libc.setuid(0) == 0,
        "a mount": libc.mount(b"tmpfs", b"/dev/shm", b"tmpfs", 0, None) == 0,
        "a user namespace": libc.unshare(0x10000000) == 0,
        "tracing": libc.ptrace(0, 0, None, None) == 0,
    }
    return ", ".join(what for what, got in gained.items() if got)


def take_too_much_memory(told: dict[str, Any]) -> str:
    """Ask for more memory than one process may have."""
    size = int(float(told["memory_gb"][0]) * GIB) + GIB
    try:
        return f"{len(bytearray(size)) / GIB:.1f} GB in one process"
    except MemoryError:
        return ""


def take_too_much_together(told: dict[str, Any]) -> str:
    """Fill half of the memory limit in each of four processes."""
    share = int(float(told["memory_gb"][0]) * GIB / 2)
    for _ in range(4):
        if os.fork() == 0:
            block = mmap.mmap(-1, share)
            for start in range(0, share, mmap.PAGESIZE):
                block[start] = 1
            time.sleep(60)
    time.sleep(20)
    return f"{4 * share / GIB:.1f} GB in four processes"


def start_too_many_processes(told: dict[str, Any]) -> str:
    """Fork until the kernel says no."""
    most = int(told["processes"][0])
    for _ in range(most + 1):
        try:
            if os.fork() == 0:
                time.sleep(60)
        except OSError:
            return ""
    return f"more than {most} processes"


def open_too_many_files(told: dict[str, Any]) -> str:
    """Open files until the kernel says no."""
    opened = 0
    try:
        for _ in range(int(told["descriptors"][0]) + 1):
            os.open("/dev/null", os.O_RDONLY)
            opened += 1
    except OSError:
        return ""
    return f"{opened} open files"


def fill_the_disk(told: dict[str, Any]) -> str:
    """Write more than the temporary folders hold."""
    most, piece, written = int(told["files_mb"][0]), b"x" * 2**20, 0
    for folder in (os.environ["TMPDIR"], "/dev/shm"):
        try:
            for number in range(most + 8):
                Path(folder, f"{number}").write_bytes(piece)
                written += 1
        except OSError:
            pass
    return f"{written} MB" if written > 2 * most else ""


def never_end(told: dict[str, Any]) -> str:
    """Run for ever."""
    while True:
        pass


def flood(told: dict[str, Any]) -> str:
    """Send back more than a question may, through whatever descriptor there is."""
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\xff" * int(told["flood"][0]))
    return ""


def leave_something(told: dict[str, Any]) -> str:
    """Leave files, shared memory and a process in a session of its own behind; never caught itself."""
    for folder in (os.environ["TMPDIR"], "/dev/shm"):
        Path(folder, "left-behind").write_text("for the next one")
    subprocess.Popen(["/usr/bin/sleep", told["sleep"][0]], start_new_session=True)
    return ""


def find_what_was_left(told: dict[str, Any]) -> str:
    """Look for what the attempt before left behind."""
    places = [Path(folder, "left-behind") for folder in (os.environ["TMPDIR"], "/dev/shm")]
    return ", ".join(str(place) for place in places if place.exists())


ATTEMPTS = (
    reach_the_network,
    open_other_sockets,
    be_spared,
    fill_sockets,
    see_the_grader_s_files,
    change_the_installation,
    see_other_processes,
    gain_privileges,
    take_too_much_memory,
    take_too_much_together,
    start_too_many_processes,
    open_too_many_files,
    fill_the_disk,
    never_end,
    flood,
    leave_something,
    find_what_was_left,
)
TASKS = {attempt.__name__: Trial(attempt) for attempt in ATTEMPTS}
