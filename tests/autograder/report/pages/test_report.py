"""The class report."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import notebook_makers as make
import pytest
from page_samples import EVIL, LOST, RESULT, SCALE, SHIFT, PageText, words
from servers import chromium

from autograder.base.course import Assignment, Course
from autograder.base.records import Mark, Result
from autograder.report.pages.distribution import Chart
from autograder.report.pages.report import render
from autograder.report.similar import Group

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
LINKS = {
    ("Ada Lovelace", "01-scaling", RESULT.file): "feedback/Ada Lovelace #1.html",
    ("Bob", None, "bob.ipynb"): "feedback/bob.html",
}


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
    "Task 2: Shift 01 Scaling and shifting 33 % of the points 1 of 3 got all, 1 blank",
    "inputs 01, Task 1: scale · 1 point Most often:",
    "Of those who answered the task.",
    "Bob · bob.ipynb The file is empty.",
    "Task 2: Shift ran out of time.",
    "2 / 7 Scaling and shifting 1 out of time, 1 repair",
    "Ada Lovelace 2 2 / 7 01 2 / 7",
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
    hrefs = re.findall(r'href="([^"]*)"', page_of(CLASS, course, links={("Bob", None, "bob.ipynb"): path}))
    assert hrefs and all(one.startswith("#") for one in hrefs)


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
    page = page_of(evil, course, links={(EVIL, "01-scaling", EVIL): EVIL})
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


# --- the table of students, on a phone and on a desk ------------------------------------------------------------------


def class_of(course: Course, assignments: int, students: int) -> tuple[Course, list[Result]]:
    """A course with this many assignments, and a class that handed in nearly all of them."""
    slugs = [f"{number:02}-a-rather-long-name-{number}" for number in range(1, assignments + 1)]
    longer = Course(course.root)
    longer.__dict__["assignments"] = tuple(Assignment(slug, f"A rather long title: {slug}", 13) for slug in slugs)
    results = [
        replace(RESULT, student=f"Maximilian Lovelace {number}", file=f"{number}.ipynb", assignment=slug, points=11.75)
        for number in range(students)
        for slug in slugs[number % 3 :]
    ]
    return longer, [*(replace(one, max_points=13.0) for one in results), replace(LOST, student="Maximilian Lovelace 0")]


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


WHOLE = "return document.documentElement.scrollWidth <= innerWidth"
INSIDE = "return [...document.querySelectorAll('main *')].every(one => one.getBoundingClientRect().right <= innerWidth)"
UNCUT = "return [...document.querySelectorAll('.strip > *')].every(one => one.scrollWidth <= one.clientWidth)"


@pytest.mark.parametrize("students", [5, 60])
@pytest.mark.parametrize("assignments", [9, 19])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desk"])
def test_the_report_fits_without_scrolling_sideways(browser, course, tmp_path, width, assignments, students):
    """Does the whole class, opened line by line, fit a phone and a desk, and is no number cut off?"""
    longer, results = class_of(course, assignments, students)
    page = tmp_path / "report.html"
    texts = ("x = '" + "long" * 200 + "'\ny = f(x)", "def f(argument): return argument.value" * 9)
    pair = Group(results[0].assignment, "Task " * 9, "code", (results[0], results[-2]), texts, ((0, 1, 0.9),), ())
    page.write_text(page_of(results, longer, alike=[pair]).replace("<details", "<details open"), encoding="utf-8")
    screen = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 1000}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get(page.as_uri())
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script(WHOLE) and browser.execute_script(INSIDE)
    assert browser.execute_script(UNCUT)


def test_each_assignment_has_a_number_that_the_page_explains(course):
    """Do the short column heads stand with their titles below the table?"""
    longer, results = class_of(course, 19, 1)
    page = page_of(results, longer)
    assert "07 A rather long title: 07-a-rather-long-name-7" in words(page)
    assert "223.25 / 247" in words(page)


def test_a_term_has_a_total(course):
    """Is there a distribution of all assignments together, in which what is missing gives nothing?"""
    longer, results = class_of(course, 3, 3)
    page = words(page_of(results, longer))
    assert "Course total so far 3 students · median 23.5 · mean 23.5 of 39 points" in page
    assert "Maximilian Lovelace 2" in page and "11.75 / 39" in page


def test_two_weeks_under_two_spellings_are_one_row(course):
    """Is a person whose name is spelt otherwise in another week still one student?"""
    weeks = [replace(RESULT, student="Ada Lovelace", person="canvas:1"), replace(RESULT, student="A. Lovelace")]
    both = [weeks[0], replace(weeks[1], person="canvas:1", assignment="02-counting", file="b.ipynb")]
    assert "1 student 2 graded" in words(page_of(both, course))
    assert "2 students 2 graded" in words(page_of([both[0], replace(both[1], person="canvas:2")], course))
