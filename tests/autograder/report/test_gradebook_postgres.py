"""The gradebook on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import notebook_makers as make
import pytest
from nbgrader.api import Gradebook
from page_samples import EVIL, RESULT
from servers import Postgres, postgres
from traitlets.config import PyFileConfigLoader

from autograder.base.course import Course, CourseError
from autograder.report.gradebook import COURSE_ID, ENVIRONMENT, student_ids
from autograder.report.hand_back import hand_back

STUDENTS = [
    replace(RESULT, student=name, file=f"{number}.ipynb") for number, name in enumerate(("Ada", "Åsa 🎓 ☃" * 20))
]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return make.make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def run(server, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(ENVIRONMENT, server.url())
    return tmp_path


def test_marks_go_to_the_server_and_come_back(server, course, run):
    """Does a class on a real server keep points, marks and comments, through a second run?"""
    hand_back(course, run, STUDENTS, "fashion-mnist")
    ids = student_ids(STUDENTS)
    with Gradebook(server.url(), COURSE_ID) as book:
        for student in ids.values():
            grade = book.find_grade("written-why", "scaling", "01-scaling", student)
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = 2.0, False
            book.find_comment("written-why", "scaling", "01-scaling", student).manual_comment = EVIL
        book.db.commit()
        assert book.find_grade("check-scale", "scaling", "01-scaling", "Ada").auto_score == 2.0
    better = [replace(one, late_penalty=0.5) for one in STUDENTS]
    results = hand_back(course, run, better, "fashion-mnist").results
    assert [one.written[0].points for one in results] == [2.0, 2.0]
    assert [one.written[0].comment for one in results] == [EVIL, EVIL]
    assert [one.total for one in results] == [3.5, 3.5]


def test_formgrader_is_led_to_the_server(server, course, run):
    """Do nbgrader's settings in the run folder lead to the same database, with the password in no file?"""
    hand_back(course, run, STUDENTS, "fashion-mnist")
    settings = PyFileConfigLoader("nbgrader_config.py", path=str(run)).load_config()
    assert settings.CourseDirectory.db_url == server.url()
    assert not (run / "gradebook.db").exists()
    holding = [path for path in run.rglob("*") if path.is_file() and server.password.encode() in path.read_bytes()]
    assert holding == []


def test_a_wrong_password_is_one_sentence(server, course, run, monkeypatch):
    """Is a refused login told without the password, and is the class written all the same?"""
    monkeypatch.setenv(ENVIRONMENT, server.url("hunter2"))
    with pytest.raises(CourseError, match="cannot be used") as caught:
        hand_back(course, run, STUDENTS, "fashion-mnist")
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)
    assert (run / "grades.csv").is_file()
