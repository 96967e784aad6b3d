"""What a grader sees before grading."""

from __future__ import annotations

import notebook_makers as make

from autograder.base.people import Person
from autograder.intake import Intake, collect

GOOD = make.to_bytes(make.answered())
ADA, BOB = Person("ada", "Ada Lovelace"), Person("bob", "Bob Ray")


def lines(tmp_path, files, roster=()):
    course = make.make_course(tmp_path / "course")
    if roster:
        rows = "".join(f"{one.id},{one.name}\n" for one in roster)
        (course.root / "course/roster.csv").write_text("id,name\n" + rows, encoding="utf-8")
        with (course.root / "course/course.toml").open("a") as file:
            file.write('\n[lms]\nroster = "roster.csv"\n')
    make.write_all(tmp_path / "class", files)
    return list(Intake(collect(course, [tmp_path / "class"]), roster).lines())


def test_people_and_notebooks_are_counted(tmp_path):
    """Is it said how many people handed in, and how many notebooks of each assignment?"""
    files = {"ada/scaling.ipynb": GOOD, "ada/counting.ipynb": make.to_bytes(make.other_release()), "bob.ipynb": GOOD}
    assert lines(tmp_path, files) == ["2 people, 3 notebooks to grade", "  01-scaling: 2", "  02-counting: 1"]


def test_what_cannot_be_graded_is_listed_by_cause(tmp_path):
    """Is each cause said with whose files it concerns, the most frequent first?"""
    found = lines(tmp_path, {"ada/scaling.ipynb": b"", "bob.pdf": b"x", "eve.pdf": b"x"})
    assert found[1] == "3 files or folders that cannot be graded"
    assert found[2] == "  2 × a PDF; expected the notebook (.ipynb): bob, eve"
    assert found[3].startswith("  1 × the file is empty: ada")


def test_who_is_not_known_and_who_is_missing_is_said(tmp_path):
    """Are a stranger and a person of the roster without work both named?"""
    found = lines(tmp_path, {"ada/scaling.ipynb": GOOD, "eve/scaling.ipynb": GOOD}, [ADA, BOB])
    assert found[-2].startswith("warning: not known by the roster") and found[-2].endswith(": eve")
    assert found[-1] == "1 of 2 in the roster without work under their name: Bob Ray (bob)"


def test_a_long_list_is_cut_with_its_length(tmp_path):
    """Does a class of strangers stay a line that a person reads?"""
    found = lines(tmp_path, {f"s{number:02}.pdf": b"x" for number in range(40)})
    assert found[2].endswith("and 28 more")
