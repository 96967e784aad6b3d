"""The feedback page of one submission."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import notebook_makers as make
import pytest
from page_samples import EVIL, LOST, RESULT, SCALE, SHIFT, PageText, words

from autograder.base.course import Course
from autograder.base.records import Mark, Result, WrittenResult
from autograder.judge.wording import only_with
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


# --- what is read first ----------------------------------------------------------------------------------------------

FIRST, MEAN = "The shape: your code raised NameError: name 'np' is not defined.", "The mean"
STEPS = replace(
    SCALE,
    points=1.0,
    max_points=6.0,
    checks=(
        Mark("quiet", 1.0, 1.0, "Quiet: right."),
        Mark("left", 0.0, 1.0, only_with("left alone", ["the shape"])),
        Mark("shape", 0.0, 1.0, f"{FIRST} Expected: `(n,)` & <nothing> else."),
        Mark("mean", 0.0, 3.0, FIRST.replace("The shape", MEAN) + " Expected: the mean."),
    ),
)


def test_the_page_says_what_to_look_at_first(course):
    """Is the first cause named at the top, ahead of what follows from it, with what it costs?"""
    page = words(render(replace(RESULT, tasks=(SHIFT, STEPS)), course))
    top = page[page.index("Look at these first") : page.index("Tasks")]
    assert top.index("Task 1: scale (5 points to gain)") < top.index("Task 2: Shift (4 points to gain)")
    assert FIRST in top and "Left alone" not in top


def test_there_is_nothing_to_look_at_first_where_all_is_right(course):
    """Does a page without a fault say so?"""
    right = replace(SCALE, points=3.0, checks=(Mark("values", 3.0, 3.0, "Values: right."),))
    page = words(render(replace(RESULT, tasks=(right,), points=3.0, max_points=3.0), course))
    assert "Every check passed." in page and "first" not in page


def test_what_a_person_judged_is_not_overruled_at_the_top(course):
    """Does a task with points by hand leave the list of what to look at first?"""
    page = words(render(replace(RESULT, tasks=(SHIFT, replace(STEPS, by_hand=5.0))), course))
    assert "Look at this first" in page and "(5 points to gain)" not in page


def test_faults_stand_before_what_is_right_and_are_told_once(course):
    """Does the table begin with the cause, and name an exception that hit every check one time only?"""
    page = words(render(replace(RESULT, tasks=(STEPS,)), course))
    table = page[page.index("Check Points") :]
    places = [table.index(text) for text in (FIRST, f"{MEAN}: the same as above.", "Left alone", "Quiet: right.")]
    assert places == sorted(places) and table.count("NameError") == 1


def test_code_in_messages_is_set_as_code(course):
    """Do backticks become code, with all else still text?"""
    page = render(replace(RESULT, tasks=(STEPS,), repairs=("`x < 1` was `renamed.",)), course)
    assert "<code>(n,)</code> &amp; &lt;nothing&gt; else." in page
    assert "<code>x &lt; 1</code> was `renamed." in page


class Lines(HTMLParser):
    """The lines of a page's first cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.depth = 0
        self.feed(page[page.index('<code class="code">') :].split("</code>")[0])

    def handle_starttag(self, tag, attrs):
        self.depth += tag == "span"
        if (tag, self.depth) == ("span", 1):
            self.lines.append("")

    def handle_endtag(self, tag):
        self.depth -= tag == "span"

    def handle_data(self, data):
        self.lines[-1] += data


@pytest.mark.parametrize("filler", ["", "x = 1\n" * 900], ids=["coloured", "plain"])
def test_lines_are_numbered_as_python_counts_them(course, filler):
    """Is line 3 of a message line 3 on the page: an element a line, the empty ones at the top, too?"""
    source = f'\n\ndef f():\n    """Two\n    lines."""\n\n    return "<b>"\n{filler}'
    tasks = tuple(replace(SCALE, name=f"scale-{number}") for number in range(20 if filler else 1))
    page = render(replace(RESULT, tasks=tasks, answers={task.name: source for task in tasks}), course)
    assert ('class="k"' in page) == (not filler)
    assert Lines(page).lines[:7] == source.split("\n")[:7]
