"""Results to make pages of, and a reader of pages."""

from __future__ import annotations

from html.parser import HTMLParser

import notebook_makers as make

from autograder.base.records import Mark, Result, TaskResult, WrittenResult

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'><style>*{display:none}</style>{{ 7 * 7 }}\u202e"

SCALE = TaskResult(
    "scale",
    "Task 1: scale",
    "ok",
    2.0,
    3.0,
    (
        Mark("values", 2.0, 2.0, "scale(x): right."),
        Mark("inputs", 0.0, 1.0, "The input: changed. Expected: as it was."),
    ),
)
SHIFT = TaskResult(
    "shift", "Task 2: Shift", "timeout", 0.0, 4.0, (Mark("steps", 0.0, 4.0, "did not finish"),), "did not finish"
)
RESULT = Result(
    "Ada Lovelace",
    "class/secret-folder/scaling.ipynb",
    "01-scaling",
    "graded",
    repairs=("The check cell of Task 1 was edited; the release's own counts.",),
    tasks=(SCALE, SHIFT),
    written=(WrittenResult("written-why", 3.0, "Because\nit is."),),
    points=2.0,
    max_points=7.0,
    warnings=("Graded without a sandbox.",),
    answers=make.ANSWERS,
)
LOST = Result("Bob", "bob.ipynb", None, "unreadable", "the file is empty.")


class PageText(HTMLParser):
    """The tags and the visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.text += " "
        self.attributes += attrs

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.text += data


def words(page: str) -> str:
    """The visible text of a page with single spaces."""
    return " ".join(PageText(page).text.split())
