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

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.records import Result
from autograder.report.tables import write_csv

COLUMNS = ("id", "name", "email", "canvas_id", "sis_id", "login", "section")
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = ["ID number", "Full name", "Email address"]
MAX_NAMED = 8

#: The name that work bears, and an assignment.
Place = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """One row of the roster; all but `id` may be empty."""

    id: str
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    section: str = ""

    @property
    def keys(self) -> set[str]:
        """What a folder or file of this person may be called."""
        return {_key(one) for one in (self.id, self.name, self.email, self.canvas_id, self.sis_id, self.login) if one}


@dataclass(frozen=True)
class Tables:
    """Both tables, header first, and what is to be said about them."""

    canvas: tuple[Sequence[object], ...]
    moodle: tuple[Sequence[object], ...]
    remarks: tuple[str, ...]


def roster(course: Course) -> list[Person]:
    """The class as `roster` of `[lms]` in `course.toml` names it (a CSV beside it); empty where it names none.

    Raises:
        CourseError: it is missing, no CSV with a column `id`, or an id is empty or stands twice.
    """
    name = course.settings.lms.roster
    if not name:
        return []
    path = course.root / "course" / str(name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the roster {path} cannot be read ({error}): expected a CSV file in UTF-8") from error
    people = [Person(**{key: (row.get(key) or "").strip() for key in COLUMNS}) for row in rows]
    times = Counter(one.id for one in people)
    wrong = next((one for one, count in times.items() if not one or count > 1), None)
    if wrong is not None or not people:
        found = "no rows" if not people else f"the id {wrong!r}" + (" more than once" if wrong else "")
        raise CourseError(
            f"the roster {path} holds {found}: expected columns {', '.join(COLUMNS)}, and an id of its own in each row"
        )
    return people


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


def _key(text: str) -> str:
    """Folders say `Ada_Lovelace` or `adalovelace` where a roster says `Ada Lovelace`."""
    return "".join(char for char in text.casefold() if char.isalnum() or char in "@.")


def _matched(known: Sequence[Person], students: Sequence[str]) -> tuple[list[tuple[Person, list[str]]], list[str]]:
    """Each person with the names that their work bears, and those that are nobody's or could be several's."""
    if not known:
        return [(Person(one, one), [one]) for one in students], []
    owners: dict[str, list[Person]] = {}
    for person in known:
        for key in person.keys:
            owners.setdefault(key, []).append(person)
    names: Mapping[str, list[str]] = {person.id: [] for person in known}
    strangers = []
    for student in students:
        found = owners.get(_key(student), [])
        (names[found[0].id] if len(found) == 1 else strangers).append(student)
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
