"""Grades for learning platforms: `canvas.csv` and `moodle.csv`, as their gradebooks import them.

Canvas: the columns of its own export, with "Points Possible" in the second row; a column `Title (id)` updates the
assignment of that id, and one without an id makes a new assignment (the columns, and that new titles make new
assignments:
https://teaching.resources.osu.edu/toolsets/carmencanvas/guides/calculating-final-grades/import-csv-file-carmen-grades).
Moodle: any column that identifies a person, and one for each grade item; which is which is chosen at import
(https://docs.moodle.org/311/en/Grade_import). Imported grades are overridden ones: they can no longer be edited on the
page of the submission.

A cell is empty, and both platforms leave what they have, where the total is not final: nothing was handed in, it could
not be read, or a written answer waits for its mark. An unfinished total would look like a grade. Nobody gets a zero who
may have handed in: not while work is there that could be theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from autograder.base.course import Assignment, Course
from autograder.base.people import Directory, Person, folded, roster
from autograder.base.records import Result
from autograder.report.tables import write_csv

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
MOODLE = ["ID number", "Full name", "Email address"]
MAX_NAMED = 8

#: A row's key and name, as records hold them.
Bearer = tuple[str, str]
MOODLES_UPLOAD = "_assignsubmission_"
#: A row for each person and a column for each assignment; None where nothing was handed in.
Cells = list[list[str | float | None]]
MOODLES_WAY = "moodle.csv: once imported, these grades can no longer be edited on Moodle's submission page."


@dataclass(frozen=True)
class Tables:
    """Both tables, and what is to be said about them.

    Attributes:
        canvas, moodle: the rows, header first.
        people: whose work is in no row, and of whom there is none; a sentence each.
        remarks: all else that must be known before an import, likewise.
    """

    canvas: tuple[Sequence[object], ...]
    moodle: tuple[Sequence[object], ...]
    people: tuple[str, ...]
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
    known, best = roster(course), list(chosen(results).values())
    rows: dict[Bearer, list[Result]] = {}
    for one in results:
        rows.setdefault((one.person, one.student), []).append(one)
    people = _class(known, rows)
    slugs = {one.assignment for one in results}
    columns = [one for one in course.assignments if one.slug in slugs]
    final = {id(one) for one in best}
    cells = [[_score(own, one.slug, final) for one in columns] for _, own in people.rows]
    held_back = []
    if course.settings.lms.missing == "zero":
        held_back = _fill_in_zeros(people, [one.slug for one in columns], cells)
    canvas, moodle = _canvas(course, columns, people, cells), _moodle(columns, people, cells)
    via_moodle = any(MOODLES_UPLOAD in one.upload for one in results)
    remarks = (*_waiting(best), *held_back, *([MOODLES_WAY] if via_moodle else []))
    return Tables(tuple(canvas), tuple(moodle), tuple(_about_people(people)), remarks)


def write_lms(course: Course, folder: Path, results: Iterable[Result]) -> None:
    """Write `canvas.csv` and `moodle.csv` into a run folder."""
    both = tables(course, results)
    for name, rows in (("canvas.csv", both.canvas), ("moodle.csv", both.moodle)):
        write_csv(folder / name, [str(one) for one in rows[0]], rows[1:])


# --- whose is what ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stray:
    """Work that is nobody's of the roster, or could be several people's."""

    student: str
    number: str
    candidates: tuple[Person, ...]
    slugs: frozenset[str | None]

    def may_be(self, person: Person, slug: str) -> bool:
        """Whether it could be this person's, and for this assignment; what cannot be placed could be for any."""
        if not self.slugs & {slug, None}:
            return False
        if self.candidates:
            return person in self.candidates
        return not (self.number and person.canvas_id)  # another number is another person


@dataclass(frozen=True)
class _Class:
    """Everybody with their work, and the work that has no owner."""

    rows: list[tuple[Person, list[Result]]]
    strays: list[_Stray]


def _class(known: Sequence[Person], rows: Mapping[Bearer, list[Result]]) -> _Class:
    """The roster with everybody's work; without one, those who handed in."""
    if not known:
        return _without_roster(rows)
    own: dict[str, list[Result]] = {person.id: [] for person in known}
    strays, directory = [], Directory(known)
    for (key, student), match in directory.find_recorded(rows).items():
        work = rows[key, student]
        if match.person:
            own[match.person.id] += work
        else:
            number = key.removeprefix("canvas:") if key.startswith("canvas:") else ""
            candidates = match.people or _namesakes(directory, key, student, rows)
            strays.append(_Stray(student, number, candidates, frozenset(one.assignment for one in work)))
    return _Class([(person, own[person.id]) for person in known], sorted(strays, key=lambda one: one.student))


def _namesakes(directory: Directory, key: str, student: str, rows: Iterable[Bearer]) -> tuple[Person, ...]:
    """Who of the roster somebody may be whom only Moodle's number tells from others of the same name.

    Nobody where the roster knows fewer of that name than handed in: then one of them goes by another name there.
    """
    kind, _, number = key.partition(":")
    if kind != "moodle":
        return ()
    name = student.removesuffix(f" ({number})")
    alike = [other for other, called in rows if called == f"{name} ({other.removeprefix('moodle:')})"]
    fitting = directory.find(name).people
    return fitting if len(fitting) >= len(alike) else ()


