"""`course doctor`: what is installed and at hand, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from autograder.base.course import Course
from autograder.report.printing import REMEDY, browser
from autograder.wall.bubblewrap import NoWallError
from autograder.wall.proof import prove_wall
from autograder.wall.sandbox import WorkerError

PACKAGES = ("torch", "torchvision", "scikit-learn", "matplotlib", "numpy", "tqdm")
TOOLS = ("nbgrader", "nbformat", "nbconvert", "nbclient", "joblib", "typer", "rich", "jinja2")


@dataclass(frozen=True)
class Condition:
    """One line of the report.

    Attributes:
        what: what was looked at.
        ok: whether it is there.
        found: what was found, in words.
        remedy: how to get it, when it is missing.
        needed: whether the commands fail without it.
    """

    what: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = False


def examine(course: Course | None) -> list[Condition]:
    """Look at everything that the commands use."""
    looks: list[Callable[[], Condition | list[Condition]]] = [
        _python,
        lambda: _packages("Companion package", ("waferlab", *PACKAGES)),
        lambda: _packages("Instructor's tools", TOOLS),
        _nbgrader,
        _gpu,
        _browser,
        lambda: _sandbox(course),
        _data,
        lambda: _course(course),
        lambda: _releases(course),
    ]
    found = [look() for look in looks]
    return [one for entry in found for one in (entry if isinstance(entry, list) else [entry])]


def findings_table(conditions: list[Condition]) -> Table:
    """The report as a table; what is missing comes with its remedy."""
    table = Table("", "What", "Found", "What to do", title="course doctor")
    for one in conditions:
        sign = "ok" if one.ok else ("[bold red]missing[/]" if one.needed else "without")
        table.add_row(sign, one.what, escape(one.found), escape("" if one.ok else one.remedy))
    return table


def _python() -> Condition:
    version = ".".join(map(str, sys.version_info[:3]))
    return Condition("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer", needed=True)


def _packages(what: str, names: tuple[str, ...]) -> Condition:
    versions = {name: _version(name) for name in names}
    missing = [name for name, version in versions.items() if version is None]
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    remedy = f"`make .venv` installs {', '.join(missing)}"
    return Condition(what, not missing, found or "nothing", remedy, needed=True)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _nbgrader() -> Condition:
    """nbgrader calls `alembic` by name, so a virtual environment must be active (or its bin folder on PATH)."""
    place = shutil.which("alembic")
    here = Path(sys.executable).with_name("alembic")
    remedy = f"activate the environment: `source {here.parent}/activate`" if here.exists() else "`make .venv`"
    return Condition("nbgrader's database tool", place is not None, place or "alembic is not on PATH", remedy)


def _gpu() -> Condition:
    try:
        import torch
    except ImportError:
        return Condition("GPU", False, "torch is not installed", "`make .venv`")
    if torch.cuda.is_available():
        return Condition("GPU", True, torch.cuda.get_device_name(0))
    return Condition("GPU", False, "none; the `cpu` profile is used", "nothing: only the `t4` profile wants one")


def _browser() -> Condition:
    place = browser()
    return Condition("PDFs of feedback", place is not None, place or "no Chromium; HTML pages only", REMEDY)


def _sandbox(course: Course | None) -> list[Condition]:
    """A line for each property of the wall, from an attempt to break it."""
    secrets = [Path.home() / ".ssh", Path.home() / ".bash_history"]
    if course is not None:
        secrets += [course.root / name for name in ("source", "solutions", "graded", "course/course.toml")]
    try:
        proofs = prove_wall(secrets)
    except (NoWallError, WorkerError) as error:
        return [Condition("Sandbox", False, "students' code cannot be walled off", str(error), needed=True)]
    broken = "do not grade with it: the wall does not hold on this machine"
    return [Condition(f"Sandbox: {one.property}", one.held, one.found, broken, needed=True) for one in proofs]


def _data() -> Condition:
    from waferlab.data import fashion_mnist_available

    if fashion_mnist_available():
        return Condition("Fashion-MNIST", True, "on disk")
    remedy = "put its four archives into a folder named by WAFERLAB_DATA, or let a notebook download them"
    return Condition("Fashion-MNIST", False, "not on disk; synthetic wafers are used", remedy)


def _course(course: Course | None) -> Condition:
    if course is None:
        place = os.environ.get("COURSE_ROOT", str(Path.cwd()))
        return Condition("Course", False, f"none at {place}", "change to the course's folder, or set COURSE_ROOT")
    return Condition("Course", True, f"{course.root} ({len(course.assignments)} assignments)")


def _releases(course: Course | None) -> Condition:
    if course is None:
        return Condition("Releases", False, "no course", "see above")
    missing = [one.slug for one in course.assignments if not course.notebook("release", one).is_file()]
    return Condition(
        "Releases", not missing, f"missing: {', '.join(missing)}" if missing else "all", "`course release`"
    )
