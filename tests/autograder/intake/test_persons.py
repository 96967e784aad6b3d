"""Whose each file is: nobody is merged with another, nobody is lost."""

from __future__ import annotations

from pathlib import Path

import notebook_makers as make
import pytest

from autograder.base.course import Course
from autograder.base.records import Submission
from autograder.intake import collect

GOOD = make.to_bytes(make.answered())
OTHER = make.to_bytes(make.other_release())
MOODLE = "{0}_{1}_assignsubmission_file_/scaling.ipynb"
ROSTER = "id,name,email,canvas_id\n"
ADA = "s1,Ada Lovelace,ada@x.org,12345\n"


@pytest.fixture
def course(tmp_path) -> Course:
    return make.make_course(tmp_path / "course")


@pytest.fixture
def inbox(tmp_path) -> Path:
    folder = tmp_path / "class"
    folder.mkdir()
    return folder


def with_roster(course: Course, people: str) -> Course:
    (course.root / "course/roster.csv").write_text(ROSTER + people, encoding="utf-8")
    with (course.root / "course/course.toml").open("a") as file:
        file.write('\n[lms]\nroster = "roster.csv"\n')
    return Course(course.root)


def handed_in(course: Course, inbox: Path, *files: str, earlier: dict[str, str] | None = None) -> list[Submission]:
    make.write_all(inbox, dict.fromkeys(files, GOOD))
    return collect(course, [inbox], earlier=earlier)


def people(found: list[Submission]) -> list[tuple[str, str]]:
    return [(one.student, one.person) for one in found]


def remarks(found: list[Submission]) -> str:
    return " ".join(remark for one in found for remark in one.repairs)


# --- two people of one name ------------------------------------------------------------------------------------------

SMITHS = ("smithjohn_111_901_scaling.ipynb", "smithjohn_222_902_scaling.ipynb")


def test_two_users_of_canvas_with_one_name_are_two_rows(course, inbox):
    """Have both a row, with a name that tells them apart, a key, and the file's name as Canvas gave it?"""
    found = handed_in(course, inbox, *SMITHS)
    assert people(found) == [("smithjohn (111)", "canvas:111"), ("smithjohn (222)", "canvas:222")]
    assert [one.upload for one in found] == list(SMITHS)


def test_two_participants_of_moodle_with_one_name_are_two_rows(course, inbox):
    """Have both a row, and is said how far Moodle's number tells them apart?"""
    found = handed_in(course, inbox, MOODLE.format("John Smith", 11), MOODLE.format("John Smith", 22))
    assert people(found) == [("John Smith (11)", "moodle:11"), ("John Smith (22)", "moodle:22")]
    assert found[0].upload == "John Smith_11_assignsubmission_file_"
    assert "in this assignment only" in remarks(found)


def test_moodles_number_is_no_key_over_a_term(course, inbox):
    """Is a person whose number differs from one assignment's export to the next one person?"""
    make.write_all(inbox, {"one/" + MOODLE.format("Ada Lovelace", 11): GOOD})
    make.write_all(inbox, {"two/" + MOODLE.format("Ada Lovelace", 57): OTHER})
    found = collect(course, [inbox])
    assert people(found) == [("Ada Lovelace", "name:Ada Lovelace")] * 2
    assert {one.assignment.slug for one in found} == {"01-scaling", "02-counting"}
    assert {one.person for one in collect(course, [inbox / "one", inbox / "two"])} == {"name:Ada Lovelace"}


def test_a_user_of_canvas_who_changed_names_is_one_person(course, inbox):
    """Is a number one person, whatever name stands before it?"""
    found = handed_in(course, inbox, "borgada_7_901_scaling.ipynb", "lovelaceada_7_902_scaling-1.ipynb")
    assert people(found) == [("borgada", "canvas:7")]
    assert "lovelaceada_7_902_scaling-1.ipynb is graded" in remarks(found)


