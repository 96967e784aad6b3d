"""What tasks, checks and written questions are called in words, where records hold their short names only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from waferlab.checks.core import Check, Task

from autograder.base.course import Course, CourseError, checks_module
from autograder.base.notebooks import grade_id, is_marked, read_notebook

_HEADING = re.compile(r"^#{1,6}\s+(.+?)(?:\s+\(\d[\d.]* points?\))?\s*$", re.MULTILINE)


class Titles:
    """The words of one course; each module and notebook is read once, and what is gone keeps its short name.

    Args:
        course: the course.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._tasks: dict[str, Mapping[str, Task]] = {}
        self._written: dict[str, Mapping[str, str]] = {}

    def check(self, slug: str, task: str, name: str) -> Check | None:
        """A check as its record says it, None when the course no longer has it."""
        if slug not in self._tasks:
            self._tasks[slug] = self._read_tasks(slug)
        known = self._tasks[slug].get(task)
        return next((one for one in known.checks if one.name == name), None) if known else None

    def written(self, slug: str, name: str) -> str:
        """The heading above what a person marks, for example `Question 1: choosing k`."""
        if slug not in self._written:
            self._written[slug] = dict(self._headings(slug))
        return self._written[slug].get(name) or name.removeprefix("written-").replace("-", " ").capitalize()

    def _read_tasks(self, slug: str) -> Mapping[str, Task]:
        try:
            return checks_module(self._course.assignment(slug).module).TASKS
        except (CourseError, ImportError):
            return {}

    def _headings(self, slug: str) -> Iterator[tuple[str, str]]:
        try:
            cells = read_notebook(self._course.notebook("release", self._course.assignment(slug))).cells
        except CourseError:
            return
        heading = ""
        for cell in cells:
            if is_marked(cell):
                yield str(grade_id(cell)), heading
            elif cell.cell_type == "markdown":
                heading = next(reversed(_HEADING.findall(cell.source)), heading)
