"""The filter of system calls, as a program for the kernel: which calls fail, whatever a process may do.

A program is a list of steps of classic BPF (linux/bpf_common.h), run at each call on `struct seccomp_data`: the call's
number at offset 0, the architecture at offset 4, its first argument at offset 16 (little-endian). References:
seccomp(2), bpf(4).
"""

from __future__ import annotations

import errno
import struct

# System calls that no answer needs and that widen what a process can reach: number on x86_64, number on aarch64.
FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),  # memory that no limit on address space counts
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
}
#: A socket of another kind than between processes of one question is refused: number as above.
SOCKET, AF_UNIX = (41, 198), 1
#: By machine: the column in `FORBIDDEN`, and how the kernel names the architecture (linux/audit.h).
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

#: One step: what to do, how many steps to skip when a comparison holds and when not, and a number.
STEP = struct.Struct("HBBI")
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in `struct seccomp_data`
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
X32 = 0x40000000  # on x86_64, numbers from here on are a second way to the same calls


def program(machine: str) -> bytes:
    """The filter for a kind of processor.

    Calls in `FORBIDDEN`, and sockets of any kind but `AF_UNIX`, fail with EPERM; another architecture's calls kill.

    Args:
        machine: a key of `ARCHITECTURES`.
    """
    column, architecture = ARCHITECTURES[machine]
    numbers = [pair[column] for pair in FORBIDDEN.values()]
    steps = [
        (LOAD, 0, 0, ARCHITECTURE),
        (IF_EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":
        steps += [(IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, REFUSE)]
    steps += [
        (IF_EQUAL, 0, 4, SOCKET[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_EQUAL, 1, 0, AF_UNIX),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    for place, number in enumerate(numbers):
        to_refuse = len(numbers) - place  # over the comparisons that are left, and over ALLOW
        steps.append((IF_EQUAL, to_refuse, 0, number))
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(STEP.pack(*step) for step in steps)
