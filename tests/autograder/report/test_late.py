"""Late penalties: due dates, and what a day costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import notebook_makers as make
import pytest
from page_samples import RESULT, words

from autograder.base.settings import Late
from autograder.report.late import penalty, sentence, with_penalties
from autograder.report.pages import feedback
from autograder.report.tables import write_tables

DUE = "due = 2026-12-01T23:59:00+01:00"
RULES = "\n[late]\nper_day = 0.1\ngrace_minutes = 5\nmost = 0.5\naccept_days = 14\n"


def course_with(tmp_path, due=DUE, rules=RULES):
    course = make.make_course(tmp_path / "course")
    path = course.root / "course" / "course.toml"
    path.write_text(path.read_text().replace('shifting"', f'shifting"\n{due}') + rules)
    course.__dict__.pop("settings", None)
    return course


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


def test_lateness_is_shown_on_the_page_and_in_the_table(tmp_path):
    """Do the student and the instructor see when it came, when it was due and what that cost?"""
    course = course_with(tmp_path)
    late = replace(RESULT, submitted_at="2026-12-03T12:00:00+00:00")
    (charged,) = with_penalties(course, [late])
    assert "due 01 Dec 2026 23:59:00 (UTC+01:00): 2 started days late." in words(feedback.render(charged, course))
    assert sentence(course, RESULT) == ""
    write_tables(tmp_path, [charged])
    assert ",2.0,0.0," in (tmp_path / "grades.csv").read_text()
