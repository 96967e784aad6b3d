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
    assert list(both.canvas[2]) == ["Ada Lovelace", "77", "", "s1", "", 3.5]
    assert list(both.moodle[1]) == ["s1", "Ada Lovelace", "ada@x.org", 3.5]


def test_an_unmarked_written_answer_leaves_the_cell_empty_and_says_so(tmp_path):
    """Is a total that waits for a mark never exported as if it were final?"""
    both = tables(course_with(tmp_path), [RESULT])
    assert both.moodle[1][-1] == ""
    assert both.remarks[0].endswith("1 totals wait for marks of written answers; their cells are empty.")


@pytest.mark.parametrize(("missing", "cell"), [("empty", ""), ("zero", 0.0)])
def test_who_handed_in_nothing_is_said_and_gets_what_the_course_says(tmp_path, missing, cell):
    """Does a student of the roster without work have a row, and no zero that nobody asked for?"""
    both = tables(course_with(tmp_path, ROSTER, missing=missing), [MARKED])
    assert both.moodle[2][-1] == cell
    assert "Nothing was handed in by s2." in both.remarks


def test_a_name_that_matches_nobody_is_said(tmp_path):
    """Is work of a stranger named, and given to nobody?"""
    both = tables(course_with(tmp_path, ROSTER), [replace(MARKED, student="Eve")])
    assert [row[-1] for row in both.moodle[1:]] == ["", ""]
    assert "The roster knows nobody, or several people, called Eve." in both.remarks


@pytest.mark.parametrize("name", ["adalovelace", "Ada_Lovelace", "S1", "ada@x.org", "77"])
def test_people_are_known_by_any_of_their_names(tmp_path, name):
    """Does a folder named by id, login, mail address or name lead to the same row?"""
    assert tables(course_with(tmp_path, ROSTER), [replace(MARKED, student=name)]).moodle[1][-1] == 3.5


def test_an_ambiguous_name_is_nobodys(tmp_path):
    """Do two people of one name never get each other's points?"""
    two = "id,name\ns1,Ada Lovelace\ns2,ada lovelace\n"
    both = tables(course_with(tmp_path, two), [MARKED])
    assert [row[-1] for row in both.moodle[1:]] == ["", ""]


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
