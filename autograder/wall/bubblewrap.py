"""The wall: bubblewrap around the warm worker. What it may see is decided here, and nowhere else.

Inside there are the system's programs and libraries, the Python installation, the companion package and the few files
that make up the worker, all read-only; empty temporary folders; its own processes, and no network. The repository,
secrets, the gradebook, other submissions and the grader's home are not hidden there: they do not exist.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from autograder.base.course import CourseError

#: What of `autograder` can be seen inside: the worker's own folder, and the empty packages above it.
INSIDE = ("__init__.py", "wall/__init__.py", "wall/inside")
WAYS_OUT = (
    "install it and allow it to run (Debian: `apt install bubblewrap`; `course doctor` tells more), or use "
    "`--no-sandbox`, which runs students' code as your own account and marks every report"
)


class NoWallError(CourseError):
    """The wall cannot be built on this machine."""


def wall(command: Sequence[str], jobs: Path) -> list[str]:
    """The command that starts the worker behind the wall.

    Args:
        command: the worker's own command line.
        jobs: the only folder besides the installation that the worker must be able to read.

    Raises:
        NoWallError: bubblewrap is not installed; names the ways out.
    """
    program = shutil.which("bwrap")
    if program is None:
        raise NoWallError(f"students' code cannot be walled off, bubblewrap (`bwrap`) is not installed: {WAYS_OUT}")
    places = [*_prefixes(), _package("waferlab"), _package("autograder"), jobs]
    view = [*_system(), *_parents(places), *_installation(), *_packages(), "--ro-bind", str(jobs), str(jobs)]
    return [program, *_namespaces(), *view, "--remount-ro", "/", "--chdir", "/", "--", *command]


def scratch() -> str:
    """The folder for temporary files inside: `/tmp`, unless the installation itself lies there."""
    inside = [path for path in (*_prefixes(), _package("waferlab")) if path.is_relative_to("/tmp")]
    return "/var/tmp" if inside else "/tmp"


def _namespaces() -> list[str]:
    """Every namespace; root sheds its identity inside (`confine.enter`), anybody else by a user namespace."""
    always = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    ends = ["--die-with-parent", "--new-session", "--hostname", "worker"]
    if os.getuid() == 0:
        kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN")
        return [*always, *ends, "--cap-drop", "ALL", *(part for name in kept for part in ("--cap-add", name))]
    return [*always, *ends, "--unshare-user", "--uid", "65534", "--gid", "65534"]


def _system() -> list[str]:
    """Programs and libraries of the system, devices, processes, and the one folder that can be written to.

    Every question covers that folder, and `/dev/shm`, with empty ones of its own (`confine.shut_in`): a second place
    for files would be a way to leave something for the next question.
    """
    parts = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    parts += ["--remount-ro", "/dev", "--perms", "1777", "--tmpfs", scratch()]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            parts += ["--symlink", os.readlink(path), str(path)]
        else:
            parts += ["--ro-bind-try", str(path), str(path)]
    for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/nix/store"):
        parts += ["--ro-bind-try", path, path]
    return parts


def _parents(places: Sequence[Path]) -> list[str]:
    """The empty folders above what is shown; bubblewrap would make them for their owner only."""
    above = {parent for place in places for parent in place.parents if parent != Path("/")}
    return [part for path in sorted(above) for part in ("--perms", "0755", "--dir", str(path))]


def _installation() -> list[str]:
    return [part for path in _prefixes() for part in ("--ro-bind", str(path), str(path))]


def _prefixes() -> list[Path]:
    """Where Python and its packages lie, outside `/usr`."""
    places = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1])}
    if site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path:
        places.add(site.getusersitepackages())
    return [path for path in map(Path, sorted(places)) if path.is_dir() and not path.is_relative_to("/usr")]


def _packages() -> list[str]:
    """The companion package, and of this one no more than the worker needs."""
    companion, ours = _package("waferlab"), _package("autograder")
    parts = ["--ro-bind", str(companion), str(companion), "--tmpfs", str(ours)]
    parts += ["--perms", "0755", "--dir", str(ours / "wall")]
    for name in INSIDE:
        path = str(ours / name)
        parts += ["--ro-bind", path, path]
    return [*parts, "--remount-ro", str(ours)]


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NoWallError(f"the package `{name}` is not installed: run `make .venv`")
    return Path(spec.origin).parent
