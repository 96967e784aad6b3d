"""Taking in whatever a class hands in."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import zipfile
from functools import cache
from pathlib import Path

import notebook_makers as make
import pytest

from autograder.base.course import Course, CourseError
from autograder.base.names import clean_name, safe_name
from autograder.base.records import Submission
from autograder.intake import IntakeLimits, collect
from autograder.intake.reading import Unreadable, read_submitted

GOOD = make.to_bytes(make.answered())
OTHER = make.to_bytes(make.other_release())
MOODLE = "Åsa Öberg_{0}_assignsubmission_file_"


@pytest.fixture
def course(tmp_path) -> Course:
    return make.make_course(tmp_path / "course")


@pytest.fixture
def class_folder(tmp_path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def rows(submissions: list[Submission]) -> list[tuple[str, str | None]]:
    """Students and what they handed in."""
    return [(one.student, one.assignment.slug if one.assignment else None) for one in submissions]


def only(submissions: list[Submission]) -> Submission:
    """The one submission that there should be."""
    assert len(submissions) == 1, submissions
    return submissions[0]


# --- where files lie and whose they are ------------------------------------------------------------------------------

TREES = {
    "nbgrader's tree": ("submitted/ada/01-scaling/scaling.ipynb", "ada"),
    "a folder per student": ("ada/scaling.ipynb", "ada"),
    "a file per student": ("ada.ipynb", "ada"),
    "student in the file name": ("scaling_ada.ipynb", "ada"),
    "a folder per assignment": ("01-scaling/ada.ipynb", "ada"),
    "assignment, then student": ("01-scaling/ada/scaling.ipynb", "ada"),
    "a copy": ("ada/Copy of scaling.ipynb", "ada"),
    "a browser's copy": ("ada/scaling (1).ipynb", "ada"),
    "a browser's ending": ("ada/scaling.ipynb.txt", "ada"),
    "Moodle's folders": ("Ada Lovelace_4711_assignsubmission_file_/scaling.ipynb", "Ada Lovelace"),
    "Moodle's files": ("Ada Lovelace_4711_assignsubmission_file_scaling.ipynb", "Ada Lovelace"),
    "Canvas's files": ("lovelaceada_12345_678910_scaling-1.ipynb", "lovelaceada"),
    "Canvas's late files": ("lovelaceada_LATE_12345_678910_scaling.ipynb", "lovelaceada"),
    "Blackboard's files": ("Scaling_ada1815_attempt_2026-01-02-10-00-00_scaling.ipynb", "ada1815"),
}


@pytest.mark.parametrize(("file", "student"), TREES.values(), ids=TREES)
def test_student_from_folder_and_file(course, class_folder, file, student):
    """Is the student known however the files are arranged on disk?"""
    make.write_all(class_folder, {file: GOOD})
    assert rows(collect(course, [class_folder])) == [(student, "01-scaling")]


@pytest.mark.parametrize(("file", "student"), TREES.values(), ids=TREES)
def test_student_from_archive(course, class_folder, file, student):
    """Is the student known when the same files come in a class's archive?"""
    members = {file: GOOD, file.replace("ada", "bob").replace("Ada", "Bob").replace("12345", "54321"): GOOD}
    make.write_all(class_folder, {"export.zip": make.make_zip(members)})
    found = [name for name, _ in rows(collect(course, [class_folder / "export.zip"]))]
    assert found == sorted([student, student.replace("ada", "bob").replace("Ada", "Bob")])


def test_single_notebook(course, class_folder):
    """Is one notebook, named outright, one submission of the person whose folder it lies in?"""
    make.write_all(class_folder, {"ada/01-scaling/scaling.ipynb": GOOD})
    one = only(collect(course, [class_folder / "ada/01-scaling/scaling.ipynb"]))
    assert (one.student, one.file, one.repairs) == ("ada", "scaling.ipynb", ())


