"""One feedback page per submission, from a whitelist: the student's own cells, the points and the messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.base.course import Course
from autograder.base.records import Mark, Result, TaskResult
from autograder.judge.wording import EXPECTED, is_consequence
from autograder.report.late import sentence as late_sentence
from autograder.report.pages import common as pages

MAX_BYTES = 200_000
SAME = 20  # characters from which on a finding that comes again is not told again
MAX_FIRST = 3  # faults that a student is told to look at first


@dataclass(frozen=True)
class Caps:
    """How much of each kind of text a page shows.

    Attributes:
        code: characters of one cell or written answer.
        message: characters of one message.
        comment: characters of a person's comment.
        sentences: warnings and repairs.
        tasks: tasks and written answers, and the lines of one points table.
        coloured: whether code is coloured, which takes several times its size.
    """

    code: int = 12_000
    message: int = 800
    comment: int = 4_000
    sentences: int = 20
    tasks: int = 60
    coloured: bool = True


#: Tried in turn until a page fits. An ordinary page fits the first, and nothing is too long for the last.
CAPS = (
    Caps(),
    Caps(coloured=False),
    Caps(code=2_000, message=300, comment=2_000, sentences=8, coloured=False),
    Caps(code=150, message=60, comment=500, sentences=3, tasks=12, coloured=False),
)


def render(result: Result, course: Course) -> str:
    """The feedback page of one submission: a single HTML file of at most `MAX_BYTES` bytes.

    Args:
        result: what grading found.
        course: for titles.
    """
    for caps in CAPS:
        page = _page(result, course, caps)
        if len(page.encode("utf-8")) <= MAX_BYTES:
            break
    return page


def _page(result: Result, course: Course, caps: Caps) -> str:
    tasks = tuple(replace(task, checks=task.checks[: caps.tasks]) for task in result.tasks[: caps.tasks])
    result = replace(result, tasks=tasks, written=result.written[: caps.tasks])
    return pages.render(
        "feedback.html.j2",
        result=result,
        course_title=course.settings.title,
        title=pages.title_of(course, result.assignment),
        file=pages.file_name(result),
        parts=_parts(result),
        first=_first(tasks),
        checks={task.name: list(_lines(task)) for task in tasks},
        halves=halves,
        open_points=sum(answer.max_points for answer in result.written if answer.points is None),
        written_title=written_title,
        handed_in=late_sentence(course, result),
        code={task.name: _code(result.answers.get(task.name, ""), caps) for task in tasks},
        caps=caps,
    )


def _parts(result: Result) -> list[tuple[str, str]]:
    """What a total is made of, in words."""
    by_hand = any(task.by_hand is not None for task in result.tasks)
    parts = [("Tasks" if by_hand else "Marked automatically", _of(result.task_points, result.max_points))]
    if result.written_points is not None:
        parts.append(("Written", _of(result.written_points, result.written_max)))
    if result.extra:
        parts.append(("Extra credit", f"{round(result.extra, 2):+g}"))
    if result.late_penalty:
        parts.append(("Handed in late", f"−{pages.number(result.late_penalty)}"))
    return parts


@dataclass(frozen=True)
class Fault:
    """What to look at first in a task.

    Attributes:
        place: of the task on the page, from 1.
        title: the task's.
        lost: points that the task did not give.
        message: what is wrong, in words.
    """

    place: int
    title: str
    lost: float
    message: str


def _first(tasks: Sequence[TaskResult]) -> list[Fault]:
    """The first fault of each task that lost most; what a person has judged, they explain themselves."""
    faults = []
    for place, task in enumerate(tasks, 1):
        wrong = sorted((mark for mark in task.checks if mark.points < mark.max), key=_weight)
        lost = task.max_points - task.points
        if lost > 0 and task.by_hand is None and (task.message or wrong):
            faults.append(Fault(place, task.title, lost, task.message or wrong[0].message))
    return sorted(faults, key=lambda one: -one.lost)[:MAX_FIRST]


def _weight(mark: Mark) -> int:
    """What is wrong comes first, then what is wrong only because of that, then what is right."""
    return 2 if mark.points >= mark.max else int(is_consequence(mark.message))


def _lines(task: TaskResult) -> Iterator[Mark]:
    """A task's checks in the order of their weight; one exception is told once, not at every check that met it."""
    told: list[str] = []
    for mark in sorted(task.checks, key=_weight):
        found, expected = halves(mark.message)
        yield replace(mark, message=f"{_shortened(found, told)}{EXPECTED}{expected}") if expected else mark
        told.append(found)


def _shortened(found: str, told: Sequence[str]) -> str:
    """A finding without what an earlier one told.

    >>> _shortened("The sum: your code raised NameError: x.", ["The mean: your code raised NameError: x."])
    'The sum: the same as above.'
    """
    for colon in re.finditer(": ", found):
        tail = found[colon.start() :]
        if len(tail) >= SAME and any(one.endswith(tail) for one in told):
            return f"{found[: colon.start()]}: the same as above."
    return found


def halves(message: str) -> tuple[str, str]:
    """What was found, and what was expected.

    >>> halves("The mean: 0.5. Expected: the mean of all.")
    ('The mean: 0.5.', 'the mean of all.')
    """
    found, _, expected = message.partition(EXPECTED)
    return found, expected


def _of(points: float, most: float) -> str:
    return f"{pages.number(points)} of {pages.number(most)}"


def written_title(name: str) -> str:
    """A written answer's name as people read it.

    >>> written_title("written-why_sampling")
    'Why sampling'
    """
    plain = name.removeprefix("written-").replace("-", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:] or "Written answer"


def _code(source: str, caps: Caps) -> Markup:
    """A cell's lines, an element each, so that they can be numbered as Python numbers them."""
    text = pages.shown(source.rstrip(), caps.code)
    if not text.strip():
        return Markup("")
    lexer, formatter = PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)
    whole = highlight(text, lexer, formatter) if caps.coloured else str(escape(text))
    return Markup("".join(f"<span>{line}</span>" for line in whole.removesuffix("\n").split("\n")))
