"""What the worker does to itself and to each question's forks inside the wall: Linux system calls, nothing else.

Bubblewrap decides what can be seen at all (`bubblewrap.py`). Inside, the warm worker enters a user namespace of its own
in which it alone holds capabilities. It uses them for two things only: to give every fork a process, mount, IPC and
network namespace of its own with empty temporary folders, and to take everything away from that fork before a student's
first line runs. References: namespaces(7), user_namespaces(7), capabilities(7), seccomp(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import platform
import resource
import signal
import struct
import time
from pathlib import Path

from autograder.wall.inside import seccomp

NOBODY = 65534
FILES_MB = 256  # what a question may keep in /tmp and in /dev/shm, each
PROCESSES = 128
DESCRIPTORS = 512
SOCKET_BYTES = 2 * 212_992  # what the kernel lets wait in a socket, out and in, where nobody changed its defaults

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """One call of the C library that returns 0 when it worked.

    Raises:
        OSError: it did not; names the call.
    """
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Be killed when the parent ends."""
    with contextlib.suppress(OSError):
        _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def reap_orphans() -> None:
    """Become the parent of every process whose own parent below this one ends."""
    with contextlib.suppress(OSError):
        _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def enter() -> None:
    """Leave root behind and become the first process of new user, process, mount and IPC namespaces.

    Must run before any thread starts. The original process stays as a silent parent and never returns from here.

    Raises:
        OSError: the kernel, or a security module, does not allow it; or the processor is of an unknown kind.
    """
    if platform.machine() not in seccomp.ARCHITECTURES:
        raise OSError(f"system calls are known for {' and '.join(seccomp.ARCHITECTURES)}, found {platform.machine()}")
    if os.getuid() == 0:
        _fresh_proc()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # else root owns /proc/self, and the maps cannot be written
    user, group = os.getuid(), os.getgid()
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    child = os.fork()
    if child:
        _wait_for(child)
    die_with_parent()
    _fresh_proc()
    Path("/proc/sys/user/max_user_namespaces").write_text("0")  # nobody below may get capabilities in a new one


def _fresh_proc() -> None:
    _call("mount", b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None)


def _wait_for(child: int) -> None:
    """Hold nothing, wait, and end as the child ended."""
    for descriptor in (0, 1):
        os.close(descriptor)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def fork_apart() -> int:
    """`os.fork()` whose child is the first process of a new process namespace: when it dies, all in there die."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    try:
        _call("unshare", CLONE_NEWPID)
        child = os.fork()
        if child:
            _call("setns", own, CLONE_NEWPID)  # or the next `unshare` would be refused
        return child
    finally:
        os.close(own)


def shut_in(scratch: str, hidden: list[Path]) -> None:
    """Make this process a stranger to everything but the read-only installation and two empty folders.

    Args:
        scratch: the folder for temporary files, empty from here on.
        hidden: files and folders that must not be seen (the job, reference answers of this and later assignments).

    Raises:
        OSError: a step failed; nothing of a student's may run then.
    """
    _call("unshare", CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET)
    nothing = f"size={FILES_MB}m,nr_inodes=16384,mode=1777".encode()
    for folder in (scratch, "/dev/shm"):
        _call("mount", b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, nothing)
    for path in hidden:
        if path.is_dir():
            _call("mount", b"tmpfs", bytes(path), b"tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, b"size=4k")
        elif path.exists():
            _call("mount", b"/dev/null", bytes(path), None, MS_BIND, None)
    _fresh_proc()
    os.chdir(scratch)
    Path("/proc/self/oom_score_adj").write_text("1000")  # rather this process than the grader
    _call("mount", None, b"/proc", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, None)
    _drop_capabilities()
    _forbid_calls()


def _drop_capabilities() -> None:
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITY_VERSION_3, 0), 8)
    none = ctypes.create_string_buffer(24)
    _call("capset", header, none)


def _forbid_calls() -> None:
    """The calls in `seccomp.FORBIDDEN` fail from here on, in this process and all that it starts."""
    program = ctypes.create_string_buffer(seccomp.program(platform.machine()))
    head = struct.pack("HP", len(program) // seccomp.STEP.size, ctypes.addressof(program))
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(head, len(head)), 0, 0)


def limit_resources(memory_gb: float, seconds: float, *, walled: bool) -> None:
    """Limits that the kernel keeps: address space, CPU time, no core files; behind the wall, of everything else too.

    Args:
        memory_gb: address space of each process, in GiB.
        seconds: wall time of the question; CPU time gets a little more.
        walled: also limit processes, descriptors and file sizes (an unwalled process shares its user's count).
    """
    size, cpu = int(memory_gb * 2**30), int(seconds) + 5
    limits = {resource.RLIMIT_AS: size, resource.RLIMIT_CPU: cpu, resource.RLIMIT_CORE: 0}
    if walled:
        limits |= {
            resource.RLIMIT_NPROC: PROCESSES,
            resource.RLIMIT_NOFILE: DESCRIPTORS,
            resource.RLIMIT_FSIZE: FILES_MB * 2**20,
            resource.RLIMIT_MEMLOCK: 0,
        }
    for what, value in limits.items():
        resource.setrlimit(what, (value, value))


def tree_memory(until: float = math.inf) -> int:
    """Bytes of memory that all other processes of this process namespace hold: proportional set size, and sockets.

    A process that forks all the time can be asked only between two forks: with many of those, looking takes seconds.

    Args:
        until: when to stop looking, on the monotonic clock; what was not looked at by then is not counted.

    What waits in a socket belongs to no process. It is counted at the most that it can be, by network namespace: the
    first process of each question has one of its own.
    """
    total, me = 0, os.getpid()
    spaces: dict[str, int] = {}
    for entry in os.scandir("/proc"):
        if time.monotonic() >= until:
            break
        if entry.name.isdigit() and int(entry.name) != me:
            total += _proportional(entry.name)
            with contextlib.suppress(OSError):
                spaces.setdefault(os.readlink(f"/proc/{entry.name}/ns/net"), _sockets(entry.name))
    return total + sum(spaces.values()) * SOCKET_BYTES


def _sockets(pid: str) -> int:
    """Sockets in a process's network namespace."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/net/sockstat").read_text().split()[2])
    return 0


def _proportional(pid: str) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