def test_archive_in_archive(course, class_folder):
    """Is a notebook in an archive in an archive found, and is it the outer archive's student?"""
    inner = make.make_zip({"bob/01-scaling/scaling.ipynb": GOOD})
    outer = make.make_zip({"homework/final.zip": inner, "__MACOSX/._final.zip": b"x"})
    make.write_all(class_folder, {"ada.zip": outer, "bob.zip": make.make_zip({"scaling.ipynb": OTHER})})
    found = collect(course, [class_folder])
    assert rows(found) == [("ada", "01-scaling"), ("bob", "02-counting")]
    assert found[0].file == "class/ada.zip/homework/final.zip/bob/01-scaling/scaling.ipynb"


def test_nobody_displaces_another_by_nesting(course, class_folder):
    """Does a person's own file win over one that somebody else's archive claims for them?"""
    forged = make.make_zip({"bob_1_assignsubmission_file_/scaling.ipynb": make.to_bytes(make.release())})
    make.write_all(class_folder, {"ada.zip": forged, "bob_1_assignsubmission_file_/scaling.ipynb": GOOD})
    one = only(collect(course, [class_folder]))
    assert one.file == "class/bob_1_assignsubmission_file_/scaling.ipynb"
    assert "ada.zip" in one.repairs[0]


def test_checkpoints_and_shadow_files_are_ignored(course, class_folder):
    """Are Jupyter's checkpoints and macOS's shadow files passed over?"""
    junk = {f"ada/{folder}/scaling.ipynb": OTHER for folder in (".ipynb_checkpoints", "__MACOSX")}
    make.write_all(
        class_folder, {**junk, "ada/._scaling.ipynb": b"\0\1", "ada/scaling.ipynb": GOOD, "ada/notes.txt": b"x"}
    )
    assert rows(collect(course, [class_folder])) == [("ada", "01-scaling")]


def test_order_does_not_depend_on_the_order_of_paths(course, class_folder):
    """Are submissions the same, in the same order, whatever order the paths are named in?"""
    make.write_all(class_folder, {f"{name}/scaling.ipynb": GOOD for name in ("eve", "ada", "bob")})
    paths = [class_folder / name for name in ("eve", "ada", "bob")]
    assert collect(course, paths) == collect(course, paths[::-1])


def test_a_file_named_twice_counts_once(course, class_folder):
    """Is a file that two of the named paths hold one submission?"""
    make.write_all(class_folder, {"ada/scaling.ipynb": GOOD})
    one = only(collect(course, [class_folder, class_folder / "ada", class_folder / "ada/scaling.ipynb"]))
    assert one.repairs == ()


def test_missing_path(course):
    """Does a path that does not exist end in one clear sentence?"""
    with pytest.raises(CourseError, match=r"nowhere does not exist: expected a notebook \(.ipynb\), a folder or a zip"):
        collect(course, [Path("nowhere")])


def test_course_without_releases(tmp_path, class_folder):
    """Does a course without release notebooks say which command makes them?"""
    make.write_all(tmp_path, {"empty/course/course.toml": make.SETTINGS.encode()})
    with pytest.raises(CourseError, match="course release"):
        collect(Course(tmp_path / "empty"), [class_folder])


# --- several files of one student ------------------------------------------------------------------------------------

VERSIONS = {
    "numbered by a browser": ("scaling (2).ipynb", "scaling (10).ipynb"),
    "copy of": ("scaling.ipynb", "Copy of scaling.ipynb"),
    "handed in again on Canvas": ("scaling.ipynb", "scaling-1.ipynb"),
}


@pytest.mark.parametrize(("old", "new"), VERSIONS.values(), ids=VERSIONS)
def test_newest_of_several_files(course, class_folder, old, new):
    """Is the newest of one student's files graded, and does a sentence name the other?"""
    make.write_all(class_folder, {f"ada/{old}": GOOD, f"ada/{new}": GOOD})
    one = only(collect(course, [class_folder / "ada"]))
    assert one.file == f"ada/{new}"
    assert one.repairs[-1] == f"2 files were handed in for this assignment: ada/{new} is graded, not ada/{old}."


