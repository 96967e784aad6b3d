"""`course new`: the beginnings of an assignment, a small task on images that works from end to end.

The templates beside this module are a notebook with the course's frame, a check module, a bank and a test; an author
puts the real task in the place of theirs. What is written is released and exported at once, so that every test of the
course holds from the first minute.
"""

from __future__ import annotations

import json
import keyword
import math
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.author.export import expected_folder, export, reference_folder
from autograder.author.release import release
from autograder.author.trees import Changes, Progress, all_or_nothing, quiet, write_atomically
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import is_check, is_written, notebook_text, read_notebook

TEMPLATES = Path(__file__).resolve().parent / "templates"
TASK = "brightness"  # of the templates
SLUG = re.compile(r"(0[1-9]|[1-9]\d)(-[a-z][a-z0-9]*)+")
LEAST_POINTS, MOST_POINTS = 2, 100


@dataclass(frozen=True)
class Split:
    """An assignment's points: about a third for the written answer, the rest for the checks in quarters of a point.

    >>> Split(8).written, Split(8).automatic, Split(8).values, Split(8).share
    (3, 5, 2.5, 1.25)

    Attributes:
        points: in all.
    """

    points: float

    @property
    def written(self) -> int:
        """What the written answer is worth."""
        return max(1, round(self.points / 3))

    @property
    def automatic(self) -> float:
        """What the checks are worth together."""
        return self.points - self.written

    @property
    def share(self) -> float:
        """What each check of the form is worth: shape, and images left as they are."""
        return math.floor(self.automatic) / 4

    @property
    def values(self) -> float:
        """What the check of the values is worth."""
        return self.automatic - 2 * self.share


def new(course: Course, slug: str, title: str, points: float, progress: Progress = quiet) -> Changes:
    """Write the beginnings of an assignment, then export and release the course.

    Args:
        course: the course on disk.
        slug: number and name, for example `10-lighting`.
        title: for people; any text of one line.
        points: automatic and written together.
        progress: told the name of each step.

    Returns:
        What was written. After an error, nothing is.

    Raises:
        CourseError: the arguments do not do, a name is taken, or the course cannot be exported and released.
    """
    assignment = Assignment(_checked_slug(slug), _checked_title(title), _checked_points(points))
    _refuse_taken_names(course, assignment)
    files = beginnings(course, assignment)
    generated = (course.root / "release", reference_folder(course), expected_folder(course))
    try:
        with all_or_nothing(course.root, [*files, *generated]):
            for path, contents in files.items():
                write_atomically(path, contents)
            fresh = Course(course.root)  # the settings of the other one are read already
            return Changes(written=list(files)) + export(fresh, progress=progress) + release(fresh, progress=progress)
    except OSError as error:
        raise CourseError(f"the assignment could not be written: {error}") from error


def next_steps(course: Course, slug: str) -> str:
    """What the author does now, as a text for the terminal."""
    one = Course(course.root).assignment(slug)
    notebook = course.notebook("source", one).relative_to(course.root).as_posix()
    return f"""\
Everything runs and is fresh, but for the solution with its figures. Now:
  1. edit {notebook}, course/waferlab/checks/{one.module}.py and autograder/banks/{one.module}/
  2. course export, course release
  3. course solutions {slug}
  4. course validate {slug}
A row for the table in README.md:
| [{slug}]({notebook}) | {one.title} | {one.points:g} |"""


def beginnings(course: Course, assignment: Assignment) -> dict[Path, bytes]:
    """The contents of everything that a person goes on writing, by path; the course's settings with the new lines."""
    words = _words(assignment)
    templates = {
        _check_module(course, assignment): "checks.py.j2",
        _bank(course, assignment) / f"{TASK}.toml": "bank.toml.j2",
        _test(course, assignment): "test_checks.py.j2",
    }
    settings = course.root / "course" / "course.toml"
    return {
        course.notebook("source", assignment): _notebook(assignment, words).encode(),
        **{path: _rendered((TEMPLATES / name).read_text("utf-8"), words).encode() for path, name in templates.items()},
        settings: with_assignment(settings.read_text(encoding="utf-8"), assignment).encode(),
    }


