"""When people handed in, and who has longer: the exports of learning platforms as they are, and a CSV of one's own.

Moodle: the grading worksheet of an assignment, in any language whose headings are known here; an extension is the date
in its column of states (Moodle writes "… - Extension granted until: Monday, 30 November 2026, 11:59 PM"). Canvas' table
of grades holds no times: its API does (`GET /api/v1/courses/ID/assignments/ID/submissions?per_page=100`, saved as
JSON), and tables made from that under the same names. One's own: `EXPECTED`.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from autograder.base.course import Course, CourseError
from autograder.report.moments import Zone, moment_of
from autograder.report.tables import write_csv

FILE = "times.csv"  # what a run folder remembers
MAX_BYTES = 20_000_000
MAX_SHOWN = 60  # characters of a cell in a sentence
ALL = "*"  # in place of an assignment
EXPECTED = (
    "a person (id, name, email, login or canvas_id), assignment, and submitted_at, extended_until or extension_hours; "
    "or Moodle's grading worksheet; or Canvas' submissions as JSON"
)
#: Columns by their headings, of which only letters and digits count.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "assignment": ("assignment", "assignmentname", "aufgabe"),
    "assignment_id": ("assignmentid",),
    "id": ("id", "studentid"),
    "name": ("name", "person", "student", "fullname", "studentname", "username", "vollständigername"),
    "email": ("email", "emailaddress", "emailadresse"),
    "canvas_id": ("canvasid", "userid", "canvasuserid"),
    "sis_id": ("sisid", "sisuserid", "usersisid", "idnumber", "idnummer"),
    "login": ("login", "loginid", "sisloginid"),
    "participant": ("identifier", "participant"),
    "state": ("status",),
    "submitted_at": ("submittedat", "submissiondate", "lastmodifiedsubmission", "zuletztgeändertabgabe"),
    "extended_until": ("extendeduntil", "until", "cachedduedate", "duedate", "fälligkeitsdatum"),
    "extension_hours": ("extensionhours", "hours"),
}
PEOPLE = ("id", "name", "email", "canvas_id", "sis_id", "login", "participant")
TIMES = ("submitted_at", "extended_until", "extension_hours", "state")


@dataclass(frozen=True)
class Entry:
    """What one row says of one person.

    Attributes:
        assignment: a slug, or `*` for all.
        id, name, email, canvas_id, sis_id, login: whom it means, as in the roster; what is not known is empty.
        participant: Moodle's number of this person in this assignment, which stands in the names of its folders.
        submitted_at: when it was handed in (ISO 8601 with an offset), or empty.
        extended_until: when it is due for this person, likewise.
        extension_hours: hours after the due date.
        source: file and line, for sentences.
    """

    assignment: str
    id: str = ""
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    participant: str = ""
    submitted_at: str = ""
    extended_until: str = ""
    extension_hours: float = 0.0
    source: str = ""

    @property
    def whom(self) -> tuple[str, ...]:
        """Assignment and person; a later entry for the same replaces an earlier one."""
        return (self.assignment, *(getattr(self, name) for name in PEOPLE))

    @property
    def called(self) -> str:
        """What the row calls the person."""
        return next((text for name in ("name", *PEOPLE) if (text := getattr(self, name))), "nobody")

    def until(self, due: datetime) -> datetime:
        """When it is due for this person: never earlier than for the class."""
        longer = [due + timedelta(hours=self.extension_hours)]
        longer += [datetime.fromisoformat(self.extended_until)] if self.extended_until else []
        return max(longer)


def read_times(course: Course, given: str) -> list[Entry]:
    """The rows of a file that say something.

    Args:
        course: for assignments, due dates and the time zone.
        given: the path of a CSV or JSON file; or `03-pca=PATH`, where it does not say itself which assignment it is
            about, as Moodle's worksheets do not.

    Raises:
        CourseError: the file, a column, an assignment or a time cannot be used; names file and line.
    """
    slug, path = _split(course, given)
    return [entry for row in _rows(path) if (entry := _Reader(course, path, slug).entry(*row))]


def read_extensions(course: Course) -> list[Entry]:
    """The rows of the file that `extensions` of `[late]` in `course.toml` names; none where it names none.

    Raises:
        CourseError: as `read_times`.
    """
    name = course.settings.late.extensions
    return read_times(course, f"{ALL}={course.root / 'course' / name}") if name else []


def remembered(course: Course, folder: Path) -> list[Entry]:
    """What a run folder remembers of earlier files.

    Raises:
        CourseError: as `read_times`.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    reader = _Reader(course, path, None)
    return [entry for row in _rows(path) if (entry := reader.entry(*row, source=row[1].get("source", "")))]


def remember(folder: Path, entries: Iterable[Entry]) -> None:
    """Write what a run folder remembers; of two entries for one person and assignment the last counts."""
    kept = {entry.whom: entry for entry in entries}
    columns = [field.name for field in fields(Entry)]
    write_csv(folder / FILE, columns, [list(asdict(entry).values()) for entry in kept.values()])


# --- files -----------------------------------------------------------------------------------------------------------


def _split(course: Course, given: str) -> tuple[str | None, Path]:
    name, sign, rest = given.partition("=")
    if not sign or Path(given).exists():
        return _named_in(course, Path(given)), Path(given)
    if name == ALL:
        return ALL, Path(rest)
    return course.assignment(name).slug, Path(rest)


