"""Moodle's grading worksheet beside the submissions."""

from __future__ import annotations

import notebook_makers as make
import pytest

from autograder.base.records import Submission
from autograder.run.worksheets import times_beside

SHEET = (
    "Identifier,Full name,Email address,Status,Grade,Last modified (submission)\n"
    'Participant 11,Ada,a@x.org,Submitted for grading,,"Friday, 27 November 2026, 11:58 PM"\n'
    'Participant 12,Bob,b@x.org,Submitted for grading,,"Friday, 27 November 2026, 11:59 PM"\n'
)


@pytest.fixture
def course(tmp_path):
    """The first assignment is due, the second is not."""
    course = make.make_course(tmp_path / "course")
    path = course.root / "course" / "course.toml"
    path.write_text(path.read_text().replace('shifting"', 'shifting"\ndue = 2026-11-27T23:00:00+01:00'))
    course.__dict__.pop("settings", None)
    return course


def handed_in(course, number, name, place=0):
    return Submission(name, name, course.assignments[place], upload=f"{name}_{number}_assignsubmission_file_")


def sheet(tmp_path, text=SHEET):
    folder = tmp_path / "moodle"
    folder.mkdir()
    (folder / "Grades-12.csv").write_text(text)
    return [folder]


def test_the_worksheet_beside_the_folders_gives_their_times(course, tmp_path):
    """Is nothing else needed than to put the worksheet where the folders are?"""
    entries, said = times_beside(course, sheet(tmp_path), [handed_in(course, 11, "Ada"), handed_in(course, 12, "Bob")])
    assert [(one.assignment, one.participant, one.submitted_at) for one in entries] == [
        ("01-scaling", "11", "2026-11-27T23:58:00+01:00"),
        ("01-scaling", "12", "2026-11-27T23:59:00+01:00"),
    ]
    assert said == []


def test_a_worksheet_of_two_assignments_or_none_is_left_alone(course, tmp_path):
    """Is no time taken where the numbers do not say which assignment it is, or where nothing is due?"""
    paths = sheet(tmp_path)
    both = [handed_in(course, 11, "Ada"), handed_in(course, 12, "Bob", place=1)]
    for submissions in (both, both[1:], [handed_in(course, 13, "Cyd")]):
        assert times_beside(course, paths, submissions) == ([], [])


def test_a_worksheet_in_an_unknown_language_stops_nothing(course, tmp_path):
    """Is it said that no times are taken from headings that nobody here can read?"""
    text = SHEET.replace("Last modified (submission)", "送信日時").replace("Status", "状態")
    entries, (said,) = times_beside(course, sheet(tmp_path, text), [handed_in(course, 11, "Ada")])
    assert entries == []
    assert said.startswith("No hand-in times are taken from Moodle's worksheet:") and "has the columns" in said
