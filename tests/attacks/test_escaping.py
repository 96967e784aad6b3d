"""Escaping: out of the namespaces, into the network, onto the disk, over to other processes.

`course doctor` makes the same attempts (`autograder/wall/inside/trials.py`), and tests/autograder/test_wall.py shows that they
succeed without a wall.
"""

import pytest
from attack_answers import RIGHT

CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if {call}: raise RuntimeError('LOOT')
"""
ATTACKS = {
    "connect to a public address": (
        "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError: pass\n"
        "else: raise RuntimeError('LOOT')"
    ),
    "resolve a name": (
        "import socket\ntry: socket.gethostbyname('example.org')\nexcept OSError: pass\nelse: raise RuntimeError('LOOT')"
    ),
    "abstract sockets of the machine": (
        "found = [l for l in open('/proc/net/unix').read().splitlines()[1:] if '@' in l]\n"
        "if found: raise RuntimeError(f'LOOT {found[:3]}')"
    ),
    "a network interface": (
        "import socket\nfound = [n for _, n in socket.if_nameindex() if n != 'lo']\n"
        "if found: raise RuntimeError(f'LOOT {found}')"
    ),
    "write to the installation": (
        "import os, numpy, torch, waferlab\nfor m in (os, numpy, torch, waferlab):\n    try: open(m.__file__, 'ab')\n"
        "    except OSError: continue\n    raise RuntimeError('LOOT')"
    ),
    "plant a module for the next one": (
        "import site, os, sys\nfor place in [p for p in sys.path if os.path.isdir(p)]:\n"
        "    try: open(os.path.join(place, 'sitecustomize.py'), 'w')\n    except OSError: continue\n"
        "    raise RuntimeError(f'LOOT {place}')"
    ),
    "write to the root": (
        "for place in ('/mine', '/usr/mine', '/etc/passwd', '/dev/mine'):\n    try: open(place, 'w')\n"
        "    except OSError: continue\n    raise RuntimeError(f'LOOT {place}')"
    ),
    "become root": CALL.format(call="libc.setuid(0) == 0 or libc.setresuid(0, 0, 0) == 0 or os.getuid() == 0"),
    "a setuid program": (
        "import subprocess\nfor tool in ('su', 'sudo', 'mount', 'newuidmap', 'pkexec'):\n"
        "    try: done = subprocess.run([tool, '-c', 'id'], capture_output=True, timeout=3)\n"
        "    except (OSError, subprocess.TimeoutExpired): continue\n"
        "    if b'uid=0' in done.stdout: raise RuntimeError('LOOT')"
    ),
    "a new user namespace": CALL.format(call="libc.unshare(0x10000000) == 0"),
    "a new user namespace by clone": CALL.format(call="libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) > 0"),
    "mount": CALL.format(call="libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None) == 0"),
    "unmount what covers the answers": CALL.format(
        call="libc.umount2(b'/tmp', 2) == 0 or libc.umount2(b'/dev/shm', 2) == 0"
    ),
    "change the root": CALL.format(call="libc.chroot(b'/tmp') == 0"),
    "join the worker's namespaces": CALL.format(
        call="any(libc.setns(os.open(f'/proc/1/ns/{n}', 0), 0) == 0 for n in ('pid', 'mnt', 'user'))"
    ),
    "trace a process": CALL.format(call="libc.ptrace(16, 1, 0, 0) == 0 or libc.ptrace(0, 0, 0, 0) == 0"),
    "read another process's memory": CALL.format(call="libc.process_vm_readv(1, None, 0, None, 0, 0) == 0"),
    "a device": (
        "import os\nfor name in ('sda', 'vda', 'nvme0n1', 'kmsg', 'mem', 'kvm', 'fuse'):\n"
        "    if os.path.exists('/dev/' + name): raise RuntimeError(f'LOOT {name}')"
    ),
    "make a device": CALL.format(call="libc.mknod(b'/tmp/disk', 0o60666, 0x0801) == 0"),
    "new keys, BPF, io_uring, userfaultfd": CALL.format(
        call="any(libc.syscall(n, 0, 0, 0, 0, 0) >= 0 for n in (248, 250, 321, 323, 425))"
    ),
    "limits raised again": (
        "import resource\nfor what in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU):\n"
        "    try: resource.setrlimit(what, (-1, -1))\n    except (ValueError, OSError): continue\n"
        "    raise RuntimeError('LOOT')"
    ),
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_there_is_no_way_out(loot, source):
    """Does an attempt to leave the sandbox fail?"""
    assert loot(source) == ""


@pytest.mark.parametrize("signal", [9, 15, 19], ids=["kill", "terminate", "stop"])
def test_signals_reach_nobody_else(points, signal):
    """Does a signal to every process that can be named cost more than the own question?"""
    points(
        f"import os\nfor pid in (-1, 1, 2, 3, os.getppid()):\n    try: os.kill(pid, {signal})\n    except OSError: pass\n"
    )
    assert points(RIGHT) == 3
