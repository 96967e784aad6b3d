"""A class of sixty from real platforms' exports: nobody lost, nobody merged, everything accounted for."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from platform_class import PlatformClass, course_notebook, make_class, use_roster

from autograder.base.course import Course, find_course
from autograder.base.people import roster
from autograder.base.records import Submission
from autograder.intake import Intake, collect


def copy_of(course: Course, root: Path) -> Course:
    """As much of the course as intake reads."""
    (root / "course").mkdir(parents=True)
    shutil.copy2(course.root / "course/course.toml", root / "course")
    for tree in ("release", "source"):
        (root / tree).symlink_to(course.root / tree)
    return Course(root)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> PlatformClass:
    return make_class(tmp_path_factory.mktemp("class") / "inbox", course_notebook(find_course(Path(__file__))))


@pytest.fixture(scope="module")
def course(tmp_path_factory, made) -> Course:
    copied = copy_of(find_course(Path(__file__)), tmp_path_factory.mktemp("course") / "course")
    return use_roster(copied, made)


@pytest.fixture(scope="module")
def found(course, made) -> list[Submission]:
    return collect(course, [made.inbox])


def slug_of(one: Submission) -> str | None:
    return one.assignment.slug if one.assignment else None


def test_everything_handed_in_is_one_row(made, found):
    """Has everybody one row for each thing handed in, for the right assignment, and nobody any other?"""
    expected = Counter((one.person, one.assignment, bool(one.cause)) for one in made.rows)
    assert Counter((one.person, slug_of(one), bool(one.cause)) for one in found) == expected


def test_causes_say_what_it_was(made, found):
    """Does each row that cannot be graded say what was handed in?"""
    causes: dict[str, str] = {}
    for one in found:
        causes[one.person] = causes.get(one.person, "") + (one.cause or "")
    wrong = [one for one in made.rows if one.cause not in causes[one.person]]
    assert not wrong


def test_rows_go_back_under_the_platforms_names(made, found):
    """Does each row know under which name the platform gave it out?"""
    assert Counter(one.upload for one in found) == Counter(one.upload for one in made.rows)


def test_names_are_one_persons(found):
    """Is each readable name one person's, and each person one name's, the two pairs of one name included?"""
    pairs = {(one.student, one.person) for one in found}
    assert len(pairs) == len(dict(pairs)) == len({person for _, person in pairs}) == 60  # 58 and two strangers
    assert {"John Smith (s01)", "John Smith (s02)", "María García (s25)", "María García (s26)"} <= dict(pairs).keys()


def test_nobody_is_lost_without_a_roster(course, made, tmp_path):
    """Without a roster, are there as many people and readable notebooks as with one?"""
    bare = copy_of(find_course(Path(__file__)), tmp_path / "course")
    rows = collect(bare, [made.inbox])
    by_mail = 4 - 1  # without a roster, those in a folder are taken for one person
    assert Counter(slug_of(one) for one in rows if one.is_readable) == Counter(
        {
            "03-pca": sum(one.assignment == "03-pca" and not one.cause for one in made.rows) - by_mail,
            "09-ethics": sum(one.assignment == "09-ethics" and not one.cause for one in made.rows),
        }
    )
    assert sum("John Smith" in one.student or "smithjohn" in one.student for one in rows) == 4


def test_the_overview_names_strangers_and_the_absent(course, made, found):
    """Does a grader see before grading who is not known, and who handed in nothing?"""
    lines = list(Intake(found, roster(course)).lines())
    readable = sum(not one.cause for one in made.rows)
    assert lines[0] == f"60 people, {readable} notebooks to grade"
    assert lines[-2].endswith("Uwe Unbekannt, strangerjane")
    assert lines[-1].startswith("2 of 60 in the roster without work") and all(one in lines[-1] for one in made.absent)
