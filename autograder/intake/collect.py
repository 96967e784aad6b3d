"""Collect whatever a class handed in: a list of submissions, each readable or with the cause why not.

Folders, nbgrader's `submitted/` tree, single notebooks, the archives of learning platforms, archives in archives. One
bad file never stops the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from autograder.base.course import Assignment, Course
from autograder.base.names import clean_name
from autograder.base.people import Directory, roster
from autograder.base.records import Submission
from autograder.base.shelf import Shelf
from autograder.intake.finding import Found, find
from autograder.intake.kinds import kind_of
from autograder.intake.persons import Persons, Who
from autograder.intake.reading import IntakeLimits, Unreadable, read_submitted
from autograder.intake.recognising import Portrait, named, portraits, recognise
from autograder.intake.students import Owner, owners, version_of
from autograder.intake.times import handed_in
from autograder.intake.worksheets import worksheets_in

MAX_NAMED = 4  # other files that a sentence about duplicates names
SEVERAL = "files were handed in for this assignment"
ENOUGH, SHARE = 3, 0.9  # notebooks of an export that tell its assignment, and the share of them that agrees
MAX_ROWS = 20  # rows for what cannot be graded of one person; the rest is counted in one more row


@dataclass(frozen=True)
class _Entry:
    """A submission with what decides about it.

    Attributes:
        submission: its student, person and upload still open.
        owner: under which name it was handed in.
        place: the path that was named, and the way from it to the file.
        is_other: whether it is of a kind that matters only where no readable notebook lies beside it.
    """

    submission: Submission
    owner: Owner
    place: tuple[Path, tuple[str, ...]]
    is_other: bool

    @property
    def folder(self) -> tuple[str, ...]:
        """Where it lies; for an archive or a platform's upload, the whole of what one person handed in."""
        parts, depth = self.place[1], self.owner.depth
        if self.owner.upload:
            return parts[:depth]
        archive = next(
            (place for place, part in enumerate(parts) if place >= depth and kind_of(part) == "archive"), None
        )
        return parts[:-1] if archive is None else parts[: archive + 1]

    @property
    def order(self) -> tuple[int, tuple[int, int], str]:
        """How sure the name is, and how new the file; the last is the one that counts."""
        return (-self.owner.depth, version_of(self.place[1][-1]), self.submission.file)

    def lies_beside(self, other: _Entry) -> bool:
        """Whether it lies with another file of the same person: in its folder, below, or above within their own."""
        if self.place[0] != other.place[0]:
            return False
        mine, theirs = self.folder, other.folder
        inside = len(mine) > self.owner.depth  # in a folder that is this person's own
        return mine[: len(theirs)] == theirs or (inside and theirs[: len(mine)] == mine)


def collect(
    course: Course,
    paths: Sequence[Path],
    limits: IntakeLimits | None = None,
    shelf: Shelf | None = None,
    earlier: Mapping[str, str] | None = None,
) -> list[Submission]:
    """Read everything that was handed in.

    Of several readable files of one person for one assignment, the newest by its name is kept (`encoder (2).ipynb`
    before `encoder (1).ipynb`, a `Copy of …` before its original), and the sentence that says so names the others.
    Whatever else was handed in is a row with its cause, unless it lies beside a readable notebook of the same person.

    Args:
        course: the course, with its release notebooks and its roster.
        paths: folders, notebooks and zip archives; Moodle's grading worksheets among them tell whose its numbers are.
        limits: what a submission may cost; by default those of `IntakeLimits`.
        shelf: where notebooks wait until they are graded; by default in memory.
        earlier: the readable names that an earlier run gave to people, by key; they keep them.

    Returns:
        Submissions sorted by student, assignment and file; the same for the same files, whatever their order.

    Raises:
        CourseError: a path does not exist, the course has no releases, or its roster cannot be used.
    """
    limits = limits or IntakeLimits()
    known, people = portraits(course), Directory(roster(course))
    worksheets = {file: table for path in paths for file, table in worksheets_in(path).items()}
    seen = set(worksheets)
    entries = [entry for path in paths for entry in _entries(course, path, known, people, limits, seen, shelf)]
    persons = Persons(people, dict(chain.from_iterable(table.items() for table in worksheets.values())), earlier or {})
    return sorted(
        _distinct(_rows(entries, persons)),
        key=lambda one: (one.student, one.assignment.slug if one.assignment else "~", one.file),
    )


def _entries(
    course: Course,
    path: Path,
    known: Sequence[Portrait],
    people: Directory,
    limits: IntakeLimits,
    seen: set[Path],
    shelf: Shelf | None,
) -> list[_Entry]:
    """Everything under one path; each file's bytes are dropped as soon as its notebook has been read."""
    root = path.resolve()
    read = [(one.parts, _read(one, root, known, limits, shelf), one.is_other) for one in find(path, limits, seen)]
    telling = [parts for parts, _, is_other in read if not is_other]
    whose = owners(
        root,
        [parts for parts, _, _ in read],
        course.assignments,
        telling,
        lambda name: people.find(name).person is not None,
    )
    return _placed(
        _Entry(
            _timed(replace(one, file=_label(path, parts)), path, parts),
            replace(owner, export=(str(root), *owner.export)),
            (root, parts),
            is_other,
        )
        for (parts, one, is_other), owner in zip(read, whose, strict=True)
    )


