"""The class record: everybody's work of a term, from one run folder or several, with one total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, median
from typing import Literal

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.identities import Identities
from autograder.base.people import Directory, Person, roster
from autograder.base.records import Result
from autograder.report.tables import write_csv

FILE = "term.csv"
MAX_NAMED = 8
Marks = Literal["graded", "waits", "not read", "missing"]


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes:
        name: for sentences.
        results: with times, late penalties and marks by hand.
    """

    name: str
    results: Sequence[Result]


@dataclass(frozen=True)
class Cell:
    """One assignment of one person.

    Attributes:
        result: what counts; None where nothing was handed in.
        is_dropped: whether it is left out of the total, as one of the lowest.
    """

    result: Result | None = None
    is_dropped: bool = False

    @property
    def state(self) -> Marks:
        """Whether it has a mark, and whether that is the last word."""
        if self.result is None:
            return "missing"
        if self.result.status != "graded":
            return "not read"
        return "waits" if self.result.to_mark else "graded"

    @property
    def has_points(self) -> bool:
        """Whether there is anything to count."""
        return self.state in ("graded", "waits")

    @property
    def share(self) -> float:
        """Of the full points; nothing where nothing could be marked."""
        return self.result.total / self.result.full if self.result and self.has_points and self.result.full else 0.0


@dataclass(frozen=True)
class Line:
    """One person.

    Attributes:
        key: of the person in records.
        student: the readable name, which nobody else in the record has.
        person: as the roster knows them.
        cells: in the order of the record's assignments.
        unplaced: files of theirs that belong to no assignment.
    """

    key: str
    student: str
    person: Person | None
    cells: tuple[Cell, ...]
    unplaced: int = 0

    @property
    def points(self) -> float:
        """Of everything that is marked, whatever it weighs."""
        return sum(one.result.total for one in self.cells if one.result and one.has_points)

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to mark, to read or to place."""
        return not self.unplaced and all(one.state in ("graded", "missing") for one in self.cells)

    def numbers(self, assignments: Sequence[Assignment], state: Marks) -> str:
        """The numbers of the assignments in a state, as `03 05`."""
        pairs = zip(assignments, self.cells, strict=True)
        return " ".join(f"{one.number:02}" for one, cell in pairs if cell.state == state)


@dataclass(frozen=True)
class Record:
    """The class over a term.

    Attributes:
        assignments: those that anybody handed in.
        weights: of each in the course's total.
        lines: everybody, by name.
        remarks: what must be known about it.
        results: what counts, under one name a person: for the tables of learning platforms.
    """

    assignments: tuple[Assignment, ...]
    weights: tuple[float, ...]
    lines: tuple[Line, ...]
    remarks: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()

    @cached_property
    def max_points(self) -> float:
        """Of all assignments together."""
        return sum(one.points for one in self.assignments)

    def percent(self, line: Line, *, handed_in: bool = False) -> float | None:
        """The weighted mean share of the points, in percent; None where nothing weighs anything.

        Args:
            line: whose.
            handed_in: of what was handed in and read; else whatever is missing counts as nothing.
        """
        counted = [
            (weight, cell.share)
            for weight, cell in zip(self.weights, line.cells, strict=True)
            if not cell.is_dropped and (cell.has_points or not handed_in)
        ]
        full = sum(weight for weight, _ in counted)
        return round(100 * sum(weight * share for weight, share in counted) / full, 2) if full else None

    @property
    def median(self) -> float | None:
        """Of everybody's percent."""
        found = [share for one in self.lines if (share := self.percent(one)) is not None]
        return median(found) if found else None

    def mean(self, column: int) -> float | None:
        """Of an assignment's points in percent, of those who handed it in."""
        found = [one.cells[column].share for one in self.lines if one.cells[column].has_points]
        return 100 * fmean(found) if found else None


# --- joining ---------------------------------------------------------------------------------------------------------


def join(course: Course, runs: Sequence[Run]) -> Record:
    """One record of the runs.

    A person is known by the key in the rows, and by the roster where it knows them. Of two runs that hold the same
    assignment of one person, the work that was handed in last counts; where a time is unknown, that of the later run.

    Args:
        course: for titles, weights and the roster.
        runs: in the order of the term.

    Raises:
        CourseError: the roster or the weights cannot be used.
    """
    people = roster(course)
    rows = [row for run in runs for row in run.results]
    who = Identities(Directory(people), rows)
    names, (work, twice) = _names(people, runs, who), _work(runs, who)
    slugs = {slug for _, slug in work}
    assignments = tuple(one for one in course.assignments if one.slug in slugs)
    weights = _weights(course, assignments)
    unplaced = [row for row in rows if not row.assignment]
    counts, known = Counter(map(who.key, unplaced)), {one.key: one for one in people}
    lines = []
    for key, student in sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])):
        cells = [Cell(work.get((key, one.slug))) for one in assignments]
        cells = _without_lowest(cells, weights, course.settings.term.drop_lowest)
        lines.append(Line(key, student, known.get(key), tuple(cells), counts[key]))
    named = (replace(one, student=names[who.key(one)], person=who.key(one)) for one in [*work.values(), *unplaced])
    return Record(assignments, weights, tuple(lines), tuple(_remarks(lines, twice)), tuple(named))


