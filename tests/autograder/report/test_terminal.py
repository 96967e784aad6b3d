"""The grade table that commands print: whole at 80 columns, and nothing that a grader must know left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from page_samples import LOST, RESULT, SCALE
from rich.console import Console

from autograder.base.records import Result, WrittenResult
from autograder.report.terminal import MAX_CAUSES, grade_table

STUDENTS = ["never-ends", "partly-right", "raises", "reference-answer", "wrong"]
NAMES = ["augmentation", "eda", "pca", "encoder", "training", "evaluation", "error-analysis", "benchmark", "ethics"]


def a_class(students: list[str], assignments: int) -> list[Result]:
    slugs = [f"{number:02}-{NAMES[(number - 1) % len(NAMES)]}" for number in range(1, assignments + 1)]
    written = (WrittenResult("written-why", 3.0, "Because."),)
    made = {"status": "graded", "points": 11.75, "max_points": 13.0, "written": written}
    return [Result(one, f"{one}.ipynb", slug, **made) for slug in slugs for one in students]


def lines_of(results: list[Result], width: int = 80) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(grade_table(results))
    return [line.rstrip() for line in captured.get().splitlines()]


def row_of(lines: list[str], first: str) -> list[str]:
    return next(line.split()[1:] for line in lines if line.startswith(first))


@pytest.mark.parametrize("assignments", [9, 19])
def test_five_students_fit_80_columns_side_by_side(assignments):
    """Is each assignment one line, with everybody's points and nothing cut off?"""
    lines = lines_of(a_class(STUDENTS, assignments))
    assert row_of(lines, "07-error-analysis") == ["*11.75/13"] * 5
    assert row_of(lines, "in all") == ["all"] + [f"{11.75 * assignments:g}/{13 * assignments}"] * 5
    assert len(lines) < assignments + 12
    assert not any("…" in line for line in lines)


def test_more_students_than_fit_have_a_line_each():
    """Does the table turn when there are more students than assignments fit beside each other?"""
    lines = lines_of(a_class([f"student-{number:02}" for number in range(1, 12)], 9))
    assert row_of(lines, "student-07") == ["11.75"] * 9 + ["*105.75/117"]
    assert lines[1].split() == [f"{number:02}" for number in range(1, 10)]
    assert lines[2].split() == ["Student", *["/13"] * 9, "in", "all"]


def test_where_neither_fits_everybody_has_a_sum():
    """Is there still a line for each student when even the turned table is too wide?"""
    lines = lines_of(a_class([f"student-{number:02}" for number in range(1, 6)], 19), width=60)
    assert row_of(lines, "student-03") == ["19", "–", "*223.25/247"]


def test_what_went_wrong_stands_below_in_words():
    """Are a time-out, an unreadable file with its name, lateness and repairs all said?"""
    late = replace(RESULT, student="Bea", late_penalty=1.0)
    lines = lines_of([late, *a_class(["Cyd"], 12), LOST])
    assert row_of(lines, "01-scaling")[0] == "*1/10"
    assert any(line.split("  ", 1)[0] == "01-scaling" and "Bea" in line for line in lines)
    said = " ".join(" ".join(lines).split())
    assert "01-scaling Bea Task 2: did not finish; 1 off, late; 1 repair" in said
    assert "unknown Bob bob.ipynb: the file is empty" in said
    assert "* 13 written answers wait for a mark, worth 39 points." in said


def test_a_student_who_handed_in_nothing_has_a_dash():
    """Is missing work told from work without points?"""
    two = [*a_class(["ada"], 2), *a_class(["bob"], 1)]
    assert row_of(lines_of(two), "02-eda") == ["*11.75/13", "–"]


def test_one_submission_says_which_checks_are_wrong():
    """Does a person who grades a single notebook see more than its points?"""
    assert "Task 1: 1 of 2 checks wrong" in " ".join(lines_of([replace(RESULT, tasks=(SCALE,))]))


def test_marks_given_by_hand_are_in_the_total():
    """Does the cell show what everything together gives once a person has marked?"""
    marked = replace(RESULT, written=(WrittenResult("written-why", 3.0, "Because.", 2.5),))
    assert row_of(lines_of([marked]), "01-scaling")[0] == "4.5/10"


def test_a_long_list_of_causes_ends_with_a_count():
    """Does a class in which everything went wrong leave the table in sight?"""
    lost = [replace(LOST, student=f"s{number}", file=f"{number}.ipynb") for number in range(MAX_CAUSES + 5)]
    assert lines_of(lost)[-1].split() == ["…", "and", "5", "more,", "which", "the", "report", "lists"]


@pytest.mark.parametrize("width", [80, 120])
def test_a_name_with_markup_is_shown_as_it_is(width):
    """Does a student called [red] break the table?"""
    lines = lines_of([Result("[red]", "x.ipynb", None, "unreadable", "empty [/file]")], width)
    assert sum("[red]" in line for line in lines) == 2
    assert any("empty [/file]" in line for line in lines)


def test_a_large_class_is_summed_up():
    """Does the terminal show a row per assignment, not thousands of students, when the class is large?"""
    right = [Result(f"s{n}", f"{n}.ipynb", "03-pca", "graded", points=9, max_points=9) for n in range(90)]
    wrong = [Result(f"w{n}", f"{n}.ipynb", "03-pca", "graded", points=0, max_points=9) for n in range(30)]
    lost = [Result("x", "x.ipynb", None, "unreadable", "empty")]
    rows = [line.replace("│", " ").split() for line in lines_of([*right, *wrong, *lost], 120)]
    assert ["03-pca", "120", "6.8", "/", "9", "90", "30", "0"] in rows
    assert ["unknown", "0", "1"] in rows