def _named_in(course: Course, path: Path) -> str | None:
    """The one assignment whose slug or title a file's name holds: Moodle writes `Grades-COURSE-Title-123.csv`."""
    stem = _letters(path.stem)
    found = [one.slug for one in course.assignments if _letters(one.slug) in stem or _letters(one.title) in stem]
    return found[0] if len(found) == 1 else None


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by the names of `HEADINGS`, each with its line (in JSON: its place in the list)."""
    text = _text(path)
    if text.lstrip()[:1] in ("[", "{"):
        yield from _json_rows(path, text)
        return
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        columns = _columns(path, next(reader, []))
        for cells in reader:
            row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
            if any(row.values()):
                yield reader.line_num, row
    except csv.Error as error:
        raise CourseError(f"{path}, line {reader.line_num}: not a CSV row ({error})") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise CourseError(f"{path} is larger than {MAX_BYTES // 1_000_000} MB: expected {EXPECTED}")
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read ({error}): expected a CSV or JSON file in UTF-8") from error


def _columns(path: Path, header: Sequence[str]) -> list[str]:
    """The names of `HEADINGS` for the columns, empty for those that do not matter.

    Raises:
        CourseError: there is no person, or nothing about time, among them.
    """
    known = {heading: name for name, headings in HEADINGS.items() for heading in headings}
    columns = [known.get(_letters(one), "source" if one == "source" else "") for one in header]
    if "state" in columns and "participant" not in columns:  # a worksheet in German heads its first column with ID
        columns = ["participant" if name == "id" else name for name in columns]
    if not set(columns) & set(PEOPLE) or not set(columns) & set(TIMES):
        found = ", ".join(one[:MAX_SHOWN] for one in header[:20]) or "nothing"
        raise CourseError(f"{path} has the columns {found}: expected {EXPECTED}")
    return columns


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Canvas' submissions: `user_id`, `submitted_at` and so on, and more of the user where that was asked for."""
    try:
        items = json.loads(text)
        found = list(map(_canvas, items))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CourseError(f"{path} is no list of Canvas' submissions ({error}): expected {EXPECTED}") from error
    yield from enumerate(found, start=1)


def _canvas(item: Mapping[str, Any]) -> dict[str, str]:
    user = item.get("user") or {}
    row = {
        "assignment_id": item.get("assignment_id"),
        "canvas_id": item["user_id"] if "user_id" in item else user.get("id"),
        "name": user.get("name"),
        "login": user.get("login_id"),
        "sis_id": user.get("sis_user_id"),
        "submitted_at": item.get("submitted_at"),
        "extended_until": item.get("cached_due_date"),
    }
    return {name: "" if value is None else str(value) for name, value in row.items()}


# --- rows ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reader:
    """Makes entries of the rows of one file.

    Attributes:
        slug: the assignment of all rows, where it is known from elsewhere.
    """

    course: Course
    path: Path
    slug: str | None

    def entry(self, line: int, row: Mapping[str, str], source: str = "") -> Entry | None:
        """The entry of a row; None where it says nothing."""
        place = f"{self.path.name}, line {line}"
        told = [row.get(name, "") for name in TIMES[:3]]
        state = _extension_in(row.get("state", ""))
        if not any(text not in ("", "-", "0", "0.0") for text in told) and not state:
            return None
        people = {name: row.get(name, "") for name in PEOPLE} | {"participant": _number(row.get("participant", ""))}
        if not any(people.values()):
            raise CourseError(f"{place}: nobody is named: expected {EXPECTED}")
        slug = self._assignment(row.get("assignment", ""), row.get("assignment_id", ""), place)
        zone = Zone.of(self.course.settings, slug)
        times = {
            "submitted_at": _iso(told[0], zone, place, "submitted_at"),
            "extended_until": _iso(state or told[1], zone, place, "extended_until", end_of_day=True),
            "extension_hours": _hours(told[2], place),
        }
        return Entry(slug, **people, **times, source=source or place)

    def _assignment(self, text: str, number: str, place: str) -> str:
        """The slug for a row's assignment, or for Canvas' number of it."""
        for slug, entry in self.course.settings.assignments.items():
            if text.casefold() == entry.title.casefold() or (number and number == str(entry.canvas_id)):
                return slug
        if text == ALL:
            return ALL
        if not text and self.slug:
            return self.slug
        if not text:
            missing = f"Canvas' assignment {number} is the canvas_id of none" if number else "no assignment is named"
            raise CourseError(f"{place}: {missing}: expected a column `assignment`, or the file as 03-pca={self.path}")
        try:
            return self.course.assignment(text).slug
        except CourseError as error:
            raise CourseError(f"{place}: {error}") from error


def _number(text: str) -> str:
    """11 for Moodle's `Participant 11`, in any language."""
    digits = re.search(r"\d+\Z", text)
    return digits[0] if digits else ""


def _extension_in(state: str) -> str:
    """The part of Moodle's state of a submission that tells until when somebody has longer; it comes last."""
    last = state.rsplit(" - ", 1)[-1]
    return last if re.search(r"\b\d{4}\b", last) else ""


def _iso(text: str, zone: Zone, place: str, column: str, *, end_of_day: bool = False) -> str:
    if text in ("", "-"):
        return ""
    try:
        return moment_of(text, zone, end_of_day=end_of_day).isoformat()
    except ValueError as error:
        raise CourseError(f"{place}: {column} is {text[:MAX_SHOWN]!r}: {error}") from error


def _hours(text: str, place: str) -> float:
    try:
        hours = float(text or 0)
        if 0 <= hours <= 24 * 366:
            return hours
    except ValueError:
        pass
    raise CourseError(f"{place}: extension_hours is {text[:MAX_SHOWN]!r}: expected hours after the due date")
