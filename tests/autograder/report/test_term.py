"""One class record of several weeks: who is one person, what counts, and what the total is."""

from __future__ import annotations

import csv
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import EVIL, LOST, RESULT, PageText, words
from rich.console import Console

from autograder.base.course import CourseError
from autograder.base.records import WrittenResult
from autograder.report import lms
from autograder.report.pages.term import render
from autograder.report.term import Run, join, write_term
from autograder.report.terminal import term_table
from autograder.run.term import term

ONE, TWO = "01-scaling", "02-counting"
ROSTER = "id,name,email,canvas_id\ns1,Ada Lovelace,ada@x.org,77\ns2,Grace Hopper,grace@x.org,78\n"


def course_with(tmp_path, roster="", weights=(), more=""):
    course = make.make_course(tmp_path / "course")
    path = course.root / "course" / "course.toml"
    text = path.read_text() + more
    for title, weight in zip(('shifting"', 'Counting"'), weights, strict=False):
        text = text.replace(title, f"{title}\nweight = {weight}")
    if roster:
        (path.parent / "roster.csv").write_text(roster)
        text += '\n[lms]\nroster = "roster.csv"\n'
    path.write_text(text)
    course.__dict__.pop("settings", None)
    return course


def row(student, slug, points, full, person="", **more):
    """A graded row without written answers."""
    plain = replace(RESULT, tasks=(), written=(), repairs=(), points=points, max_points=full)
    person = person or f"name:{student}"
    return replace(plain, student=student, assignment=slug, file=f"{student}.ipynb", person=person, **more)


def totals(record):
    return {line.student: record.percent(line) for line in record.lines}


def test_weeks_join_and_nothing_vanishes(tmp_path):
    """Is everybody of every run in the record, with each week in its column?"""
    weeks = [Run("w1", [row("Ada", ONE, 9, 9), row("Bob", ONE, 3, 9)]), Run("w2", [row("Ada", TWO, 1, 3)])]
    course = course_with(tmp_path)
    record = join(course, weeks)
    assert [one.slug for one in record.assignments] == [ONE, TWO]
    full = sum(one.points for one in record.assignments)
    ada, bob = record.lines
    assert record.percent(ada) == pytest.approx(100 * (record.weights[0] + record.weights[1] / 3) / full, abs=0.01)
    assert record.percent(bob, handed_in=True) == pytest.approx(33.33)
    assert record.percent(bob) < 33
    assert (bob.numbers(record.assignments, "missing"), ada.is_final) == ("02", True)


def test_one_person_under_several_names_is_one_row(tmp_path):
    """Are Canvas's number, the roster's person and a name in another order one row, with the roster's name?"""
    weeks = [
        Run("w1", [row("lovelaceada", ONE, 9, 9, "canvas:77")]),
        Run("w2", [row("Ada Lovelace", TWO, 3, 3, "roster:s1")]),
    ]
    record = join(course_with(tmp_path, ROSTER), weeks)
    assert totals(record) == {"Ada Lovelace": 100.0, "Grace Hopper": 0.0}
    assert record.lines[0].person.email == "ada@x.org"


def test_two_people_of_one_name_are_two_rows(tmp_path):
    """Do two John Smiths keep their own marks, and names that tell them apart?"""
    weeks = [
        Run("w1", [row("John Smith", ONE, 9, 9, "canvas:111")]),
        Run("w2", [row("John Smith", TWO, 0, 3, "canvas:222"), row("John Smith (111)", TWO, 3, 3, "canvas:111")]),
    ]
    record = join(course_with(tmp_path), weeks)
    assert {line.student: [cell.share for cell in line.cells] for line in record.lines} == {
        "John Smith (111)": [1.0, 1.0],
        "John Smith (222)": [0.0, 0.0],
    }


def test_weeks_that_only_moodles_number_tells_are_not_guessed(tmp_path):
    """Is it said that such rows cannot be joined, and what would join them?"""
    weeks = [Run("w1", [row("John Smith (11)", ONE, 9, 9, "moodle:11")])]
    (said,) = join(course_with(tmp_path), weeks).remarks
    assert said.startswith("Only Moodle's number in one assignment tells who John Smith (11) is")


def test_work_in_two_runs_counts_once(tmp_path):
    """Does the later time count, the later run without times, and a mark before a file that cannot be read?"""
    course = course_with(tmp_path)
    old, new = row("Ada", ONE, 3, 9), row("Ada", ONE, 6, 9)
    record = join(course, [Run("w1", [old]), Run("w2", [new])])
    assert record.lines[0].points == 6
    assert record.remarks == ("Handed in again in another run, which counts: Ada (01-scaling: w2).",)
    first, second = "2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00"
    timed = [replace(old, submitted_at=second), replace(new, submitted_at=first)]
    assert join(course, [Run("w1", timed[:1]), Run("w2", timed[1:])]).lines[0].points == 3
    lost = replace(new, status="unreadable", cause="the file is empty.")
    assert join(course, [Run("w1", [old]), Run("w2", [lost])]).lines[0].points == 3


