"""Where things are: the course root, its settings, and the paths of an assignment."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType

from autograder.base.points import notebook_points
from autograder.base.settings import Settings, SettingsError, read_settings


class CourseError(Exception):
    """A problem that the person at the keyboard can mend; its text is the whole message."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of the course.

    Attributes:
        slug: folder name with its number, for example `04-encoder`.
        title: as in `course.toml`.
        points: of all graded cells of the notebook together.
    """

    slug: str
    title: str
    points: float

    @property
    def number(self) -> int:
        """4 for `04-encoder`."""
        return int(self.slug.split("-", 1)[0])

    @property
    def notebook_name(self) -> str:
        """`encoder` for `04-encoder`: the notebook's file name without its ending, and nbgrader's notebook name."""
        return self.slug.split("-", 1)[1]

    @property
    def module(self) -> str:
        """Name of the check, reference and verdict modules: `error_analysis` for `07-error-analysis`."""
        return self.notebook_name.replace("-", "_")


@dataclass(frozen=True)
class Course:
    """The course on disk.

    Attributes:
        root: the folder that holds `source/`, `release/`, `solutions/` and `course/`.
    """

    root: Path

    @cached_property
    def settings(self) -> Settings:
        """The contents of `course/course.toml`.

        Raises:
            CourseError: a key or value in it cannot be used; says which, and what was expected.
        """
        try:
            return read_settings(self.root / "course" / "course.toml")
        except SettingsError as error:
            raise CourseError(str(error)) from error

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """All assignments, in the order of their numbers."""
        return tuple(self._assignment(slug, entry.title) for slug, entry in sorted(self.settings.assignments.items()))

    def _assignment(self, slug: str, title: str) -> Assignment:
        one = Assignment(slug, title, 0)
        return replace(one, points=notebook_points(*(self.notebook(tree, one) for tree in ("source", "release"))))

    def assignment(self, name: str) -> Assignment:
        """Find an assignment by slug (`04-encoder`), number (`4`, `04`) or notebook name (`encoder`).

        Raises:
            CourseError: there is none of that name; lists those there are.
        """
        for one in self.assignments:
            if name in (one.slug, one.notebook_name, str(one.number), f"{one.number:02}"):
                return one
        known = ", ".join(one.slug for one in self.assignments)
        raise CourseError(f"no assignment is called {name!r}: expected one of {known}")

    def modules_before(self, assignment: Assignment) -> tuple[str, ...]:
        """The modules of earlier assignments, whose reference an assignment may import."""
        return tuple(one.module for one in self.assignments if one.slug < assignment.slug)

    def notebook(self, tree: str, assignment: Assignment) -> Path:
        """The notebook of an assignment in `source`, `release` or `solutions`."""
        return self.root / tree / assignment.slug / f"{assignment.notebook_name}.ipynb"


def find_course(start: Path | None = None) -> Course:
    """The course that `start` (by default the working folder, else this checkout) lies in.

    `COURSE_ROOT` names it outright.

    Raises:
        CourseError: no folder on the way up holds `course/course.toml`.
    """
    named = os.environ.get("COURSE_ROOT")
    places = [Path(named)] if named else [*_upwards(start or Path.cwd()), Path(__file__).resolve().parents[2]]
    for place in places:
        if (place / "course" / "course.toml").is_file():
            return Course(place.resolve())
    raise CourseError(f"no course found: neither {places[0]} nor a folder above it holds course/course.toml")


def _upwards(start: Path) -> list[Path]:
    start = start.resolve()
    return [start, *start.parents]


def checks_module(module: str) -> ModuleType:
    """The public check module of an assignment, for example `waferlab.checks.encoder`.

    Raises:
        CourseError: there is none.
    """
    name = f"waferlab.checks.{module}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        expected = f"course/waferlab/checks/{module}.py, or a folder {module}/"
        raise CourseError(f"the assignment {module!r} has no checks: expected {expected}") from error
