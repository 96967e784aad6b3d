"""Feedback for a whole class as one zip, in the naming by which Canvas or Moodle hands it to the students.

Moodle (mod/assign/feedback/file/importziplib.php): each file lies in the folder that the download of all submissions
gave its student, `Full name_participant_assignsubmission_file`; the participant's number decides, the file's own name
is free. Canvas (app/models/abstract_assignment.rb, `infer_comment_context_from_filename`): each file is called as in
the downloaded submissions, `name_user_attachment_file.ipynb`, in which the first two parts of digits only (after
`anon`, the next two parts) decide, and the attachment must be one of that student's; the extension is free and says
what kind of file it is. Names made by people are never trusted: what could lead out of the zip, or to
somebody else, stays out of it and is reported.
"""

from __future__ import annotations

import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from autograder.base.course import Course, CourseError
from autograder.base.records import Result
from autograder.report.gradebook import chosen
from autograder.report.pages import feedback
from autograder.report.printing import printed

Platform = Literal["canvas", "moodle"]
NAMES = {"canvas": "Canvas", "moodle": "Moodle"}
HOW = {
    "canvas": (
        "In Canvas: Gradebook, the assignment's menu, Re-Upload Submissions; the pages come to the students with a "
        "comment. Canvas shows each under the name of the file that was handed in: say to the class that it is a "
        "{kind}, whatever its ending."
    ),
    "moodle": (
        "In Moodle: the assignment's submissions, Actions, Upload multiple feedback files in a zip (the assignment "
        "needs the feedback type Feedback files). Each student finds a {kind} there."
    ),
}
MAX_NAME = 200  # bytes that every file system takes, with an extension
MAX_NAMED = 8
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pages give the same bytes


#: What is being done, how much is done, how much there is.
Progress = Callable[[str, int, int], None]
T = TypeVar("T")


