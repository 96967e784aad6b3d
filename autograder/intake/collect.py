"""Collect whatever a class handed in: a list of submissions, each readable or with the cause why not.

Folders, nbgrader's `submitted/` tree, single notebooks, the archives of learning platforms, archives in archives. One
bad file never stops the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.base.course import Course
from autograder.base.names import clean_name, safe_name
from autograder.base.records import Submission
from autograder.base.shelf import Shelf
from autograder.intake.finding import Found, find
from autograder.intake.reading import IntakeLimits, Unreadable, read_submitted
from autograder.intake.recognising import Portrait, portraits, recognise
from autograder.intake.students import Owner, owners, version_of
from autograder.intake.times import handed_in

MAX_NAMED = 4  # other files that a sentence about duplicates names


@dataclass(frozen=True)
class _Entry:
    """A submission with what decides between several of one student: how sure the name is, and how new the file."""

    submission: Submission
    owner: Owner
    version: tuple[int, int]


def collect(
    course: Course, paths: Sequence[Path], limits: IntakeLimits | None = None, shelf: Shelf | None = None
) -> list[Submission]:
    """Read everything that was handed in.

    Of several readable files of one student for one assignment, the newest by its name is kept (`encoder (2).ipynb`
    before `encoder (1).ipynb`, a `Copy of …` before its original), and the sentence that says so names the others.

    Args:
        course: the course, with its release notebooks.
        paths: folders, notebooks and zip archives.
        limits: what a submission may cost; by default those of `IntakeLimits`.
        shelf: where notebooks wait until they are graded; by default in memory.

    Returns:
        Submissions sorted by student, assignment and file; the same for the same files, whatever their order.

    Raises:
        CourseError: a path does not exist, or the course has no releases.
    """
    limits = limits or IntakeLimits()
    known = portraits(course)
    seen: set[Path] = set()
    entries = [entry for path in paths for entry in _entries(course, path, known, limits, seen, shelf)]
    kept = _one_each(sorted(entries, key=_order))
    return sorted(
        _distinct(kept), key=lambda one: (one.student, one.assignment.slug if one.assignment else "~", one.file)
    )


def _entries(
    course: Course,
    path: Path,
    known: Sequence[Portrait],
    limits: IntakeLimits,
    seen: set[Path],
    shelf: Shelf | None,
) -> list[_Entry]:
    """Everything under one path; each file's bytes are dropped as soon as its notebook has been read."""
    read = [(found.parts, _read(found, known, limits, shelf)) for found in find(path, limits, seen)]
    whose = owners(path.resolve(), [parts for parts, _ in read], course.assignments)
    return [
        _Entry(
            _timed(replace(one, student=owner.student, file=_label(path, parts)), path, parts),
            owner,
            version_of(parts[-1]),
        )
        for (parts, one), owner in zip(read, whose, strict=True)
    ]


def _timed(submission: Submission, path: Path, parts: Sequence[str]) -> Submission:
    """With the time at which it was handed in, where that can be told."""
    time, remarks = handed_in(path, parts)
    return replace(submission, submitted_at=time, repairs=(*submission.repairs, *remarks))


def _read(found: Found, known: Sequence[Portrait], limits: IntakeLimits, shelf: Shelf | None) -> Submission:
    """The submission in one file, its student and file name still open."""
    if found.data is None:
        return Submission("", "", cause=found.cause)
    try:
        notebook, repairs = read_submitted(found.data, limits)
    except Unreadable as error:
        return Submission("", "", cause=str(error))
    assignment, more, cause = recognise(notebook, found.parts, known)
    kept = None if cause else shelf.put(notebook) if shelf else notebook
    return Submission("", "", assignment, kept, cause, (*repairs, *more))


def _label(path: Path, parts: Sequence[str]) -> str:
    """Where a file lay, in characters that fit a table."""
    root = path.resolve()
    whole = parts if root.is_file() else (root.name, *parts)
    return "/".join(clean_name(part) for part in whole if part)


def _order(entry: _Entry) -> tuple[str, int, tuple[int, int], str]:
    return (entry.owner.student, -entry.owner.depth, entry.version, entry.submission.file)


def _one_each(entries: Iterable[_Entry]) -> list[Submission]:
    """Of each student and assignment the last in order; unreadable files are all kept, as rows with their causes."""
    groups: dict[tuple[str, str], list[Submission]] = {}
    rows: list[Submission] = []
    for entry in entries:
        one = entry.submission
        if one.assignment is None or one.notebook is None:
            rows.append(one)
        else:
            groups.setdefault((one.student, one.assignment.slug), []).append(one)
    return rows + [_last(group) for group in groups.values()]


def _last(group: list[Submission]) -> Submission:
    *others, last = group
    if not others:
        return last
    names = ", ".join(one.file for one in others[-MAX_NAMED:]) + (", …" if len(others) > MAX_NAMED else "")
    note = f"{len(group)} files were handed in for this assignment: {last.file} is graded, not {names}."
    return replace(last, repairs=(*last.repairs, note))


def _distinct(submissions: Iterable[Submission]) -> list[Submission]:
    """No two rows with the same file, no two people whose names look alike to a file system."""
    files: Counter[str] = Counter()
    people: dict[str, list[str]] = {}
    result = []
    for one in sorted(submissions, key=lambda one: (one.student, one.file)):
        files[one.file] += 1
        alike = people.setdefault(safe_name(one.student).casefold(), [])
        if one.student not in alike:
            alike.append(one.student)
        student = one.student if alike[0] == one.student else f"{one.student} ({alike.index(one.student) + 1})"
        file = one.file if files[one.file] == 1 else f"{one.file} [{files[one.file]}]"
        result.append(replace(one, student=student, file=file))
    return result