@pytest.mark.parametrize("roster", ["s1,John Smith,,\n", "s1,John Smith,,\ns2,John Smith,,\n"])
def test_one_name_of_two_in_the_roster_is_given_to_neither(course, inbox, roster):
    """Is neither of two users taken for the roster's John Smith where it holds no numbers?"""
    found = handed_in(with_roster(course, roster), inbox, *SMITHS)
    assert people(found) == [("smithjohn (111)", "canvas:111"), ("smithjohn (222)", "canvas:222")]
    assert all("it is graded, and in no row of canvas.csv" in one.repairs[-1] for one in found)


def test_the_roster_tells_two_of_one_name_apart_by_number(course, inbox):
    """Are both known by the roster's numbers, and called after its ids?"""
    found = handed_in(with_roster(course, "s1,John Smith,,111\ns2,John Smith,,222\n"), inbox, *SMITHS)
    assert people(found) == [("John Smith (s1)", "roster:s1"), ("John Smith (s2)", "roster:s2")]
    assert remarks(found) == ""


def test_moodles_worksheet_tells_two_of_one_name_apart(course, inbox):
    """Are two people of one name known by the e-mail addresses in Moodle's grading worksheet, in any language?"""
    sheet = "Kennung,Vollständiger Name,E-Mail,Status\n" + "".join(
        f"Teilnehmer/in{number},John Smith,{mail},x\n" for number, mail in ((11, "js@x.org"), (22, "john@x.org"))
    )
    make.write_all(inbox, {"Bewertungen.csv": sheet.encode()})
    course = with_roster(course, "s1,John Smith,john@x.org,\ns2,John Smith,js@x.org,\n")
    found = handed_in(course, inbox, MOODLE.format("John Smith", 11), MOODLE.format("John Smith", 22))
    assert [(one.person, one.upload[:13]) for one in found] == [
        ("roster:s1", "John Smith_22"),
        ("roster:s2", "John Smith_11"),
    ]


def test_who_had_a_name_keeps_it(course, inbox):
    """Does a second person of a name get another one, and not the first one's marks by hand, in a later week?"""
    first = {one.person: one.student for one in handed_in(course, inbox, SMITHS[0])}
    assert people(handed_in(course, inbox, SMITHS[1], earlier=first)) == [
        ("smithjohn", "canvas:111"),
        ("smithjohn (222)", "canvas:222"),
    ]
    assert people(collect(course, [inbox / SMITHS[1]], earlier=first)) == [("smithjohn (222)", "canvas:222")]


def test_names_alike_to_a_file_system_are_two_names(course, inbox):
    """Do people whose names differ in case only keep names of their own, the same whoever else hands in?"""
    ids = {one.person: one.student for one in handed_in(course, inbox, "Ada/scaling.ipynb", "ada/scaling.ipynb")}
    assert len({name.casefold() for name in ids.values()}) == 2
    both = handed_in(course, inbox, "ADA/scaling.ipynb", earlier=ids)
    assert ids.items() <= {one.person: one.student for one in both}.items()


def test_files_that_bear_nobodys_name_are_not_merged(course, inbox):
    """Are two downloads without a name two rows where the roster does not know the folder, either?"""
    found = handed_in(with_roster(course, ADA), inbox, "scaling.ipynb", "scaling (1).ipynb")
    assert len({one.person for one in found}) == len({one.student for one in found}) == 2


# --- the roster ------------------------------------------------------------------------------------------------------

WRITTEN = ("lovelaceada_12345_9_scaling.ipynb", "Lovelace, Ada/scaling.ipynb", "ada@x.org/scaling.ipynb", "S1.ipynb")


@pytest.mark.parametrize("file", WRITTEN)
def test_the_roster_knows_a_person_by_whatever_a_file_says(course, inbox, file):
    """Is the row the roster's person, under the roster's name?"""
    assert people(handed_in(with_roster(course, ADA), inbox, file)) == [("Ada Lovelace", "roster:s1")]


def test_a_folder_of_a_section_is_nobody(course, inbox):
    """Are people of the roster known below a folder that the instructor made, and is nobody believed in an archive?"""
    forged = make.make_zip({"Ada Lovelace/scaling.ipynb": OTHER})
    make.write_all(inbox, {"section a/Ada Lovelace/scaling.ipynb": GOOD, "section a/mallory.zip": forged})
    make.write_all(inbox, {"section b/bob.ipynb": GOOD})
    found = collect(with_roster(course, ADA + "s2,Bob,,\n"), [inbox])
    assert people(found) == [("Ada Lovelace", "roster:s1"), ("Bob", "roster:s2"), ("section a", "name:section a")]


