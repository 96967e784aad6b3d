"""One feedback page per submission, from a whitelist: the student's own cells, the points and the messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.report.late import sentence as late_sentence
from autograder.report.pages import common as pages

MAX_BYTES = 200_000


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


def _of(points: float, most: float) -> str:
    return f"{pages.number(points)} of {pages.number(most)}"


def written_title(name: str) -> str:
    """A written answer's name as people read it.

    >>> written_title("written-why_sampling")
    'Why sampling'
    """
    plain = name.removeprefix("written-").replace("-", " ").replace("_", " ").strip()
    return plain[:1].upper() + plain[1:] or "Written answer"


def _code(source: str, caps: Caps) -> str | Markup:
    text = pages.shown(source.strip("\n"), caps.code)
    if not caps.coloured or not text.strip():
        return text
    return Markup(highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))