def _placed(entries: Iterable[_Entry]) -> list[_Entry]:
    """A platform exports one assignment: what tells of none is for that of the notebooks in the same export."""
    entries = list(entries)
    exports: dict[tuple[str, ...], Counter[Assignment]] = {}
    for one in entries:
        if one.owner.upload and one.submission.is_readable and one.submission.assignment:
            exports.setdefault(one.owner.export, Counter())[one.submission.assignment] += 1
    sure = {
        export: found.most_common(1)[0][0]
        for export, found in exports.items()
        if found.total() >= ENOUGH and found.most_common(1)[0][1] >= SHARE * found.total()
    }
    return [
        replace(one, submission=replace(one.submission, assignment=sure.get(one.owner.export)))
        if one.owner.upload and one.submission.assignment is None
        else one
        for one in entries
    ]


def _rows(entries: Sequence[_Entry], persons: Persons) -> list[Submission]:
    """What is left of everything: of each person and assignment one notebook, and what cannot be graded."""
    by_person: dict[Who, list[_Entry]] = {}
    whose = persons.tell([one.owner for one in entries], [one.submission.file for one in entries])
    for entry, who in zip(entries, whose, strict=True):
        by_person.setdefault(replace(who, remark=""), []).append(_signed(entry, who))
    return [row for own in by_person.values() for row in _of_one(sorted(own, key=lambda one: one.order))]


def _signed(entry: _Entry, who: Who) -> _Entry:
    """With the person, and what is not certain about it."""
    one = entry.submission
    repairs = (*one.repairs, who.remark) if who.remark else one.repairs
    signed = replace(one, student=who.student, person=who.person, upload=entry.owner.upload, repairs=repairs)
    return replace(entry, submission=signed)


def _of_one(entries: Sequence[_Entry]) -> list[Submission]:
    """The rows of one person, whose files stand in order."""
    groups: dict[str, list[Submission]] = {}
    readable = [one for one in entries if one.submission.is_readable]
    for one in readable:
        assert one.submission.assignment
        groups.setdefault(one.submission.assignment.slug, []).append(one.submission)
    others = [one.submission for one in entries if not one.submission.is_readable and not _goes_with(one, readable)]
    return [_last(group) for group in groups.values()] + _bounded(others)


def _goes_with(entry: _Entry, readable: Iterable[_Entry]) -> bool:
    """Whether something is a picture, data or the like that belongs to a readable notebook."""
    if not entry.is_other:
        return False
    slug = entry.submission.assignment
    return any(slug in (None, one.submission.assignment) and entry.lies_beside(one) for one in readable)


def _bounded(rows: list[Submission]) -> list[Submission]:
    """A person's first rows of what cannot be graded, and one that counts the rest."""
    if len(rows) <= MAX_ROWS:
        return rows
    rest = rows[MAX_ROWS:]
    return [*rows[:MAX_ROWS], replace(rest[0], cause=f"{len(rest)} more files cannot be graded; this is the first.")]


def _timed(submission: Submission, path: Path, parts: Sequence[str]) -> Submission:
    """With the time at which it was handed in, where that can be told."""
    time, remarks = handed_in(path, parts)
    return replace(submission, submitted_at=time, repairs=(*submission.repairs, *remarks))


def _read(found: Found, root: Path, known: Sequence[Portrait], limits: IntakeLimits, shelf: Shelf | None) -> Submission:
    """The submission in one file, its person and file name still open.

    What cannot be read is for the assignment that its file or its folders are named after.
    """
    placed = named((root.name, *found.parts), [one.assignment for one in known])
    if found.data is None:
        return Submission("", "", placed, cause=found.cause)
    try:
        notebook, repairs = read_submitted(found.data, limits)
    except Unreadable as error:
        return Submission("", "", placed, cause=str(error))
    assignment, more, cause = recognise(notebook, found.parts, known)
    kept = None if cause else shelf.put(notebook) if shelf else notebook
    return Submission("", "", assignment or placed, kept, cause, (*repairs, *more))


def _label(path: Path, parts: Sequence[str]) -> str:
    """Where a file lay, in characters that fit a table."""
    root = path.resolve()
    whole = parts if root.is_file() else (root.name, *parts)
    return "/".join(clean_name(part) for part in whole if part)


def _last(group: list[Submission]) -> Submission:
    *others, last = group
    if not others:
        return last
    names = ", ".join(one.file for one in others[-MAX_NAMED:]) + (", …" if len(others) > MAX_NAMED else "")
    note = f"{len(group)} {SEVERAL}: {last.file} is graded, not {names}."
    return replace(last, repairs=(*last.repairs, note))


def _distinct(submissions: Iterable[Submission]) -> list[Submission]:
    """No two rows with the same file, though two of the named paths may have the same last name."""
    files: Counter[str] = Counter()
    result = []
    for one in sorted(submissions, key=lambda one: (one.student, one.file)):
        files[one.file] += 1
        result.append(one if files[one.file] == 1 else replace(one, file=f"{one.file} [{files[one.file]}]"))
    return result
