"""Whose time is whose: what files of times say, given to the rows of a class. Nothing is guessed.

Nothing here has a part in grading: a time that becomes known later changes no fingerprint, and only tables and pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from autograder.base.course import Course
from autograder.base.identities import Identities
from autograder.base.people import Directory, Person, roster
from autograder.base.records import Result
from autograder.report.late import due_dates
from autograder.report.times import ALL, PEOPLE, Entry

MAX_SAID = 8
_MOODLE = re.compile(r".*_(\d+)_assignsubmission_.*")


def moodles_number(upload: str) -> str:
    """Moodle's number of a person in an assignment, from the name of a folder; empty where there is none."""
    folder = _MOODLE.fullmatch(upload)
    return folder[1] if folder else ""


@dataclass(frozen=True)
class Timed:
    """Results with their times, and what could not be given to anybody.

    Attributes:
        results: in the order in which they came.
        remarks: a sentence for each row of a file that fits nobody, or several people.
    """

    results: list[Result]
    remarks: tuple[str, ...] = ()


def with_times(course: Course, results: Sequence[Result], entries: Sequence[Entry]) -> Timed:
    """The results with the times that files name; a file's word counts before what intake found.

    Args:
        course: for due dates and the roster.
        results: of a run folder.
        entries: of all files, later ones before earlier ones.
    """
    if not entries:
        return Timed(list(results))
    directory, due = Directory(roster(course)), due_dates(course)
    who = Identities(directory, results)
    given: dict[tuple[str, str], list[Entry]] = {}
    used: set[Entry] = set()
    said: list[str] = []
    for slug in sorted({one.assignment for one in results if one.assignment}):
        own = {who.key(one): one for one in results if one.assignment == slug}
        for sheet in _sheets(entries, slug):
            found = _Sheet(slug, sheet, {key: _Sought.of(row, who) for key, row in own.items()}).found()
            said += found.remarks
            used |= found.settled
            for key, entry in found.entries.items():
                given.setdefault((slug, key), []).append(entry)
    said += [sentence for one in entries if one not in used and (sentence := _nobody(one, due, directory))]
    timed = [
        _timed(one, given.get((one.assignment, who.key(one)), ()), due) if one.assignment else one for one in results
    ]
    return Timed(timed, _shortened(said))


def _sheets(entries: Iterable[Entry], slug: str) -> Iterator[list[Entry]]:
    """The entries about an assignment, file by file: within one file two rows are two people."""
    sheets: dict[tuple[str, bool], list[Entry]] = {}
    for one in entries:
        if one.assignment in (slug, ALL):
            sheets.setdefault((one.source.rpartition(", line ")[0], one.assignment == ALL), []).append(one)
    yield from sheets.values()


def _timed(result: Result, entries: Sequence[Entry], due: Mapping[str, datetime]) -> Result:
    """A result with its time, and how long its person has where that is longer than the class."""
    submitted = [one.submitted_at for one in entries if one.submitted_at]
    if submitted:
        result = replace(result, submitted_at=submitted[-1])
    end = due.get(result.assignment or "")
    until = max([one.until(end) for one in entries], default=end) if end else None
    return replace(result, extended_until=until.isoformat()) if until and until != end else result


def _nobody(entry: Entry, due: Mapping[str, datetime], directory: Directory) -> str:
    """What to say of an entry that nothing handed in belongs to; nothing of an extension that waits for its person."""
    match = directory.find(entry.id, entry.login, entry.email, entry.sis_id, entry.name, platform_id=entry.canvas_id)
    if match.is_ambiguous:
        return f"{entry.source}: the roster knows several people called {entry.called!r}; the row counts for nobody."
    ends = [end for slug, end in due.items() if entry.assignment in (slug, ALL)]
    longer = any(entry.until(end) > end for end in ends) or (not ends and entry.extended_until)
    if match.person or not (entry.submitted_at or longer):
        return ""
    what = "anything" if entry.assignment == ALL else entry.assignment
    known = ", and the roster knows no such person" if directory.people else ""
    return f"{entry.source}: nobody called {entry.called!r} has handed in {what}{known}; the row counts for nobody."


def _shortened(said: Sequence[str]) -> tuple[str, ...]:
    lines = list(dict.fromkeys(said))
    rest = len(lines) - MAX_SAID
    return (
        *lines[:MAX_SAID],
        *([f"… and {rest} more rows of files of times that count for nobody."] if rest > 0 else []),
    )


# --- one file, one assignment ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sought:
    """By what somebody who handed in can be found in a file.

    Attributes:
        title: for sentences.
        texts: the surest first.
        number: Canvas's of the user.
        participant: Moodle's in the assignment.
    """

    title: str
    texts: tuple[str, ...]
    number: str = ""
    participant: str = ""

    @classmethod
    def of(cls, row: Result, who: Identities) -> _Sought:
        """Of a row, and of the roster where it knows them."""
        participant = moodles_number(row.upload)
        kind, _, text = who.key(row).partition(":")
        if one := who.person(row):
            texts = (one.id, one.login, one.email, one.sis_id, one.name, row.student)
            return cls(one.title, tuple(filter(None, texts)), one.canvas_id, participant)
        address = re.fullmatch(r"(.*) <([^<>]+)>", text) if kind == "name" else None
        name = row.student.removesuffix(f" ({text})")  # the number that tells two people of one name apart
        texts = (address[2], address[1]) if address else (text, name) if kind == "name" else (name,)
        return cls(row.student, texts, text if kind == "canvas" else "", participant)


@dataclass(frozen=True)
class _Found:
    """Whose entries are whose.

    Attributes:
        entries: by the key of the person.
        settled: entries that somebody got, or of which a remark tells why nobody did.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    settled: set[Entry] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Sheet:
    """The rows of one file about one assignment, and the people who handed that in."""

    slug: str
    rows: list[Entry]
    people: Mapping[str, _Sought]

    def found(self) -> _Found:
        """Give each row to its person; a row that two people fit, or two rows that one person fits, to nobody."""
        found, claims = _Found(), self._claims()
        for key, fitting in claims.items():
            if len(fitting) > 1:
                places = " and ".join(one.source for one in fitting[:3])
                found.remarks.append(
                    f"{places} fit {self.people[key].title} ({self.slug}) alike; they count for nobody."
                )
                found.settled.update(fitting)
        claimed: dict[Entry, list[str]] = {}
        for key, fitting in claims.items():
            if len(fitting) == 1:
                claimed.setdefault(fitting[0], []).append(key)
        for entry, keys in claimed.items():
            found.settled.add(entry)
            if len(keys) == 1:
                found.entries[keys[0]] = entry
                continue
            names = ", ".join(self.people[key].title for key in keys[:MAX_SAID])
            how = "expected an id, an e-mail address or Canvas' number"
            found.remarks.append(f"{entry.source}: {entry.called!r} may be {names} ({self.slug}): {how}.")
        return found

    def _claims(self) -> dict[str, list[Entry]]:
        """The rows that fit each person; Moodle's number of a folder goes before all names."""
        numbers = {one.participant: one for one in self.rows if one.participant}
        book = Directory(_person(place, one) for place, one in enumerate(self.rows))
        claims = {}
        for key, sought in self.people.items():
            entry = numbers.get(sought.participant)
            match = book.find(*sought.texts, platform_id=sought.number)
            claims[key] = [entry] if entry else [self.rows[int(one.section)] for one in match.people]
        return claims


def _person(place: int, entry: Entry) -> Person:
    """A row as somebody of a roster; its place stands where a roster has the section."""
    return Person(**{name: getattr(entry, name) for name in PEOPLE if name != "participant"}, section=str(place))
