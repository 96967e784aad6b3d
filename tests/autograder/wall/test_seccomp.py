"""Does the program of the system-call filter decide as it should, on processors that are not at hand, too?"""

import pytest

from autograder.wall.inside import seccomp

ALLOWED = {"x86_64": (0, 1, 56, 59, 231), "aarch64": (56, 63, 64, 93, 221)}  # read, write, clone, execve, exit


def decide(machine: str, number: int, architecture: int | None = None, argument: int = 1) -> int:
    """What the kernel would answer: the value that the program returns for a call."""
    data = {
        seccomp.NUMBER: number,
        seccomp.ARCHITECTURE: architecture or seccomp.ARCHITECTURES[machine][1],
        seccomp.FIRST_ARGUMENT: argument,
    }
    steps = list(seccomp.STEP.iter_unpack(seccomp.program(machine)))
    place, loaded = 0, 0
    while True:
        code, if_so, if_not, value = steps[place]
        if code == seccomp.RETURN:
            return value
        if code == seccomp.LOAD:
            loaded, skip = data[value], 0
        else:
            holds = loaded == value if code == seccomp.IF_EQUAL else loaded >= value
            skip = if_so if holds else if_not
        place += 1 + skip


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_forbidden_calls_are_refused_and_no_others(machine):
    """Is each named call refused, are its neighbours and what every program needs allowed?"""
    column = seccomp.ARCHITECTURES[machine][0]
    forbidden = {pair[column] for pair in seccomp.FORBIDDEN.values()}
    verdicts = {number: decide(machine, number) for number in range(500)}
    assert {number for number, verdict in verdicts.items() if verdict == seccomp.REFUSE} == forbidden
    assert {verdicts[number] for number in ALLOWED[machine]} == {seccomp.ALLOW}


def test_other_ways_to_the_same_calls_are_closed():
    """Are 32-bit calls on a 64-bit machine, and the x32 numbers, no way round the filter?"""
    i386 = 0x40000003
    assert decide("x86_64", 1, i386) == seccomp.KILL
    assert decide("aarch64", 1, seccomp.ARCHITECTURES["x86_64"][1]) == seccomp.KILL
    assert decide("x86_64", seccomp.X32 + 101) == seccomp.REFUSE


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_only_sockets_within_a_question_can_be_opened(machine):
    """Are internet, kernel and virtual-machine sockets refused, and is a pair between two processes allowed?"""
    number = seccomp.SOCKET[seccomp.ARCHITECTURES[machine][0]]
    verdicts = {family: decide(machine, number, argument=family) for family in range(64)}
    assert [family for family, verdict in verdicts.items() if verdict == seccomp.ALLOW] == [seccomp.AF_UNIX]
