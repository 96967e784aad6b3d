"""Late penalties: due dates, hand-in times that nobody vouches for, and what a day costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import notebook_makers as make
import pytest
from page_samples import RESULT, words

from autograder.base.settings import Late
from autograder.intake.times import handed_in
from autograder.report.late import parse_time, penalty, sentence, with_penalties
from autograder.report.pages import feedback
from autograder.run.journal import write_tables

NOW = datetime(2027, 1, 1, tzinfo=UTC)
DUE = "due = 2026-12-01T23:59:00+01:00"
RULES = "\n[late]\nper_day = 0.1\ngrace_minutes = 5\nmost = 0.5\naccept_days = 14\n"


def course_with(tmp_path, due=DUE, rules=RULES):
    course = make.make_course(tmp_path / "course")
    path = course.root / "course" / "course.toml"
    path.write_text(path.read_text().replace("points = 9", f"points = 9\n{due}") + rules)
    course.__dict__.pop("settings", None)
    return course


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-30 12:00:00.123456 UTC", "2026-11-30T12:00:00", id="as nbgrader writes it"),
        pytest.param("2026-11-30 12:00:00", "2026-11-30T12:00:00", id="without a zone, UTC as in nbgrader"),
        pytest.param("2026-11-30T12:00:00+01:00\n", "2026-11-30T11:00:00", id="ISO 8601"),
        pytest.param("2026-11-30 12:00:00 -0530", "2026-11-30T17:30:00", id="offset without a colon"),
        pytest.param("2026-07-01 12:00:00 Europe/Berlin", "2026-07-01T10:00:00", id="summer time"),
        pytest.param("2026-12-01 12:00:00 Europe/Berlin", "2026-12-01T11:00:00", id="winter time"),
        pytest.param("2026-10-25 02:30:00 Europe/Berlin", "2026-10-25T00:30:00", id="an hour that comes twice"),
    ],
)  # fmt: skip
def test_a_timestamp_is_read_in_its_time_zone(text, expected):
    """Is a hand-in time the same moment in whatever zone it is written?"""
    assert parse_time(text, NOW).isoformat() == f"{expected}+00:00"


@pytest.mark.parametrize(
    "text",
    ["", "10", "tomorrow", "2026-13-01 00:00:00", "2026-01-01 25:00:00 UTC", "2026-01-01 00:00:00 ../../etc/passwd",
     "2026-01-01 00:00:00 Europe", "2026-01-01 00:00:00 +9999", "0001-01-01 00:00:00 +0100",
     "9999-12-31 23:59:59 -2300", "2027-01-02 00:00:00 UTC", "\0" * 50],
)  # fmt: skip
def test_a_nonsense_timestamp_is_refused_in_words(text):
    """Does a forged or broken timestamp end in a sentence, never in a time?"""
    with pytest.raises(ValueError, match=r"^its timestamp"):
        parse_time(text, NOW)


@pytest.mark.parametrize(
    ("late", "points"),
    [
        pytest.param(timedelta(seconds=1), 1.0, id="a started day is a day"),
        pytest.param(timedelta(days=1), 1.0, id="exactly one day"),
        pytest.param(timedelta(days=1, seconds=1), 2.0, id="the second day has begun"),
        pytest.param(timedelta(days=9), 5.0, id="no more than `most`"),
        pytest.param(timedelta(days=14, seconds=1), 10.0, id="no longer accepted"),
    ],
)
def test_lateness_costs_what_the_course_says(late, points):
    """Does each started day cost its share, up to the most, and everything after the last day?"""
    assert penalty(late, 10.0, Late(per_day=0.1, grace_minutes=5, most=0.5, accept_days=14)) == points


@pytest.mark.parametrize(
    ("submitted", "points"),
    [
        pytest.param("2026-12-01T22:59:00+00:00", 0.0, id="on the second, in another zone"),
        pytest.param("2026-12-01T23:04:00+00:00", 0.0, id="within the grace"),
        pytest.param("2026-12-01T23:04:01+00:00", 1.0, id="after the grace"),
        pytest.param(None, 0.0, id="no time known"),
    ],
)
def test_the_penalty_is_taken_off_the_total(tmp_path, submitted, points):
    """Is a submission charged by its own due date, and never without a known time?"""
    (charged,) = with_penalties(course_with(tmp_path), [replace(RESULT, submitted_at=submitted)])
    assert charged.late_penalty == points
    assert charged.total == RESULT.points - points


def test_a_day_across_the_change_of_clocks_has_24_hours(tmp_path):
    """Does the night with 25 hours give an hour to nobody and take one from nobody?"""
    course = course_with(tmp_path, "due = 2026-10-24T23:59:00+02:00", "\n[late]\nper_day = 0.1\n")
    times = ["2026-10-25T21:59:00+00:00", "2026-10-25T21:59:01+00:00"]
    charged = with_penalties(course, [replace(RESULT, submitted_at=time) for time in times])
    assert [one.late_penalty for one in charged] == [1.0, 2.0]


def test_the_time_comes_from_the_file_that_nbgrader_wrote(tmp_path):
    """Is the hand-in time read from `timestamp.txt` beside the notebook?"""
    folder = tmp_path / "submitted" / "ada" / "01-scaling"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text("2026-11-30 12:00:00 UTC")
    parts = ("ada", "01-scaling", "scaling.ipynb")
    assert handed_in(tmp_path / "submitted", parts, NOW) == ("2026-11-30T12:00:00+00:00", ())


@pytest.mark.parametrize("folder", ["Ada_12_assignsubmission_file_", "ada.zip"])
def test_a_time_that_a_student_may_have_written_is_not_believed(tmp_path, folder):
    """Is a timestamp in a learning platform's folder, where students put files, left alone?"""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "timestamp.txt").write_text("2026-11-30 12:00:00 UTC")
    assert handed_in(tmp_path, (folder, "scaling.ipynb"), NOW) == (None, ())


def test_a_link_in_place_of_the_timestamp_is_not_followed(tmp_path):
    """Does a symbolic link lead the grader to no other file?"""
    (tmp_path / "other").write_text("2026-11-30 12:00:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "other")
    assert handed_in(tmp_path, ("scaling.ipynb",), NOW) == (None, ())


def test_what_canvas_says_is_a_remark_and_costs_nothing(tmp_path):
    """Is Canvas's mark, which tells no time, said and not charged?"""
    time, (remark,) = handed_in(tmp_path, ("adalovelace_LATE_123_456_scaling.ipynb",), NOW)
    assert time is None
    assert remark.startswith("Canvas marked it as late")


def test_lateness_is_shown_on_the_page_and_in_the_table(tmp_path):
    """Do the student and the instructor see when it came, when it was due and what that cost?"""
    course = course_with(tmp_path)
    late = replace(RESULT, submitted_at="2026-12-03T12:00:00+00:00")
    (charged,) = with_penalties(course, [late])
    assert "due 01 Dec 2026 23:59:00 (UTC+01:00): 2 started days late." in words(feedback.render(charged, course))
    assert sentence(course, RESULT) == ""
    write_tables(tmp_path, [charged])
    assert ",2.0,0.0," in (tmp_path / "grades.csv").read_text()