def test_weights_are_the_courses(tmp_path):
    """Does an assignment count as much as the settings say, whatever its points, and must all have a weight?"""
    weeks = [Run("w1", [row("Ada", ONE, 9, 9), row("Ada", TWO, 0, 3)])]
    assert totals(join(course_with(tmp_path / "a", weights=(1, 3)), weeks)) == {"Ada": 25.0}
    with pytest.raises(CourseError, match=r"\[assignments.02-counting\] has no weight, and others have one: expected"):
        join(course_with(tmp_path / "b", weights=(1,)), weeks)


def test_the_lowest_is_left_out_where_the_course_says_so(tmp_path):
    """Is the smallest share, be it a missing assignment, no part of the total?"""
    weeks = [Run("w1", [row("Ada", ONE, 3, 9), row("Ada", TWO, 3, 3), row("Bob", TWO, 3, 3)])]
    record = join(course_with(tmp_path, more="\n[term]\ndrop_lowest = 1\n"), weeks)
    assert totals(record) == {"Ada": 100.0, "Bob": 100.0}
    assert [cell.is_dropped for cell in record.lines[0].cells] == [True, False]


def test_what_is_not_final_says_so(tmp_path):
    """Is a total that waits for a mark, or for a file that cannot be read or placed, never shown as the last word?"""
    written = (WrittenResult("written-why", 3.0, "Because."),)
    waits = replace(row("Ada", ONE, 6, 6), written=written)
    lost = replace(LOST, student="Bob", person="name:Bob")
    record = join(course_with(tmp_path), [Run("w1", [waits, lost, row("Cyd", ONE, 6, 9)])])
    assert [line.is_final for line in record.lines] == [False, False, True]
    assert record.remarks[-1].endswith("belongs nowhere: Ada, Bob.")
    write_term(tmp_path, record)
    with (tmp_path / "term.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(one["student"], one["final"], one["waits"], one["unplaced"]) for one in rows] == [
        ("Ada", "no", "01", ""),
        ("Bob", "no", "", "1"),
        ("Cyd", "yes", "", ""),
    ]
    assert rows[2]["percent"] == "66.67"


def test_all_weeks_go_to_the_platforms_at_once(tmp_path):
    """Do Canvas' and Moodle's tables hold every week in one row a person?"""
    weeks = [
        Run("w1", [row("lovelaceada", ONE, 9, 9, "canvas:77")]),
        Run("w2", [row("Ada Lovelace", TWO, 3, 3, "roster:s1")]),
    ]
    course = course_with(tmp_path, ROSTER)
    both = lms.tables(course, join(course, weeks).results)
    assert list(both.moodle[1]) == ["s1", "Ada Lovelace", "ada@x.org", 9.0, 3.0]


def test_the_page_and_the_screen_show_the_same(tmp_path):
    """Do page and terminal name everybody with points, total and what is missing, and is hostile text text?"""
    course = course_with(tmp_path)
    weeks = [Run("w1", [row("Ada", ONE, 6, 9), row(EVIL, ONE, 3, 9)]), Run("w2", [row("Ada", TWO, 3, 3)])]
    record = join(course, weeks)
    page = render(record, course)
    assert "Ada 6 3 9 " in words(page)
    assert "script" not in PageText(page).tags and "img" not in PageText(page).tags
    console = Console(width=120, record=True)
    console.print(term_table(record))
    (line,) = [one for one in console.export_text().splitlines() if one.startswith("Ada")]
    assert line.split()[:4] == ["Ada", "6", "3", "9"]


def test_the_record_is_written_beside_no_run(tmp_path, monkeypatch):
    """Does the command write its files, which git leaves alone, and refuse a run folder?"""
    from autograder.report import hand_back
    from autograder.run.journal import write_results

    course = course_with(tmp_path)
    monkeypatch.setattr(hand_back, "marked", lambda course, folder, results: results)
    for name, slug in (("w1", ONE), ("w2", TWO)):
        (tmp_path / name).mkdir()
        write_results(tmp_path / name / "results.jsonl", [row("Ada", slug, 3, 3)])
    folders = [tmp_path / "w1", tmp_path / "w2"]
    assert totals(term(course, folders, tmp_path / "term")) == {"Ada": 100.0}
    assert sorted(one.name for one in (tmp_path / "term").iterdir()) == [
        ".gitignore",
        "canvas.csv",
        "moodle.csv",
        "term.csv",
        "term.html",
    ]
    with pytest.raises(CourseError, match="w1 is a run folder"):
        term(course, folders, tmp_path / "w1")
    with pytest.raises(CourseError, match=r"holds no results\.jsonl"):
        term(course, [tmp_path], tmp_path / "term")
