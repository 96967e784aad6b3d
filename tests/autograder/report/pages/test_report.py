"""The class report."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import EVIL, LOST, RESULT, SCALE, SHIFT, PageText, words

from autograder.base.course import Course
from autograder.base.records import Mark
from autograder.report.pages.report import Chart, render

FULL = replace(
    RESULT,
    student="Åsa",
    file="asa.ipynb",
    points=7.0,
    repairs=(),
    tasks=(
        replace(SCALE, points=3.0, checks=(Mark("values", 2.0, 2.0, ""), Mark("inputs", 1.0, 1.0, ""))),
        replace(SHIFT, status="ok", points=4.0, checks=(Mark("steps", 4.0, 4.0, ""),), message=""),
    ),
)
NOTHING = replace(
    RESULT,
    student="Chen",
    file="chen.ipynb",
    points=0.0,
    repairs=(),
    tasks=tuple(replace(task, status="unanswered", points=0.0, message="not yet answered") for task in (SCALE, SHIFT)),
)
CLASS = [RESULT, FULL, NOTHING, LOST]
LINKS = {("Ada Lovelace", RESULT.file): "feedback/Ada Lovelace #1.html", ("Bob", "bob.ipynb"): "feedback/bob.html"}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return make.make_course(tmp_path_factory.mktemp("course"))


def page_of(results, course, **options) -> str:
    return render(results, course, dataset="fashion-mnist", **options)


SHOWN = [
    "4 students 3 graded 1 not readable 3 written answers to mark",
    "fashion-mnist",
    "Graded without a sandbox.",
    "3 graded · median 2 · mean 3 of 7 points",
    "Task 1: scale 2 of 3 answered",
    "inputs (1 point) 1 of 3",
    "Bob · bob.ipynb The file is empty.",
    "Task 2: Shift ran out of time.",
    "2 / 7 1 out of time 1 repair",
    "The check cell of Task 1 was edited",
]


@pytest.mark.parametrize("sentence", SHOWN)
def test_report_shows(course, sentence):
    """Does the report say what an instructor needs to know?"""
    assert sentence in words(page_of(CLASS, course))


def test_links_to_feedback_pages(course):
    """Does a result link to its feedback page by a relative path, fit for an address?"""
    page = page_of(CLASS, course, links=LINKS)
    assert 'href="feedback/Ada%20Lovelace%20%231.html"' in page
    assert 'href="feedback/bob.html"' in page


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "javascript:alert(1)", "../../x.html", "https://example.org", "\\\\host\\x"]
)
def test_links_lead_nowhere_else(course, path):
    """Is a link that is no relative path left out?"""
    assert "href" not in page_of(CLASS, course, links={("Bob", "bob.ipynb"): path})


def test_same_bytes_in_any_order(course):
    """Is the report the same, byte for byte, whatever order the results come in?"""
    shuffled = CLASS.copy()
    random.Random(1).shuffle(shuffled)
    assert page_of(shuffled, course, links=LINKS) == page_of(CLASS, course, links=LINKS)


def test_hostile_text_stays_text(course):
    """Does markup in names, files, titles and causes stay text?"""
    evil = [
        replace(
            RESULT, student=EVIL, file=EVIL, warnings=(EVIL,), repairs=(EVIL,), tasks=(replace(SHIFT, title=EVIL),)
        ),
        replace(LOST, student=EVIL, cause=EVIL),
    ]
    page = page_of(evil, course, links={(EVIL, EVIL): EVIL})
    seen = PageText(page)
    assert {"script", "img"}.isdisjoint(seen.tags) and seen.tags.count("style") == 1
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert "\u202e" not in page


def test_nothing_is_loaded(course):
    """Is the report one file, without scripts or anything from elsewhere?"""
    assert not re.search(r"(?i)<script|<link|<iframe|src=|url\(|@import|https?://", page_of(CLASS, course))


@pytest.mark.parametrize(
    ("points", "most", "counts"),
    [
        ((0.0, 10.0), 10.0, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ((9.99, 1.0, 1.0), 10.0, [0, 2, 0, 0, 0, 0, 0, 0, 0, 1]),
        ((0.0,), 0.0, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ((-1.0, 11.0), 10.0, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ],
    ids=["ends of the scale", "lower edges belong to a bar", "nothing to gain", "beyond the scale"],
)
def test_histogram_counts(points, most, counts):
    """Does every submission stand in the bar of its points?"""
    assert Chart("", most, points).counts == counts


@pytest.mark.parametrize("results", [[], [LOST], [RESULT]], ids=["empty", "nothing readable", "one"])
def test_small_classes(course, results):
    """Does a report of almost nothing come out whole?"""
    assert page_of(results, course).rstrip().endswith("</html>")


def test_large_class_is_a_modest_page(course):
    """Does a class of 300 make a page that a browser opens at once?"""
    results = [replace(RESULT, student=f"student {number}", file=f"{number}.ipynb") for number in range(300)]
    assert len(page_of(results, course).encode()) < 500_000