def test_files_under_two_names_of_one_person_are_one_row(course, inbox):
    """Are a folder named by login and one named by name one person's, and is the other file named?"""
    found = handed_in(with_roster(course, ADA), inbox, "s1/scaling.ipynb", "Ada Lovelace/scaling (1).ipynb")
    assert people(found) == [("Ada Lovelace", "roster:s1")]
    assert "not class/s1/scaling.ipynb" in remarks(found)


def test_a_stranger_is_a_row_with_a_warning(course, inbox):
    """Is work that matches nobody graded, and does its row say so?"""
    found = handed_in(with_roster(course, ADA), inbox, "Eve/scaling.ipynb", "bob/scaling.ipynb")
    assert people(found) == [("Eve", "name:Eve"), ("bob", "name:bob")] and all(one.is_readable for one in found)
    assert "The roster knows nobody called Eve: it is graded" in found[0].repairs[-1]


def test_the_same_name_with_another_number_is_a_stranger(course, inbox):
    """Is user 222 not taken for the roster's user of that name, and told from them in the class?"""
    course = with_roster(course, ADA)
    found = handed_in(course, inbox, "lovelaceada_12345_9_scaling.ipynb", "lovelaceada_222_8_scaling.ipynb")
    assert people(found) == [("Ada Lovelace", "roster:s1"), ("lovelaceada", "canvas:222")]
    assert "need not be this one (number 222)" in found[1].repairs[-1]


# --- every hand-in has a row -----------------------------------------------------------------------------------------

THINGS = {
    "a PDF": ("ada/01-scaling/scaling.pdf", b"%PDF", "a PDF; expected the notebook (.ipynb)."),
    "a picture": ("ada/photo.JPG", b"x", "a picture; expected the notebook (.ipynb)."),
    "a Word document": ("ada/essay.docx", b"x", "a Word document; expected"),
    "a file without an ending": ("ada/work", b"x", "a file without an ending; expected"),
    "a link handed in on Canvas": ("lovelaceada_7_link.html", b"x", "a link; expected"),
    "text typed into Moodle": ("Ada_1_assignsubmission_onlinetext_/onlinetext.html", b"x", "a web page; expected"),
    "a PDF in an archive": ("ada.zip", make.make_zip({"a/report.pdf": b"x"}), "a PDF; expected"),
    "an empty folder in an archive": ("ada.zip", make.make_zip({"a/": b""}), "the folder is empty"),
    "an archive of another kind": ("ada/work.rar", b"x", "an archive that is not read here (only .zip is)"),
    "a damaged archive": ("ada/work.zip", b"x", "damaged or no zip archive"),
}


@pytest.mark.parametrize(("file", "data", "cause"), THINGS.values(), ids=THINGS)
def test_whatever_was_handed_in_is_a_row_with_its_cause(course, inbox, file, data, cause):
    """Is somebody who handed in something else a row that says what it was?"""
    make.write_all(inbox, {"bob/scaling.ipynb": GOOD, file: data})
    (one,) = [one for one in collect(course, [inbox]) if one.student != "bob"]
    assert cause in one.cause and not one.is_readable


@pytest.mark.parametrize("junk", [(), ("timestamp.txt",), (".DS_Store", "Thumbs.db"), ("__MACOSX/._scaling.ipynb",)])
def test_an_empty_folder_is_a_row(course, inbox, junk):
    """Is a folder with nothing in it, or with what systems leave behind, a row for its assignment?"""
    make.write_all(inbox, {"bob/01-scaling/scaling.ipynb": GOOD})
    folder = inbox / "ada/01-scaling"
    folder.mkdir(parents=True)
    make.write_all(folder, dict.fromkeys(junk, b"x"))
    ada, _ = collect(course, [inbox])
    assert (ada.student, ada.assignment.slug) == ("ada", "01-scaling")
    assert ada.cause == "the folder is empty; expected the notebook (.ipynb)."


