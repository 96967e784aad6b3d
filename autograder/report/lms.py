"""Grades for learning platforms: `canvas.csv` and `moodle.csv`, as their gradebooks import them.

Canvas: the columns of its own export, with "Points Possible" in the second row; a column `Title (id)` updates the
assignment of that id, and one without an id makes a new assignment (the columns, and that new titles make new
assignments:
https://teaching.resources.osu.edu/toolsets/carmencanvas/guides/calculating-final-grades/import-csv-file-carmen-grades).
Moodle: any column that identifies a person, and one for each grade item; which is which is chosen at import
(https://docs.moodle.org/311/en/Grade_import).

A cell is empty, and both platforms leave what they have, where the total is not final: nothing was handed in, it could
not be read, or a written answer waits for its mark. An unfinished total would look like a grade.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from autograder.base.course import Assignment, Course
from autograder.base.people import Directory, Person, roster
from autograder.base.records import Result
from autograder.report.tables import write_csv

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = ["ID number", "Full name", "Email address"]
MAX_NAMED = 8

#: The name that work bears, and an assignment.
Place = tuple[str, str]


@dataclass(frozen=True)
class Tables:
    """Both tables, header first, and what is to be said about them."""

    canvas: tuple[Sequence[object], ...]
    moodle: tuple[Sequence[object], ...]
    remarks: tuple[str, ...]


def tables(course: Course, results: Iterable[Result]) -> Tables:
    """What to import, and what people must know about it.

    Args:
        course: for titles, points and the roster.
        results: with marks given by hand and late penalties.

    Raises:
        CourseError: the roster or a setting cannot be used.
    """
    from autograder.report.gradebook import chosen  # imports nbgrader for seconds, which a roster does not need

    results = list(results)
    known, best = roster(course), chosen(results)
    handed_in = {(one.student, one.assignment) for one in results}
    people, strangers = _matched(known, sorted({student for student, _ in handed_in}))
    slugs = {slug for _, slug in handed_in}
    columns = [one for one in course.assignments if one.slug in slugs]
    missing = 0.0 if course.settings.lms.missing == "zero" else ""
    rows = []
    for person, names in people:
        places = [[(name, one.slug) for name in names] for one in columns]
        rows.append((person, [_score(own, best, handed_in, missing) for own in places]))
    settings = course.settings.assignments
    titles = [_canvas_title(one, settings[one.slug].canvas_id) for one in columns]
    canvas = [[*CANVAS, *titles], ["    Points Possible", "", "", "", "", *(one.points for one in columns)]]
    canvas += [[p.name or p.id, p.canvas_id, p.sis_id, p.login or p.id, p.section, *cells] for p, cells in rows]
    moodle = [[*MOODLE, *(one.title for one in columns)], *([p.id, p.name, p.email, *cells] for p, cells in rows)]
    absent = [person.id for person, names in people if not names]
    return Tables(tuple(canvas), tuple(moodle), _remarks(best.values(), strangers if known else [], absent))


def write_lms(course: Course, folder: Path, results: Iterable[Result]) -> None:
    """Write `canvas.csv` and `moodle.csv` into a run folder."""
    both = tables(course, results)
    for name, rows in (("canvas.csv", both.canvas), ("moodle.csv", both.moodle)):
        write_csv(folder / name, [str(one) for one in rows[0]], rows[1:])


def _matched(known: Sequence[Person], students: Sequence[str]) -> tuple[list[tuple[Person, list[str]]], list[str]]:
    """Each person with the names that their work bears, and those that are nobody's or could be several's."""
    if not known:
        return [(Person(one, one), [one]) for one in students], []
    directory = Directory(known)
    names: Mapping[str, list[str]] = {person.id: [] for person in known}
    strangers = []
    for student in students:
        person = directory.find(student).person
        (names[person.id] if person else strangers).append(student)
    return [(person, names[person.id]) for person in known], strangers


def _score(
    places: Sequence[Place], best: Mapping[Place, Result], handed_in: Set[tuple[str, str | None]], missing: str | float
) -> str | float:
    """The total of the work that bears one of a person's names; empty where it is not final."""
    result = next((best[place] for place in places if place in best), None)
    if result is None:
        return missing if handed_in.isdisjoint(places) else ""
    return "" if result.to_mark else round(result.total, 4)


def _canvas_title(assignment: Assignment, canvas_id: int | str | None) -> str:
    return f"{assignment.title} ({canvas_id})" if canvas_id else assignment.title


def _remarks(results: Iterable[Result], strangers: Sequence[str], absent: Sequence[str]) -> tuple[str, ...]:
    waiting = sum(bool(one.to_mark) for one in results)
    said = []
    if waiting:
        said.append(
            f"canvas.csv and moodle.csv: {waiting} totals wait for marks of written answers; their cells are empty."
        )
    if strangers:
        said.append(f"The roster knows nobody, or several people, called {_named(strangers)}.")
    if absent:
        said.append(f"Nothing was handed in by {_named(absent)}.")
    return tuple(said)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
