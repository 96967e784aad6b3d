"""A class of sixty as platforms give it out: what is on disk, and what must become of it.

Canvas's and Moodle's exports of two assignments, nbgrader's tree and loose archives, in one folder, with a roster. Two
pairs of people have one name, some hand in late, twice, something else or nothing, and two strangers are among them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from notebook_makers import make_zip, write_all

from autograder.base.course import Course
from autograder.base.notebooks import is_answer, is_written, read_notebook, without_markers

PCA, ETHICS = "03-pca", "09-ethics"
#: Bytes of a notebook for an assignment; the number says which of several.
Maker = Callable[[str, int], bytes]

FIRST = ("Ada", "Åsa", "Bo", "José", "Mei", "Zoë", "Jean-Luc", "Nguyễn", "Grace", "Łucja")
LAST = ("Lovelace", "Öberg", "O'Brien", "García Márquez", "Weiß", "van der Berg")
NAMES = [f"{first} {last}" for last in LAST for first in FIRST]
NAMES[0] = NAMES[1] = "John Smith"  # both on Canvas
NAMES[24] = NAMES[25] = "María García"  # both on Moodle
CANVAS, MOODLE, TREE, LOOSE, ABSENT = range(24), range(24, 44), range(44, 54), range(54, 58), range(58, 60)


@dataclass(frozen=True)
class HandIn:
    """What must become of something that was handed in.

    Attributes:
        person: the key of the row.
        assignment: its slug; for a photo, that of the export in which it lies.
        cause: a part of the cause; empty for what can be graded.
        upload: how the platform named it.
    """

    person: str
    assignment: str
    cause: str = ""
    upload: str = ""


@dataclass
class PlatformClass:
    """The class on disk.

    Attributes:
        inbox: the folder to grade.
        roster: CSV text.
        rows: what must become of everything that was handed in.
        absent: ids of those who handed in nothing.
    """

    inbox: Path
    roster: str = ""
    rows: list[HandIn] = field(default_factory=list)
    absent: tuple[str, ...] = tuple(f"s{number + 1:02}" for number in ABSENT)


def make_class(inbox: Path, notebook: Maker, slugs: Sequence[str] = (PCA, ETHICS)) -> PlatformClass:
    """Write a class of sixty into a new folder.

    Args:
        inbox: where.
        notebook: makes the notebooks; `course_notebook` makes real ones.
        slugs: the assignments; what came by mail is for the first, what a stranger handed in for the last.
    """
    made = PlatformClass(inbox, _roster())
    for turn, slug in enumerate(slugs):
        write_all(inbox, {f"wafers-{turn}_submissions.zip": _canvas(made, slug, notebook)})
        export, sheet = _moodle(made, slug, notebook, 100 + 1000 * turn)
        write_all(inbox, {f"WAFER-{turn}-4711.zip": export, f"Grades-WAFER-{turn}.csv": sheet})
        _tree(made, slug, notebook)
    _loose(made, notebook, slugs[0], slugs[-1])
    return made


def use_roster(course: Course, made: PlatformClass, missing: str = "empty") -> Course:
    """The course with this class as its roster."""
    (course.root / "course/roster.csv").write_text(made.roster, encoding="utf-8")
    path = course.root / "course/course.toml"
    text = path.read_text(encoding="utf-8")
    if "[lms]" in text:  # as the real course has it
        for key, value in (("roster", "roster.csv"), ("missing", missing)):
            text = re.sub(rf'(?m)^{key} = "[^"]*"', f'{key} = "{value}"', text)
    else:
        text += f'\n[lms]\nroster = "roster.csv"\nmissing = "{missing}"\n'
    path.write_text(text, encoding="utf-8")
    return Course(course.root)


def course_notebook(course: Course) -> Maker:
    """Notebooks of the course: number 0, 3, … with every answer, 1, 4, … with the code only, 2, 5, … unanswered."""

    @cache
    def made(slug: str, kind: int) -> bytes:
        assignment = course.assignment(slug)
        release = read_notebook(course.notebook("release", assignment))
        source = read_notebook(course.notebook("source", assignment))
        solved = {cell["id"]: without_markers(cell.source) for cell in source.cells}
        for cell in release.cells:
            if (kind == 0 and is_written(cell)) or (kind < 2 and is_answer(cell)):
                cell.source = solved[cell["id"]]
        return nbformat.writes(release).encode("utf-8")

    return lambda slug, number: made(slug, number % 3)


def _roster() -> str:
    lines = ["id,name,email,canvas_id,sis_id,login,section"]
    for number, name in enumerate(NAMES):
        canvas = 1001 + number if number in CANVAS else ""
        lines.append(f"s{number + 1:02},{name},u{number + 1}@uni.example,{canvas},,login{number + 1},A")
    return "\n".join(lines) + "\n"


def _sortable(name: str) -> str:
    """As Canvas writes a name into a file's: the last one first, letters only, in lower case."""
    first, last = name.split(" ", 1)
    return "".join(char for char in f"{last}{first}" if char.isalnum()).lower()


def _key(number: int) -> str:
    return f"roster:s{number + 1:02}"