@pytest.mark.parametrize(("others", "slug"), [([GOOD] * 3, "01-scaling"), ([GOOD, GOOD, OTHER], None), ([GOOD], None)])
def test_a_photo_is_for_the_assignment_of_its_export(course, inbox, others, slug):
    """Is something without a name for the assignment that a platform's export is of, where its notebooks agree?"""
    make.write_all(inbox, {f"s{number}_{number}_9_work.ipynb": data for number, data in enumerate(others)})
    make.write_all(inbox, {"ada_77_9_photo.jpg": b"x"})
    (ada,) = [one for one in collect(course, [inbox]) if one.person == "canvas:77"]
    assert (ada.assignment.slug if ada.assignment else None) == slug


BESIDE = {
    "in the folder": ("ada/scaling.ipynb", "ada/plot.png"),
    "below": ("ada/scaling.ipynb", "ada/data/more/x.csv"),
    "above": ("ada/notebooks/scaling.ipynb", "ada/report.pdf"),
    "in one archive": ("ada.zip/nb/scaling.ipynb", "ada.zip/img/plot.png"),
    "in one upload of Moodle": (MOODLE.format("Ada", 1), "Ada_1_assignsubmission_file_/data/x.png"),
    "beside it on Canvas": ("ada_1_2_scaling.ipynb", "ada_1_3_plot.png"),
}


@pytest.mark.parametrize(("notebook", "other"), BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_a_readable_notebook_is_no_row(course, inbox, notebook, other):
    """Are pictures and data of somebody whose notebook is there left alone?"""
    if notebook.startswith("ada.zip"):
        data = make.make_zip({notebook.removeprefix("ada.zip/"): GOOD, other.removeprefix("ada.zip/"): b"x"})
        make.write_all(inbox, {"ada.zip": data, "bob.zip": make.make_zip({"scaling.ipynb": GOOD})})
    else:
        make.write_all(inbox, {notebook: GOOD, other: b"x", "bob/scaling.ipynb": GOOD})
    assert [one.is_readable for one in collect(course, [inbox])] == [True, True]


APART = {
    "for another assignment": ("ada/01-scaling/scaling.ipynb", "ada/02-counting/report.pdf"),
    "in another week's folder": ("ada/one/scaling.ipynb", "ada/two/report.pdf"),
    "in another export": ("one/ada_1_2_scaling.ipynb", "two/ada_1_3_report.pdf"),
    "by somebody else": ("ada/scaling.ipynb", "bob/report.pdf"),
    "a newer notebook that is broken": ("ada/scaling.ipynb", "ada/scaling (1).ipynb"),
}


@pytest.mark.parametrize(("notebook", "other"), APART.values(), ids=APART)
def test_what_lies_elsewhere_is_a_row(course, inbox, notebook, other):
    """Is something that another notebook does not stand for a row of its own?"""
    make.write_all(inbox, {notebook: GOOD, other: b"x"})
    assert sorted(one.is_readable for one in collect(course, [inbox])) == [False, True]


def test_a_hundred_pictures_are_a_short_report(course, inbox):
    """Is a folder full of pictures a bounded number of rows, the last of which counts the rest?"""
    make.write_all(inbox, {"bob/scaling.ipynb": GOOD} | {f"ada/{number:03}.png": b"" for number in range(100)})
    found = [one for one in collect(course, [inbox]) if one.student == "ada"]
    assert len(found) == 21
    assert found[-1].cause == "80 more files cannot be graded; this is the first."


def test_an_archive_of_a_class_loses_nobody(course, inbox):
    """Have sixty people with a PDF each sixty rows, though one of them packed thousands of pictures?"""
    members = {f"s{number}_{number}_9{number}_work.pdf": b"x" for number in range(1, 61)}
    members["eve_99_9_work.zip"] = make.make_zip({f"{number}.png": b"" for number in range(6_000)})
    make.write_all(inbox, {"export.zip": make.make_zip(members)})
    found = collect(course, [inbox / "export.zip"])
    assert {one.person for one in found} == {f"canvas:{number}" for number in (*range(1, 61), 99)}
    assert len(found) == 60 + 21
