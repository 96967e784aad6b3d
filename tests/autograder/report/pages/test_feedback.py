"""The feedback page of one submission."""

from __future__ import annotations

import re
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import EVIL, LOST, RESULT, SCALE, SHIFT, PageText, words

from autograder.base.course import Course
from autograder.base.records import Mark, Result, WrittenResult
from autograder.report.pages.feedback import MAX_BYTES, render


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return make.make_course(tmp_path_factory.mktemp("course"))


SHOWN = [
    "A small course",
    "Scaling and shifting",
    "Ada Lovelace",
    "2 of 7 points, marked automatically",
    "up to 3 more points, to be marked by a person",
    "Graded without a sandbox.",
    "The check cell of Task 1 was edited",
    "2 / 3",
    "partly right",
    "out of time",
    "The input: changed. Expected: as it was.",
    "return 2 * x",
    "Why to be marked, up to 3",
    "Because it is.",
]


@pytest.mark.parametrize("sentence", SHOWN)
def test_page_shows(course, sentence):
    """Does the page say what a student needs to know?"""
    assert sentence in words(render(RESULT, course))


def test_unreadable_submission_says_cause_and_what_to_do(course):
    """Does the page of an unreadable file name the cause and a way out?"""
    page = words(render(LOST, course))
    assert "The file is empty." in page and "What to do" in page and "points" not in page


def test_folders_of_the_grader_are_not_shown(course):
    """Does only the file's own name appear, not where the instructor keeps it?"""
    page = render(RESULT, course)
    assert "scaling.ipynb" in page and "secret-folder" not in page


def evil() -> Result:
    tasks = tuple(
        replace(task, title=EVIL, message=message, checks=(Mark(EVIL, 0.0, 1.0, EVIL),), name="scale")
        for task, message in ((SCALE, ""), (SHIFT, EVIL))
    )
    return replace(
        RESULT,
        student=EVIL,
        file=EVIL,
        assignment=EVIL,
        tasks=tasks,
        repairs=(EVIL,),
        warnings=(EVIL,),
        written=(WrittenResult(EVIL, 1.0, EVIL),),
        answers={"scale": EVIL},
    )


@pytest.mark.parametrize("result", [evil(), replace(LOST, cause=EVIL, student=EVIL)], ids=["graded", "unreadable"])
def test_hostile_text_stays_text(course, result):
    """Does markup in names, code and messages stay text?"""
    page = render(result, course)
    seen = PageText(page)
    assert {"script", "img"}.isdisjoint(seen.tags) and seen.tags.count("style") == 1
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in page and "\u202e" not in page


def test_nothing_is_loaded(course):
    """Is the page one file, without scripts or anything from elsewhere?"""
    page = render(RESULT, course)
    assert not re.search(r"(?i)<script|<link|<iframe|src=|url\(|@import|https?://", page)


@pytest.mark.parametrize(
    "size", [{"code": 10**6}, {"tasks": 2000}, {"repairs": 10**5}], ids=["code", "many tasks", "repairs"]
)
def test_page_stays_small(course, size):
    """Does the page stay below its limit whatever a student wrote, and say that something was cut?"""
    code = "&<" * (size.get("code", 10) // 2)
    tasks = tuple(replace(SCALE, name=f"scale-{number}") for number in range(size.get("tasks", 2)))
    result = replace(
        RESULT,
        tasks=tasks,
        answers={task.name: code for task in tasks},
        written=(WrittenResult("written-why", 3.0, code),) * 5,
        repairs=("A sentence. " * 50,) * size.get("repairs", 1),
    )
    assert len(render(result, course).encode()) <= MAX_BYTES


def test_cut_code_says_so(course):
    """Is code that is cut marked as cut?"""
    page = render(replace(RESULT, answers={"scale": "x = 1\n" * 5000}), course)
    assert re.search(r"… \( ?\d+ more characters ?\)", words(page))


def test_same_bytes(course):
    """Is the page the same, byte for byte, when made again?"""
    assert render(RESULT, course) == render(RESULT, course)