#: What people of Canvas hand in besides an ordinary notebook, by number: names after the user's number, what is in the
#: files (None: a notebook), and the cause, where none can be graded.
CANVAS_ODD: Mapping[int, tuple[Mapping[str, bytes | None], str]] = {
    2: ({"9001_{0}.pdf": b"%PDF"}, "a PDF"),
    3: ({"9001_photo.HEIC": b"x"}, "a picture"),
    4: ({"text.html": b"<p>done</p>"}, "a web page"),
    5: ({"link.html": b"<a>"}, "a link"),
    6: ({"9001_answer.docx": b"x"}, "a Word document"),
    7: ({"9001_{0}-1.ipynb": None, "9000_{0}.ipynb": None}, ""),
    8: ({"9001_{0}.ipynb": None, "9002_plot.png": b"x", "9003_data.csv": b"x"}, ""),
    9: ({"9001_{0}.ipynb": b'{"cells": ['}, "breaks off"),
    10: ({"9001_work.zip": b"PK no archive"}, "damaged or no zip"),
    11: ({"9001_{0} (2).ipynb": None}, ""),
}


def _canvas(made: PlatformClass, slug: str, notebook: Maker) -> bytes:
    """Canvas's export: flat, one name in front of each file; the late ones are marked."""
    name = slug.split("-", 1)[1]
    members: dict[str, bytes] = {f"strangerjane_LATE_9999_9009_{name}.ipynb": notebook(slug, 0)}
    made.rows.append(HandIn("canvas:9999", slug, upload=f"strangerjane_LATE_9999_9009_{name}.ipynb"))
    for number in CANVAS:
        late = "LATE_" if number % 7 == 0 else ""
        prefix = f"{_sortable(NAMES[number])}_{late}{1001 + number}_"
        files, cause = CANVAS_ODD.get(number, ({"9001_{0}.ipynb": None}, ""))
        named = {prefix + ending.format(name): data for ending, data in files.items()}
        members |= {file: notebook(slug, number) if data is None else data for file, data in named.items()}
        first = next(iter(named))
        made.rows.append(HandIn(_key(number), slug, cause, first))
    return make_zip(members)


EXTENDED = '"Submitted for grading - Extension granted until: Sunday, 22 November 2026, 11:59 PM"'


def _moodle(made: PlatformClass, slug: str, notebook: Maker, first: int) -> tuple[bytes, bytes]:
    """Moodle's export, a folder each with a number of this assignment, and its grading worksheet."""
    name = slug.split("-", 1)[1]
    sheet = ["Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission)"]
    members: dict[str, bytes] = {}
    for number in MOODLE:
        own = first + 3 * number
        state = EXTENDED if number == 34 else "Submitted for grading"
        late = "Saturday, 21 November 2026, 9:30 AM" if number in (34, 35) else "Wednesday, 18 November 2026, 11:58 PM"
        sheet.append(f'Participant {own},{NAMES[number]},u{number + 1}@uni.example,{state},,10,"{late}"')
        folder, file, data, cause = f"{NAMES[number]}_{own}_assignsubmission_file_", f"{name}.ipynb", b"", ""
        if number == 30:
            file, data, cause = "", b"", "the folder is empty"
        elif number == 31:
            file, data, cause = f"{name}.pdf", b"%PDF", "a PDF"
        elif number == 32:
            file, data = "all.zip", make_zip({f"work/{name}.ipynb": notebook(slug, 0), "work/plot.png": b"x"})
        elif number == 33:
            folder = folder.replace("_file_", "_onlinetext_")
            file, data, cause = "onlinetext.html", b"<p>", "a web page"
        else:
            data = notebook(slug, number)
        members[f"{folder}/{file}"] = data
        made.rows.append(HandIn(_key(number), slug, cause, folder))
    return _zip_with_folders(members), ("\ufeff" + "\n".join(sheet) + "\n").encode("utf-8")


def _zip_with_folders(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _tree(made: PlatformClass, slug: str, notebook: Maker) -> None:
    """nbgrader's tree, by login, with its timestamps."""
    name = slug.split("-", 1)[1]
    for number in TREE:
        folder = made.inbox / f"submitted/login{number + 1}/{slug}"
        folder.mkdir(parents=True)
        files: dict[str, bytes] = {"timestamp.txt": b"2026-11-20 12:00:00 UTC"}
        cause = "the folder is empty" if number == 50 else ""
        if not cause:
            files |= {f"{name}.ipynb": notebook(slug, number), ".ipynb_checkpoints/old.ipynb": b"{}", "plot.png": b"x"}
        write_all(folder, files)
        made.rows.append(HandIn(_key(number), slug, cause))


def _loose(made: PlatformClass, notebook: Maker, mailed: str, strange: str) -> None:
    """Archives that came by mail, and a notebook that nobody knows."""
    name = mailed.split("-", 1)[1]
    for number in LOOSE:
        last, first = NAMES[number].split(" ", 1)[1], NAMES[number].split(" ", 1)[0]
        data = make_zip(
            {f"{name}.ipynb": notebook(mailed, number), f"__MACOSX/._{name}.ipynb": b"x", "img/a.png": b"x"}
        )
        write_all(made.inbox, {f"by mail/{last}_{first}.zip": data})
        made.rows.append(HandIn(_key(number), mailed))
    write_all(made.inbox, {"Uwe Unbekannt.ipynb": notebook(strange, 0)})
    made.rows.append(HandIn("name:Uwe Unbekannt", strange))