def _without_roster(rows: Mapping[Bearer, list[Result]]) -> _Class:
    """Everybody who handed in; whom Moodle's number alone tells, or no name at all, may be another row's person."""
    order = sorted(rows, key=lambda one: one[::-1])
    people = {one: _as_person(*one) for one in order}
    strays = []
    for key, student in order:
        slugs = frozenset(one.assignment for one in rows[key, student])
        if key.startswith("moodle:"):
            alike = folded(people[key, student].name)
            namesakes = tuple(one for one in people.values() if folded(one.name) == alike)
            strays.append(_Stray(student, "", namesakes, slugs))
        elif key.endswith("]"):
            strays.append(_Stray(student, "", (), slugs))
    return _Class([(people[one], rows[one]) for one in order], strays)


def _as_person(key: str, student: str) -> Person:
    """What is known of somebody without a roster: nothing is invented."""
    kind, _, value = key.partition(":")
    name = student.removesuffix(f" ({value})")
    if kind == "canvas":
        return Person("", name, canvas_id=value)
    found = re.fullmatch(r"(.*) <([^<>]+@[^<>]+)>", value)
    return Person("", found[1], found[2]) if found else Person("", name)


def _score(work: Sequence[Result], slug: str, final: Set[int]) -> str | float | None:
    """The total of a person's work for an assignment; empty where it is not final, None where there is none."""
    own = [one for one in work if one.assignment == slug and id(one) in final]
    if own:
        last = max(own, key=lambda one: (one.submitted_at or "", one.file))
        return "" if last.to_mark else round(last.total, 4)
    return "" if any(one.assignment in (slug, None) for one in work) else None


def _fill_in_zeros(people: _Class, slugs: Sequence[str], cells: Cells) -> list[str]:
    """Zeros where nothing was handed in; a cell stays empty, with a sentence, where something could be its person's."""
    said = []
    for column, slug in enumerate(slugs):
        kept: dict[str, None] = {}
        works: dict[str, None] = {}
        for (person, _), row in zip(people.rows, cells, strict=True):
            if row[column] is None:
                may_be = [stray.student for stray in people.strays if stray.may_be(person, slug)]
                row[column] = "" if may_be else 0.0
                kept |= {_called(person): None} if may_be else {}
                works |= dict.fromkeys(may_be)
        if kept:
            said.append(
                f"{slug}: no 0 for {_named(list(kept))}, because the work of {_named(list(works))} could be theirs."
            )
    lacking = [(person, {one.assignment for one in work}) for person, work in people.rows]
    unplaced = [_called(person) for person, own in lacking if None in own and not own.issuperset(slugs)]
    if unplaced:
        said.append(f"No 0 for {_named(unplaced)}: something they handed in could be for any assignment.")
    return said


# --- the tables ------------------------------------------------------------------------------------------------------


def _canvas(course: Course, columns: Sequence[Assignment], people: _Class, cells: Cells) -> Iterator[list[object]]:
    settings = course.settings.assignments
    yield [*CANVAS, *(_canvas_title(one, settings[one.slug].canvas_id) for one in columns)]
    yield ["    Points Possible", "", "", "", "", *(one.points for one in columns)]
    for (one, _), row in zip(people.rows, cells, strict=True):
        login = one.login or ("" if one.canvas_id or one.sis_id else one.id)
        yield [
            one.title,
            one.canvas_id,
            one.sis_id,
            login,
            one.section,
            *("" if cell is None else cell for cell in row),
        ]


def _moodle(columns: Sequence[Assignment], people: _Class, cells: Cells) -> Iterator[list[object]]:
    yield [*MOODLE, *(one.title for one in columns)]
    for (one, _), row in zip(people.rows, cells, strict=True):
        yield [one.id, one.name, one.email, *("" if cell is None else cell for cell in row)]


def _canvas_title(assignment: Assignment, canvas_id: int | str | None) -> str:
    return f"{assignment.title} ({canvas_id})" if canvas_id else assignment.title


def _waiting(final: Iterable[Result]) -> list[str]:
    waiting = sum(bool(one.to_mark) for one in final)
    many = f"{waiting} totals wait for marks of written answers; their cells are empty."
    one = "1 total waits for marks of written answers; its cell is empty."
    return [f"canvas.csv and moodle.csv: {one if waiting == 1 else many}"] if waiting else []


def _about_people(people: _Class) -> Iterator[str]:
    """Whose work is in no row, and of whom there is none; without a roster nobody is missed."""
    if not any(person.id for person, _ in people.rows):
        return
    if strangers := [one.student for one in people.strays if not one.candidates]:
        yield f"Nobody of the roster is known to be {_named(strangers)}: this work is in no row of the tables."
    for one in people.strays:
        if one.candidates:
            several = _named([_called(person) for person in one.candidates])
            yield f"{one.student} may be any of {several}: this work is in no row of the tables."
    if absent := [_called(person) for person, work in people.rows if not work]:
        yield f"Nothing under the name of {_named(absent)} was handed in."


def _called(person: Person) -> str:
    return f"{person.name} ({person.id})" if person.name and person.id else person.title


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