def _names(people: Sequence[Person], runs: Sequence[Run], who: Identities) -> dict[str, str]:
    """A name for everybody of the roster and of the runs, unlike all others."""
    wanted = {one.key: one.title for one in people}
    for run in runs:
        for row in sorted(run.results, key=lambda one: one.student):
            wanted.setdefault(who.key(row), row.student)
    times = Counter(name.casefold() for name in wanted.values())
    more = {key: key.partition(":")[2].removeprefix(name).strip(" <>") or key for key, name in wanted.items()}
    return {key: name if times[name.casefold()] == 1 else f"{name} ({more[key]})" for key, name in wanted.items()}


def _work(runs: Sequence[Run], who: Identities) -> tuple[dict[tuple[str, str], Result], list[str]]:
    """What counts, by person and assignment, and who has it in several runs."""
    counts: dict[tuple[str, str], tuple[str, Result]] = {}
    twice: dict[tuple[str, str], str] = {}
    for run in runs:
        for row in run.results:
            if not row.assignment:
                continue
            place = (who.key(row), row.assignment)
            before = counts.get(place)
            if before is None or _replaces(row, before[1]):
                counts[place] = (run.name, row)
            if before and before[0] != run.name:
                twice[place] = f"{row.student} ({row.assignment}: {counts[place][0]})"
    return {place: row for place, (_, row) in counts.items()}, list(twice.values())


def _replaces(row: Result, before: Result) -> bool:
    """A mark goes before none; then the later time, or the later run where one of the times is unknown."""
    if (row.status == "graded") != (before.status == "graded"):
        return row.status == "graded"
    if row.submitted_at and before.submitted_at:
        from autograder.report.gradebook import moment  # imports nbgrader for seconds

        first, second = moment(before.submitted_at), moment(row.submitted_at)
        return first is None or second is None or second >= first
    return True


def _weights(course: Course, assignments: Sequence[Assignment]) -> tuple[float, ...]:
    """As `course.toml` says, else the points.

    Raises:
        CourseError: some have a weight, and others have none.
    """
    given = {slug: entry.weight for slug, entry in course.settings.assignments.items()}
    if all(weight is None for weight in given.values()):
        return tuple(float(one.points) for one in assignments)
    if without := [slug for slug, weight in given.items() if weight is None]:
        raise CourseError(
            f"course.toml: [assignments.{without[0]}] has no weight, and others have one: expected a weight in all "
            "assignments (0 for what does not count), or in none (then points weigh)"
        )
    return tuple(given[one.slug] or 0.0 for one in assignments)


def _without_lowest(cells: Sequence[Cell], weights: Sequence[float], count: int) -> list[Cell]:
    """The cells, the lowest shares of what weighs anything marked as dropped; one always counts."""
    counting = [place for place, weight in enumerate(weights) if weight > 0]
    lowest = sorted(counting, key=lambda place: cells[place].share)[: min(count, max(0, len(counting) - 1))]
    return [replace(cell, is_dropped=place in lowest) for place, cell in enumerate(cells)]


def _remarks(lines: Sequence[Line], twice: Sequence[str]) -> Iterator[str]:
    if twice:
        yield f"Handed in again in another run, which counts: {_named(twice)}."
    if loose := [one.student for one in lines if one.key.startswith("moodle:")]:
        yield (
            f"Only Moodle's number in one assignment tells who {_named(loose)} is, so their weeks are separate rows; "
            "a roster with addresses, and Moodle's grading worksheet beside the submissions, join them."
        )
    if open_ := [one.student for one in lines if not one.is_final]:
        yield f"Not final, for something waits for a mark, could not be read or belongs nowhere: {_named(open_)}."


def _named(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if names[MAX_NAMED:] else "")


# --- the table -------------------------------------------------------------------------------------------------------


def write_term(folder: Path, record: Record) -> None:
    """Write `term.csv`: a row per person, a column of points per assignment, and the course's total."""
    header = ["student", "id", "email", "person", *(one.slug for one in record.assignments), "points", "max_points"]
    header += ["percent", "percent_of_handed_in", "final", "missing", "waits", "not_read", "unplaced", "dropped"]
    write_csv(folder / FILE, header, [_row(record, line) for line in record.lines])


def _row(record: Record, line: Line) -> list[object]:
    person = line.person or Person("")
    points = [round(one.result.total, 4) if one.result and one.has_points else "" for one in line.cells]
    shares = [record.percent(line), record.percent(line, handed_in=True)]
    states: tuple[Marks, ...] = ("missing", "waits", "not read")
    dropped = [f"{one.number:02}" for one, cell in zip(record.assignments, line.cells, strict=True) if cell.is_dropped]
    return [
        *(line.student, person.id, person.email, line.key, *points, round(line.points, 4), record.max_points),
        *("" if share is None else share for share in shares),
        "yes" if line.is_final else "no",
        *(line.numbers(record.assignments, state) for state in states),
        line.unplaced or "",
        " ".join(dropped),
    ]