def test_readable_file_wins_over_a_broken_newer_one(course, class_folder):
    """Is the older file graded when the newer one cannot be read, and is the newer one a row with its cause?"""
    make.write_all(class_folder, {"ada/scaling.ipynb": GOOD, "ada/scaling (1).ipynb": GOOD[:500]})
    newer, older = collect(course, [class_folder])
    assert rows([newer, older]) == [("ada", "01-scaling")] * 2
    assert "breaks off" in newer.cause and older.is_readable


def test_two_people_with_names_alike(course, class_folder):
    """Do two people keep two rows when their names give the same file name?"""
    make.write_all(class_folder, {"ada b/scaling.ipynb": GOOD, "ada_b/scaling.ipynb": GOOD})
    assert len({safe_name(one.student).casefold() for one in collect(course, [class_folder])}) == 2


# --- which assignment ------------------------------------------------------------------------------------------------


def with_slug(slug: str) -> dict:
    raw = json.loads(make.to_bytes(make.without_metadata(make.answered(), ids=False)))
    raw["metadata"]["waferlab"] = {"assignment": slug}
    return raw


ASSIGNMENTS = {
    "metadata of the notebook": (with_slug("02-counting"), "02-counting"),
    "a slug of no assignment": (with_slug("99-nothing"), "01-scaling"),
    "grade_ids": (make.answered(), "01-scaling"),
    "cell ids": (make.without_metadata(make.release()), "01-scaling"),
    "names that it defines": (make.without_metadata(make.answered(), ids=False), "01-scaling"),
}


@pytest.mark.parametrize(("notebook", "slug"), ASSIGNMENTS.values(), ids=ASSIGNMENTS)
def test_assignment_from_content(course, class_folder, notebook, slug):
    """Is the assignment known from what is in the notebook, though the file's name says otherwise?"""
    make.write_all(class_folder, {"ada/counting.ipynb": make.to_bytes(notebook)})
    assert rows(collect(course, [class_folder])) == [("ada", slug)]


def test_assignment_from_name_when_nothing_else_tells(course, class_folder):
    """Is a notebook without any sign taken for what its file's name says, with a sentence?"""
    blank = make.to_bytes(make.new_notebook(cells=[make.new_code_cell("x = 1")]))
    make.write_all(class_folder, {"ada/counting.ipynb": blank})
    one = only(collect(course, [class_folder]))
    assert one.assignment.slug == "02-counting"
    assert "by the file's name only" in one.repairs[0]


# --- what cannot be graded -------------------------------------------------------------------------------------------


def foreign() -> bytes:
    notebook = make.new_notebook(cells=[make.code("a", "x = 1", solution=True, grade_id="cs101-loops")])
    return make.to_bytes(notebook)