def no_progress(what: str, done: int, total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Address:
    """To whom a page goes.

    Attributes:
        owner: the platform's number of a person in this assignment; of the download itself, where grading is anonymous.
        member: the page's name in the zip.
    """

    owner: str
    member: str


@dataclass(frozen=True)
class Packet:
    """What was written.

    Attributes:
        path: the zip.
        pages: how many pages are in it.
        remarks: who is not in it and why, and what must be known before it is uploaded; a sentence each.
    """

    path: Path
    pages: int
    remarks: tuple[str, ...]


def write_packet(
    course: Course,
    results: Iterable[Result],
    slug: str,
    platform: Platform,
    path: Path,
    *,
    pdf: bool = False,
    progress: Progress = no_progress,
) -> Packet:
    """Write the feedback pages of one assignment as a platform takes them, one a person.

    Args:
        course: for titles.
        results: of a run, with marks given by hand.
        slug: the assignment.
        platform: whose naming.
        path: the zip to write; an older one is replaced.
        pdf: PDFs in place of HTML pages.
        progress: told what is being done, how much is done, and how much there is.

    Raises:
        CourseError: nobody's page could be addressed, or a PDF could not be printed.
    """
    standing = pages_of(results, slug)
    suffix = ".pdf" if pdf else ".html"
    stem = f"{course.assignment(slug).notebook_name}-feedback"
    addresses = {one.student: address(one.upload, platform, stem, suffix) for one in standing}
    times = Counter(one.owner for one in addresses.values() if one)
    members = {name: one.member for name, one in addresses.items() if one and times[one.owner] == 1}
    sent = [one for one in standing if one.student in members]
    left_out = _left_out([one for one in standing if one.student not in members], addresses, platform)
    if not sent:
        raise CourseError(f"no page of {slug} can go back through {NAMES[platform]}. {' '.join(left_out)}".rstrip())
    pages = (feedback.render(one, course) for one in sent)
    data = printed(pages) if pdf else (page.encode("utf-8") for page in pages)
    _write(path, _told(zip((members[one.student] for one in sent), data, strict=True), len(sent), progress))
    how = HOW[platform].format(kind="PDF" if pdf else "web page")
    return Packet(path, len(sent), (*left_out, *_waiting(sent), how))


def pages_of(results: Iterable[Result], slug: str) -> list[Result]:
    """The result that stands for each person: the one in the gradebook, else one that could not be graded.

    What could not be placed belongs to the assignment when the run has no other.

    Args:
        results: of a run.
        slug: the assignment.
    """
    results = list(results)
    standing = {student: one for (student, its), one in chosen(results).items() if its == slug}
    alone = {one.assignment for one in results if one.assignment} == {slug}
    for one in results:
        if one.status != "graded" and (one.assignment == slug or (alone and one.assignment is None)):
            standing.setdefault(one.student, one)
    return [standing[student] for student in sorted(standing)]


def address(upload: str, platform: Platform, stem: str, suffix: str) -> Address | None:
    """To whom a page goes; None where the platform would not know, or the name is not safe.

    >>> address("lovelaceada_LATE_12345_67890_pca.ipynb", "canvas", "pca-feedback", ".html").member
    'lovelaceada_LATE_12345_67890_pca.html'
    >>> address("Ada Lovelace_12345_assignsubmission_file_", "moodle", "pca-feedback", ".html").member
    'Ada Lovelace_12345_assignsubmission_file_/pca-feedback.html'
    >>> address("../Ada_12345_assignsubmission_file_", "moodle", "pca-feedback", ".html")

    Args:
        upload: the name under which the platform gave out the file or folder.
        platform: whose naming.
        stem: how a page is called where its name is free.
        suffix: `.html` or `.pdf`.
    """
    if not _is_safe(upload):
        return None
    return _in_moodle(upload, stem + suffix) if platform == "moodle" else _in_canvas(upload, suffix)


def _is_safe(name: str) -> bool:
    """Whether a name is one plain part of a path everywhere."""
    signs = any(unicodedata.category(char).startswith("C") or char in '/\\:*?"<>|' for char in name)
    return bool(name) and not signs and name[0] not in ".~ " and len(name.encode("utf-8", "replace")) <= MAX_NAME


def _in_moodle(upload: str, page: str) -> Address | None:
    """The student's folder; a file that was downloaded without folders has it before its own name."""
    parts = upload.split("_", 4)
    if len(parts) < 4 or not _is_number(parts[1]) or not parts[2].startswith("assign") or not parts[3]:
        return None
    folder = "_".join(parts[:4]) + ("_" if len(parts) > 4 else "")
    return Address(parts[1], f"{folder}/{page}")


def _in_canvas(upload: str, suffix: str) -> Address | None:
    parts = [part for part in upload.split("_") if part != "LATE"]
    ids = parts[1:3] if parts[0] == "anon" else [part for part in parts if _is_number(part)][:2]
    if len(ids) < 2 or not _is_number(ids[1]):
        return None
    stem = upload.rsplit(".", 1)[0]
    if stem.rsplit("_", 1)[-1].startswith("link"):  # Canvas takes these for addresses that were handed in
        stem += "_feedback"
    return Address(ids[0], stem + suffix)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _left_out(absent: Sequence[Result], addresses: Mapping[str, Address | None], platform: Platform) -> list[str]:
    """Who gets no page in this way, by cause."""
    name = NAMES[platform]
    causes: dict[str, list[str]] = {}
    for one in absent:
        if addresses[one.student]:
            cause = f"several of them have one number in {name}, and a page could go to the wrong person"
        else:
            cause = f"what they handed in has no name by which {name} gives out files"
        causes.setdefault(cause, []).append(one.student)
    return [f"Left out, because {cause}: {_named(students)}." for cause, students in causes.items()]


def _waiting(sent: Sequence[Result]) -> list[str]:
    waiting = sum(bool(one.to_mark) for one in sent)
    return [f"On {waiting} of {len(sent)} pages a written answer still waits for its mark."] if waiting else []


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")


def _told(members: Iterable[T], count: int, progress: Progress) -> Iterator[T]:
    for done, member in enumerate(members, 1):
        yield member
        progress("writing feedback", done, count)


def _write(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a zip, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w") as packet:
            for name, data in members:
                packet.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
