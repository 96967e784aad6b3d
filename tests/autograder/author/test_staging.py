"""Are answers published when something needs them and nobody can hand in any more, and never before?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from autograder.author.staging import Clock, Stage, consents, stage
from autograder.base.course import Course, CourseError

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
NOTEBOOK = "release/02-half/half.ipynb"
NEEDS = "from waferlab.reference.double import double"


def with_dates(course: Course, *, due: bool = True, accept_days: int | None = 14) -> Course:
    """The small course with a date for its first assignment, and both references exported."""
    settings = course.root / "course" / "course.toml"
    date = "\ndue = 2026-12-01T23:59:00+00:00" if due else ""
    late = "" if accept_days is None else f"\n[late]\naccept_days = {accept_days}\ngrace_minutes = 10\n"
    settings.write_text(settings.read_text().replace('"Doubling"', f'"Doubling"{date}') + late)
    folder = course.root / "course" / "waferlab" / "reference"
    folder.mkdir()
    (folder / "double.py").write_text("import numpy\n")
    (folder / "half.py").write_text(f"import numpy\n{NEEDS}\n")
    return Course(course.root)


def files(source: str = NEEDS) -> dict[str, bytes]:
    """What is published: a notebook with one cell of code."""
    cells = [
        {"cell_type": "markdown", "id": "a", "source": []},
        {"cell_type": "code", "id": "setup", "source": [source]},
    ]
    return {NOTEBOOK: json.dumps({"cells": cells}).encode()}


def staged(course: Course, now: datetime, **clock: frozenset[str]) -> Stage:
    """What goes with the second assignment."""
    return stage(course, 2, files(), Clock(now, **clock))


def test_an_answer_waits_for_the_last_late_submission(tiny_course: Course) -> None:
    """Is the next assignment refused while the one before it is still accepted, with both, date and ways on?"""
    with pytest.raises(CourseError) as caught:
        staged(with_dates(tiny_course), DUE + timedelta(days=14, minutes=9))
    assert str(caught.value) == (
        f"{NOTEBOOK}, cell 'setup', line 1, needs the answers of 01-double, which is due 01 Dec 2026 23:59 UTC and "
        "accepted until 16 Dec 2026 00:09 UTC: publish less until then, change course.toml, or give the "
        "answers away with --answers-of 01"
    )


def test_an_answer_goes_out_when_nobody_can_hand_in_any_more(tiny_course: Course) -> None:
    """Does the reference come by itself once due date, grace and late days are over, without a remark?"""
    found = staged(with_dates(tiny_course), DUE + timedelta(days=14, minutes=11))
    assert (found.modules, found.open, found.remarks) == ({"double"}, {"01-double"}, ())


@pytest.mark.parametrize("accept_days", [None, 14])
def test_the_author_can_consent(tiny_course: Course, accept_days: int | None) -> None:
    """Does --answers-of publish an answer at any time?"""
    course = with_dates(tiny_course, accept_days=accept_days)
    assert staged(course, DUE, consented=frozenset({"01-double"})).modules == {"double"}


def test_late_without_an_end_needs_consent_for_ever(tiny_course: Course) -> None:
    """Is an answer kept back where late submissions are accepted without an end?"""
    with pytest.raises(CourseError, match=r"accepted late without an end .*accept_days is not set"):
        staged(with_dates(tiny_course, accept_days=None), DUE + timedelta(days=400))


def test_what_students_have_needs_no_consent_again(tiny_course: Course) -> None:
    """Does the next publication go on from one to which the author consented?"""
    assert staged(with_dates(tiny_course), DUE, known=frozenset({"double"})).modules == {"double"}


def test_an_assignment_without_a_date_is_told(tiny_course: Course) -> None:
    """Is today's rule kept where no date is set, and said?"""
    found = staged(with_dates(tiny_course, due=False), DUE)
    assert found.modules == {"double"}
    assert found.remarks == (
        "the answers of 01-double are published, for a later assignment needs them; it has no due date in "
        "course.toml, so nothing says until when it can be handed in",
    )


def test_an_answer_that_nothing_needs_stays_at_home(tiny_course: Course) -> None:
    """Is a reference left out that no published file imports, however old?"""
    course = with_dates(tiny_course)
    assert stage(course, 2, files("import numpy"), Clock(DUE + timedelta(days=999))).modules == frozenset()


def test_an_answer_may_need_another(tiny_course: Course) -> None:
    """Is a reference published that only another reference imports, and not before its own deadline?"""
    course = with_dates(tiny_course)
    settings = course.root / "course" / "course.toml"
    settings.write_text(settings.read_text() + '[assignments.03-third]\ntitle = "Third"\n')
    course = Course(course.root)
    needs_half = files("from waferlab.reference import half")
    assert stage(course, 3, needs_half, Clock(DUE + timedelta(days=15))).modules == {"half", "double"}
    with pytest.raises(CourseError, match=r"reference/half.py, line 2, needs the answers of 01-double"):
        stage(course, 3, needs_half, Clock(DUE))


@pytest.mark.parametrize("number", [2, 7])
def test_consent_to_what_is_no_earlier_assignment(tiny_course: Course, number: int) -> None:
    """Is a number refused that names the assignment itself, or none?"""
    with pytest.raises(CourseError, match=f"--answers-of 0{number}: expected an assignment before 02, which are 01"):
        consents(tiny_course, [number], 2)