BROKEN = {
    "truncated": (GOOD[:700], "breaks off in the middle"),
    "truncated in a string": (GOOD[: GOOD.index(b"Return twice")], "breaks off in the middle"),
    "damaged inside": (GOOD.replace(b'"cells"', b'cells"'), "damaged"),
    "empty": (b"", "empty"),
    "zeros": (b"\0" * 4096, "empty"),
    "spaces": (b"\xef\xbb\xbf \n", "empty"),
    "web page": (b"<!DOCTYPE html><html>", "a web page"),
    "archive": (make.make_zip({"a": b"b"}), "a zip archive"),
    "PDF": (b"%PDF-1.7\xff\xfe", "a PDF"),
    "Latin-1": (GOOD.replace(b"twice", b"zweif\xe4ltig"), "UTF-8"),
    "format 3": (b'{"nbformat": 3, "worksheets": []}', "nbformat 3"),
    "format 9": (b'{"nbformat": 9, "cells": []}', "format is 9"),
    "another course": (foreign(), "another course (its graded cells: cs101-loops)"),
    "JSON, but no notebook": (b'{"a": 1}', "no notebook"),
    "a list": (b"[1, 2]", "no notebook"),
    "a number": (b"7", "no notebook"),
    "cells are no list": (b'{"nbformat": 4, "cells": {"a": 1}}', "no list of cells"),
    "no cells": (b'{"nbformat": 4, "cells": []}', "no cells"),
    "cells of nonsense": (b'{"nbformat": 4, "cells": [1, null, "x", {"cell_type": "code", "source": 3}]}', "no cells"),
    "nested lists": (b"[" * 100_000, "nested too deeply"),
    "nested lists, closed": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "nested in metadata": (b'{"nbformat": 4, "cells": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nested too deeply"),
    "huge number": (b'{"nbformat": 4, "x": ' + b"9" * 10_000 + b"}", "absurd numbers"),
    "millions of values": (b"[" + b"1," * 4_100_000 + b"1]", "more data than a notebook"),
    "too many cells": (
        make.to_bytes({"nbformat": 4, "cells": [{"cell_type": "code", "source": ""}] * 1001}),
        "1001 cells",
    ),
    "too much code": (
        make.to_bytes({"nbformat": 4, "cells": [{"cell_type": "code", "source": "x" * 410_000}]}),
        "410000",
    ),
}


@pytest.mark.parametrize(("data", "cause"), BROKEN.values(), ids=BROKEN)
def test_broken_file_is_a_row_with_its_cause(course, class_folder, data, cause):
    """Does a file that cannot be read become a row with its cause, and does the batch go on?"""
    make.write_all(class_folder, {"ada/scaling.ipynb": GOOD, "bob/scaling.ipynb": data})
    good, bad = collect(course, [class_folder])
    assert (good.student, good.cause) == ("ada", None)
    assert (bad.student, bad.notebook) == ("bob", None)
    assert cause in bad.cause


FORMS = {
    "byte order mark": (b"\xef\xbb\xbf" + GOOD, "byte order mark"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "byte order mark"),
    "old minor version": (GOOD.replace(b'"nbformat_minor": 5', b'"nbformat_minor": 0'), None),
    "source as lists": (
        make.to_bytes(
            {
                **make.answered(),
                "cells": [{**cell, "source": cell.source.splitlines(True)} for cell in make.answered().cells],
            }
        ),
        None,
    ),
    "Windows line ends": (GOOD.replace(b"\\n", b"\\r\\n"), None),
    "without metadata": (make.to_bytes({"cells": make.answered().cells}), None),
    "one damaged cell": (make.to_bytes({**make.answered(), "cells": [*make.answered().cells, 7]}), "1 damaged cell"),
}


@pytest.mark.parametrize(("data", "repair"), FORMS.values(), ids=FORMS)
def test_odd_forms_are_read(data, repair):
    """Are the sources the same, whatever form the file has?"""
    notebook, repairs = read_submitted(data)
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in make.answered().cells]
    assert [repair in one for one in repairs] == ([True] if repair else [])


def test_outputs_and_personal_data_stay_behind():
    """Does nothing of a notebook's outputs and of Colab's personal data come in?"""
    raw = make.as_colab_saves(make.answered())
    raw["cells"][4]["outputs"] = [{"output_type": "stream", "text": "Rosalind Secret"}]
    raw["metadata"]["colab"]["name"] = "Rosalind Secret.ipynb"
    kept = json.dumps(read_submitted(make.to_bytes(raw))[0])
    assert "Rosalind" not in kept and "0123456789" not in kept and "executionInfo" not in kept


def test_notebook_above_the_limit_is_not_read(course, class_folder):
    """Is a file above the size limit a row that tells the student to clear the outputs?"""
    path = make.write_all(class_folder, {"ada.ipynb": b""}) / "ada.ipynb"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)  # no disk is used
    assert only(collect(course, [class_folder])).cause.startswith(
        "the file is too big: 200 MB, at most 50 MB are read."
    )


# --- hostile archives and file systems -------------------------------------------------------------------------------


#: Small enough for a test to reach.
TIGHT = IntakeLimits(slack=20 * 2**20)


@cache
def bomb() -> bytes:
    """An archive of some kilobytes that unpacks to 80 MB."""
    return make.make_zip({f"{number:02}.ipynb": bytes(10 * 2**20) for number in range(8)})