def with_assignment(settings: str, assignment: Assignment) -> str:
    r"""The text of `course.toml` with an assignment's lines in the order of numbers, and nothing else changed.

    >>> print(with_assignment("[assignments.01-a]\ntitle = 'A'\n", Assignment("02-b", "B", 3)))
    [assignments.01-a]
    title = 'A'
    <BLANKLINE>
    [assignments.02-b]
    title = "B"
    <BLANKLINE>

    Raises:
        CourseError: the table of assignments is written in a form in which no place for the lines can be found.
    """
    entry = {"title": assignment.title}
    lines = settings.splitlines()
    place = _place(lines, assignment.slug)
    block = [f"[assignments.{assignment.slug}]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]
    before, after = "\n".join(lines[:place]).rstrip("\n"), "\n".join(lines[place:])
    text = "\n\n".join(part for part in (before, "\n".join(block), after) if part).rstrip("\n") + "\n"
    wanted = tomllib.loads(settings)
    wanted.setdefault("assignments", {})[assignment.slug] = entry
    if _parsed(text) != wanted:
        raise CourseError(
            "course.toml: the assignments are not tables like [assignments.01-name]; write the lines by hand"
        )
    return text


def plain_number(value: float) -> int | float:
    """3 for 3.0, as a person writes it."""
    return int(value) if value == int(value) else value


def _toml(value: Any) -> str:
    """A number or a text of printable characters: what JSON escapes in it, TOML escapes in the same way."""
    return json.dumps(value, ensure_ascii=False)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _place(lines: list[str], slug: str) -> int:
    """The line before which the new table goes: the next assignment's, or the one after the last assignment."""
    headers = [(number, line.strip().strip("[]").strip()) for number, line in enumerate(lines) if line.startswith("[")]
    ours = [place for place, (_, name) in enumerate(headers) if name.startswith("assignments.")]
    later = [place for place in ours if headers[place][1].removeprefix("assignments.").strip("\"'") > slug]
    following = later[0] if later else ours[-1] + 1 if ours else len(headers)
    place = headers[following][0] if following < len(headers) else len(lines)
    while following < len(headers) and place and lines[place - 1].startswith("#"):
        place -= 1  # a comment right above a table belongs to it
    return place


# --- templates --------------------------------------------------------------------------------------------------------


def _words(assignment: Assignment) -> dict[str, Any]:
    """What the templates name."""
    split = Split(assignment.points)
    numbers = {name: getattr(split, name) for name in ("points", "written", "automatic", "share", "values")}
    return {
        "number": f"{assignment.number:02}",
        "slug": assignment.slug,
        "title": assignment.title,
        "module": assignment.module,
        "notebook_name": assignment.notebook_name,
        "half": plain_number(split.written / 2),
        **{name: plain_number(value) for name, value in numbers.items()},
    }


def _rendered(template: str, words: dict[str, Any]) -> str:
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, loader=FileSystemLoader(TEMPLATES))
    return environment.from_string(template).render(words)


def _notebook(assignment: Assignment, words: dict[str, Any]) -> str:
    """The source notebook: the template's cells filled in, and the points of the graded ones."""
    notebook = read_notebook(TEMPLATES / "notebook.ipynb")
    for cell in notebook.cells:
        cell.source = _rendered(cell.source, words)
        if is_check(cell) or is_written(cell):
            cell.metadata.nbgrader.points = words["automatic" if is_check(cell) else "written"]
    return notebook_text(notebook)


# --- what does not do -------------------------------------------------------------------------------------------------


def _checked_slug(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise CourseError(f"{slug!r} is no name for an assignment: expected two digits and words, as 10-lighting")
    name = Assignment(slug, "", 0).module
    if keyword.iskeyword(name):
        raise CourseError(f"{slug!r} would make a module {name!r}, which is a word of Python's own")
    return slug


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise CourseError("the title is empty")
    if not title.isprintable():
        raise CourseError(f"the title {title!r} holds characters that cannot be shown")
    return title


def _checked_points(points: float) -> float:
    if not (LEAST_POINTS <= points <= MOST_POINTS and float(2 * points).is_integer()):
        expected = f"{LEAST_POINTS} to {MOST_POINTS}, in steps of half a point"
        raise CourseError(f"{points:g} points cannot be divided among checks and a written answer: expected {expected}")
    return plain_number(points)


def _refuse_taken_names(course: Course, assignment: Assignment) -> None:
    """Refuse a number or a name that an assignment, a folder or a file has.

    Raises:
        CourseError: names what is in the way.
    """
    for one in course.assignments:
        if one.number == assignment.number:
            raise CourseError(f"number {assignment.number:02} is taken by {one.slug}")
        if one.module == assignment.module:
            raise CourseError(f"the name {assignment.notebook_name!r} is taken by {one.slug}")
    for path in _claimed(course, assignment):
        if os.path.lexists(path):
            raise CourseError(
                f"{path.relative_to(course.root)} is there already, and {assignment.slug} would need its name"
            )


def _claimed(course: Course, assignment: Assignment) -> Iterator[Path]:
    """Every path that must be free: what is written here, what is generated, and what would be taken for ours."""
    for tree in ("source", "release", "solutions"):
        yield from sorted((course.root / tree).glob(f"{assignment.slug[:2]}-*"))
    module = assignment.module
    checks, hidden = course.root / "course" / "waferlab" / "checks", course.root / "autograder" / "judge" / "hidden"
    for folder in (checks, reference_folder(course), hidden):
        yield from (folder / f"{module}.py", folder / module)
    yield from (expected_folder(course) / f"{module}.json", _bank(course, assignment), _test(course, assignment))


def _check_module(course: Course, assignment: Assignment) -> Path:
    return course.root / "course" / "waferlab" / "checks" / f"{assignment.module}.py"


def _bank(course: Course, assignment: Assignment) -> Path:
    return course.root / "autograder" / "banks" / assignment.module


def _test(course: Course, assignment: Assignment) -> Path:
    return course.root / "tests" / "waferlab" / "checks" / f"test_{assignment.module}.py"
