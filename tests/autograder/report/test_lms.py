"""The tables for Canvas and Moodle: who gets which cell, and what is never exported as if it were final."""

from __future__ import annotations

import csv
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import LOST, RESULT

from autograder.base.records import Result, WrittenResult
from autograder.report.lms import tables, write_lms

MARKED = replace(RESULT, written=(WrittenResult("written-why", 3.0, "Because.", 2.5),), late_penalty=1.0)
ROSTER = "id,name,email,canvas_id\ns1,Ada Lovelace,ada@x.org,77\ns2,Grace Hopper,grace@x.org,78\n"


def course_with(tmp_path, text="", **settings):
    course = make.make_course(tmp_path / "course")
    folder = course.root / "course"
    if text:
        (folder / "roster.csv").write_text(text, encoding="utf-8")
        settings["roster"] = "roster.csv"
    with (folder / "course.toml").open("a") as file:
        file.write("\n[lms]\n" + "".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    course.__dict__.pop("settings", None)
    return course


def test_a_total_has_written_marks_and_the_late_penalty_in_it(tmp_path):
    """Is what is imported the whole total, in the columns that each platform wants?"""
    both = tables(course_with(tmp_path, ROSTER), [MARKED])
    assert list(both.canvas[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Scaling and shifting"]
    assert list(both.canvas[1]) == ["    Points Possible", "", "", "", "", 9]
    assert list(both.canvas[2]) == ["Ada Lovelace", "77", "", "", "", 3.5]
    assert list(both.moodle[1]) == ["s1", "Ada Lovelace", "ada@x.org", 3.5]


def test_an_unmarked_written_answer_leaves_the_cell_empty_and_says_so(tmp_path):
    """Is a total that waits for a mark never exported as if it were final?"""
    both = tables(course_with(tmp_path), [RESULT])
    assert both.moodle[1][-1] == ""
    assert both.remarks[0].endswith("1 total waits for marks of written answers; its cell is empty.")


@pytest.mark.parametrize(("missing", "cell"), [("empty", ""), ("zero", 0.0)])
def test_who_handed_in_nothing_is_said_and_gets_what_the_course_says(tmp_path, missing, cell):
    """Does a student of the roster without work have a row, and no zero that nobody asked for?"""
    both = tables(course_with(tmp_path, ROSTER, missing=missing), [MARKED])
    assert both.moodle[2][-1] == cell
    assert "Nothing under the name of Grace Hopper (s2) was handed in." in both.people


def test_a_name_that_matches_nobody_is_said(tmp_path):
    """Is work of a stranger named, and given to nobody?"""
    both = tables(course_with(tmp_path, ROSTER), [replace(MARKED, student="Eve")])
    assert [row[-1] for row in both.moodle[1:]] == ["", ""]
    assert "Nobody of the roster is known to be Eve: this work is in no row of the tables." in both.people


@pytest.mark.parametrize("name", ["adalovelace", "Ada_Lovelace", "S1", "ada@x.org", "77"])
def test_people_are_known_by_any_of_their_names(tmp_path, name):
    """Does a folder named by id, login, mail address or name lead to the same row?"""
    assert tables(course_with(tmp_path, ROSTER), [replace(MARKED, student=name)]).moodle[1][-1] == 3.5


def test_an_ambiguous_name_is_nobodys(tmp_path):
    """Do two people of one name never get each other's points?"""
    two = "id,name\ns1,Ada Lovelace\ns2,ada lovelace\n"
    both = tables(course_with(tmp_path, two), [MARKED])
    assert [row[-1] for row in both.moodle[1:]] == ["", ""]


# --- without a roster ------------------------------------------------------------------------------------------------


def test_canvas_number_goes_into_the_id_column_and_no_login_is_invented(tmp_path):
    """Without a roster, is the number from the file's name in Canvas's column, and nothing where nothing is known?"""
    one = replace(MARKED, student="smithjohn (111)", person="canvas:111")
    both = tables(course_with(tmp_path), [one])
    assert list(both.canvas[2]) == ["smithjohn", "111", "", "", "", 3.5]
    assert list(both.moodle[1]) == ["", "smithjohn", "", 3.5]


def test_moodles_id_number_holds_no_name(tmp_path):
    """Without a roster, is the name where names go, and is said what an import into Moodle does?"""
    one = replace(
        MARKED, student="Ada Lovelace", person="name:Ada Lovelace", upload="Ada Lovelace_1_assignsubmission_file_"
    )
    both = tables(course_with(tmp_path), [one])
    assert list(both.moodle[1]) == ["", "Ada Lovelace", "", 3.5]
    assert any("can no longer be edited" in remark for remark in both.remarks)


def test_the_roster_id_is_the_login_only_where_it_knows_nothing_else(tmp_path):
    """Does Canvas get some way to know a person of a roster that has ids only?"""
    assert tables(course_with(tmp_path, "id,name\ns1,Ada\n"), [MARKED]).canvas[2][:4] == ["Ada", "", "", "s1"]


# --- nobody gets a zero who may have handed in -----------------------------------------------------------------------

JOHNS = "id,name,email,canvas_id\ns1,John Smith,,\ns2,John Smith,,\ns3,Ada Lovelace,,77\ns4,Bob Ray,,\n"


def zeros(tmp_path, *results, text=JOHNS):
    """The ids of those who get a zero in the first assignment, and the remarks."""
    both = tables(course_with(tmp_path, text, missing="zero"), [MARKED, *results])
    return [row[0] for row in both.moodle[1:] if row[3] == 0.0], both.remarks


def test_a_right_answer_under_canvas_name_gets_no_zero(tmp_path):
    """Does `lovelaceada_12345_…` count for the roster's Ada Lovelace of that number?"""
    one = replace(MARKED, student="lovelaceada", person="canvas:12345")
    both = tables(course_with(tmp_path, "id,name,canvas_id\ns1,Ada Lovelace,12345\n", missing="zero"), [one])
    assert both.canvas[2] == ["Ada Lovelace", "12345", "", "", "", 3.5]


def test_who_handed_in_nothing_gets_the_zero(tmp_path):
    """Is there a zero for everybody else when all work has an owner?"""
    assert zeros(tmp_path)[0] == ["s1", "s2", "s4"]


def test_work_of_one_of_two_keeps_the_zero_from_both_only(tmp_path):
    """Do both John Smiths have an empty cell while one of them handed in, and everybody else the zero?"""
    ids, remarks = zeros(tmp_path, replace(MARKED, student="john smith", person="name:john smith"))
    assert ids == ["s4"]
    assert (
        "01-scaling: no 0 for John Smith (s1), John Smith (s2), because the work of john smith could be theirs."
        in remarks
    )


@pytest.mark.parametrize(("numbers", "ids"), [(("11", "22"), ["s4"]), (("11", "22", "33"), [])])
def test_moodles_numbers_keep_the_zero_from_their_namesakes_only(tmp_path, numbers, ids):
    """Has everybody but the two John Smiths the zero, unless more of that name handed in than the roster knows?"""
    rows = [replace(MARKED, student=f"John Smith ({one})", person=f"moodle:{one}") for one in numbers]
    assert zeros(tmp_path, *rows, replace(MARKED, student="John Smith (s1)", person="roster:s1"))[0] == ids
    if ids:
        said = tables(course_with(tmp_path, JOHNS), rows).people
        assert (
            "John Smith (11) may be any of John Smith (s1), John Smith (s2): this work is in no row of the" in said[0]
        )


def test_work_of_a_stranger_keeps_the_zero_from_all_whose_it_could_be(tmp_path):
    """Does a file that matches nobody leave every cell empty, but for those whose number is another one?"""
    stranger = replace(MARKED, student="eve", person="canvas:999")
    text = JOHNS + "s5,Grace Hopper,,78\n"
    assert zeros(tmp_path, stranger, text=text)[0] == ["s5"]


def test_work_for_another_assignment_keeps_no_zero(tmp_path):
    """Does a stranger's work for another assignment change nothing here?"""
    other = replace(MARKED, student="eve", person="name:eve", assignment="02-counting")
    assert zeros(tmp_path, other)[0] == ["s1", "s2", "s4"]


def test_what_cannot_be_placed_keeps_the_zero(tmp_path):
    """Does a PDF for nobody knows which assignment leave its owner's cell empty, and say so?"""
    ids, remarks = zeros(tmp_path, replace(LOST, student="Bob Ray", person="roster:s4", assignment=None))
    assert ids == ["s1", "s2"]
    assert any(remark.startswith("No 0 for Bob Ray (s4)") for remark in remarks)


def test_a_number_of_moodle_is_no_zero_for_the_other_week(tmp_path):
    """Without a roster, does neither of two of one name get a zero for the week in which Moodle's number is another?"""
    weeks = [
        replace(MARKED, student="John Smith (11)", person="moodle:11"),
        replace(MARKED, student="John Smith (57)", person="moodle:57", assignment="02-counting"),
        replace(MARKED, student="Ada", person="name:Ada"),
    ]
    both = tables(course_with(tmp_path, missing="zero"), weeks)
    assert [row[3:] for row in both.moodle[1:]] == [[3.5, 0.0], [3.5, ""], ["", 3.5]]


class Counted(Result):
    """A result that counts how often anything in it is looked at."""

    looks = 0

    def __getattribute__(self, name):
        Counted.looks += 1
        return super().__getattribute__(name)


def looks_at(course, size):
    """How often the tables of a class of this size look at its results."""
    Counted.looks = 0
    tables(course, [Counted(f"s{number}", f"{number}.ipynb", "01-scaling", "graded") for number in range(size)])
    return Counted.looks


def test_a_class_twice_as_large_is_twice_the_work(tmp_path):
    """Is each result looked at for its own student only, not for all?"""
    course = course_with(tmp_path)
    assert looks_at(course, 40) == 2 * looks_at(course, 20)


def test_no_cell_is_a_formula(tmp_path):
    """Does a student named like a formula get a harmless cell in both files?"""
    write_lms(course_with(tmp_path), tmp_path, [replace(MARKED, student="=HYPERLINK(1)"), LOST])
    for name in ("canvas.csv", "moodle.csv"):
        rows = list(csv.reader((tmp_path / name).open(encoding="utf-8", newline="")))
        assert not any(cell.startswith("=") for row in rows for cell in row)
        assert any("HYPERLINK" in cell for row in rows for cell in row)