def slip() -> bytes:
    return make.make_zip(
        {"../../evil.ipynb": GOOD, "/etc/evil.ipynb": GOOD, "C:\\evil.ipynb": GOOD, "scaling.ipynb": GOOD}
    )


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("scaling.ipynb")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return buffer.getvalue()


def locked() -> bytes:
    data = bytearray(make.make_zip({"scaling.ipynb": GOOD}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def nested(levels: int) -> bytes:
    data = make.make_zip({"scaling.ipynb": GOOD})
    for _ in range(levels):
        data = make.make_zip({"inner.zip": data})
    return data


def overlapping() -> bytes:
    """Two entries of the table of contents for the same packed bytes (a bomb by reuse)."""
    first = make.make_zip({"scaling.ipynb": GOOD})
    start, end = first.index(b"PK\x01\x02"), first.index(b"PK\x05\x06")
    entry, record = first[start:end], bytearray(first[end:])
    record[8:12] = b"\x05\x00\x05\x00"
    record[12:16] = (5 * len(entry)).to_bytes(4, "little")
    return first[:start] + 5 * entry + bytes(record)


def endless_table() -> bytes:
    data = bytearray(make.make_zip({"scaling.ipynb": GOOD}))
    place = data.index(b"PK\x05\x06")
    data[place + 12 : place + 16] = b"\xf0\xff\xff\x7f"
    return bytes(data)


HOSTILE = {
    "bomb": (bomb(), "zip bomb"),
    "nested bomb": (make.make_zip({"a.zip": bomb()}, zipfile.ZIP_STORED), "zip bomb"),
    "link": (link(), "symbolic link"),
    "paths that lead outside": (slip(), "leads outside the archive"),
    "password": (locked(), "protected by a password"),
    "nested too deep": (nested(6), "archives are nested 4 deep"),
    "overlapping members": (overlapping(), "overlap"),
    "endless table of contents": (endless_table(), "more than 20000 files"),
    "another packing method": (make.make_zip({"scaling.ipynb": GOOD}, zipfile.ZIP_LZMA), "ordinary zip archive"),
    "truncated archive": (make.make_zip({"scaling.ipynb": GOOD})[:-30], "damaged or no zip archive"),
    "no archive": (b"hello", "damaged or no zip archive"),
    "empty archive": (make.make_zip({}), "holds no notebook"),
    "archive without notebooks": (make.make_zip({"report.pdf": b"x"}), "a PDF; expected the notebook"),
    "another archive in it": (make.make_zip({"work.rar": b"x"}), "not read here"),
    "absurd name": (make.make_zip({"x" * 5000 + ".ipynb": GOOD}), "absurdly long"),
}


@pytest.mark.parametrize(("data", "cause"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_archive_is_a_row_with_its_cause(course, class_folder, data, cause):
    """Is a hostile archive refused with its cause, and does the batch go on?"""
    make.write_all(class_folder, {"ada/scaling.ipynb": GOOD, "bob.zip": data})
    found = collect(course, [class_folder], TIGHT)
    assert rows(found)[0] == ("ada", "01-scaling")
    assert {one.student for one in found[1:]} == {"bob"}
    assert any(one.cause and cause in one.cause for one in found), [one.cause for one in found]


def test_members_beside_a_refused_one_are_read(course, class_folder):
    """Is the honest notebook in an archive with evil paths still graded, and nothing written anywhere?"""
    make.write_all(class_folder, {"bob.zip": slip()})
    before = sorted(class_folder.parent.rglob("*"))
    found = collect(course, [class_folder])
    assert [one.cause is None for one in found].count(True) == 1
    assert sorted(class_folder.parent.rglob("*")) == before


def test_honest_members_do_not_pay_for_a_bomb(course, class_folder):
    """Are all honest members of a class's archive read though a bomb lies among them?"""
    honest = {f"{name}/scaling.ipynb": GOOD for name in ("ada", "bob", "eve")}
    make.write_all(class_folder, {"class.zip": make.make_zip({**honest, "bart/work.zip": bomb()})})
    found = collect(course, [class_folder / "class.zip"], TIGHT)
    assert {one.student for one in found if one.notebook} == {"ada", "bob", "eve"}


def test_thousands_of_refused_members_are_few_rows(course, class_folder):
    """Does an archive with thousands of evil members stay a short report?"""
    make.write_all(class_folder, {"bob.zip": make.make_zip({f"../{number}.ipynb": b"" for number in range(3000)})})
    found = collect(course, [class_folder])
    assert len(found) == 21
    assert "2980 more files" in " ".join(one.cause for one in found)


def test_links_on_disk_are_not_followed(course, class_folder, tmp_path):
    """Are links to files and folders in a class's folder rows, not read?"""
    make.write_all(tmp_path, {"secret/scaling.ipynb": GOOD})
    (class_folder / "ada").symlink_to(tmp_path / "secret")
    (class_folder / "bob.ipynb").symlink_to(tmp_path / "secret/scaling.ipynb")
    found = collect(course, [class_folder])
    assert [(one.student, "symbolic link" in one.cause) for one in found] == [("ada", True), ("bob", True)]


def test_pipe_is_not_waited_for(course, class_folder):
    """Is a named pipe with a notebook's name a row, not an endless wait?"""
    os.mkfifo(class_folder / "ada.ipynb")
    assert only(collect(course, [class_folder])).cause == "it is not an ordinary file."


def test_other_file_named_outright(course, class_folder):
    """Is a file of another kind, named outright, a row and no error?"""
    make.write_all(class_folder, {"ada.docx": b"x"})
    assert (
        only(collect(course, [class_folder / "ada.docx"])).cause == "a Word document; expected the notebook (.ipynb)."
    )


# --- names -----------------------------------------------------------------------------------------------------------

NAMES = [
    "../../etc/passwd",
    "a\0b",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "",
    ".",
    "con",
    "Åsa",
    "x" * 500,
    "-rf",
    "a/b",
]


@pytest.mark.parametrize("name", NAMES)
def test_safe_names(name):
    """Is a safe name one plain, visible file name of modest length?"""
    safe = safe_name(name)
    assert safe == os.path.basename(safe) and len(safe) <= 70
    assert safe.isascii() and set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    assert safe[0] not in ".-" and safe.lower().split(".")[0] != "con"


def test_different_people_keep_different_safe_names():
    """Do names that differ only in what is replaced get different file names?"""
    names = ["Åsa", "Asa", "a/b", "a\\b", "a:b", "a_b", "李", "王"]
    assert len({safe_name(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_clean_names(name):
    """Is a name for people free of anything that hides, turns or leads elsewhere?"""
    clean = clean_name(name)
    assert clean and clean.isprintable() and "/" not in clean and len(clean) <= 80


def test_file_names_of_unreadable_characters(course, class_folder):
    """Is a file whose name is no UTF-8 a row whose text can be written?"""
    path = os.fsencode(class_folder) + b"/\xff\xfeada.ipynb"
    with open(path, "wb") as file:
        file.write(GOOD)
    one = only(collect(course, [class_folder]))
    (one.student + one.file).encode("utf-8")
    assert one.assignment.slug == "01-scaling"


def test_random_damage_never_raises():
    """Does a notebook with bytes flipped, cut out or repeated come out as a notebook or as a cause?"""
    rng = random.Random(3)
    for _ in range(300):
        data = bytearray(GOOD)
        for _ in range(rng.randint(1, 8)):
            start = rng.randrange(len(data))
            data[start : start + rng.randrange(40)] = rng.choice([b"", b"\xff", b'"', b"{", b"]", data[:30]])
        try:
            read_submitted(bytes(data))
        except Unreadable as error:
            assert str(error)


def test_random_damage_to_archives_never_raises(course, class_folder):
    """Does a damaged archive come out as rows, whatever byte of it is wrong?"""
    rng = random.Random(5)
    base = make.make_zip({"ada/scaling.ipynb": GOOD, "bob.zip": make.make_zip({"scaling.ipynb": GOOD})})
    for number in range(150):
        data = bytearray(base)
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        make.write_all(class_folder, {f"{number}.zip": bytes(data)})
    assert len(collect(course, [class_folder], TIGHT)) >= 150
