"""What the HTML pages share: the template environment, and text made fit to be shown.

Pages are single files: styles inside, no scripts, nothing loaded from anywhere. All text is escaped by the templates.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.base.course import Course, CourseError
from autograder.base.records import Result, TaskResult

#: What became of a task, as a class for the style sheet and in words.
STATUS_WORDS = {
    "unanswered": ("open", "not answered"),
    "error": ("wrong", "ended with an error"),
    "crashed": ("wrong", "killed the Python process"),
    "timeout": ("wrong", "out of time"),
}

#: Characters that turn the direction of text; they can make code look like other code (CVE-2021-42574).
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@cache
def environment() -> Environment:
    """The templates, with escaping on and undefined names an error."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters.update(number=number, prose=prose, sentence=sentence, shown=shown)
    pages.globals.update(status=status, share=share)
    return pages


def render(template: str, **values: Any) -> str:
    """Fill a template; the same values give the same bytes."""
    return environment().get_template(template).render(**values)


def number(value: float) -> str:
    """Points as people write them.

    >>> number(2.0), number(0.1 + 0.2)
    ('2', '0.3')
    """
    return f"{round(value, 2):g}"


def shown(text: str, limit: int = 400) -> str:
    r"""Text cut to a length, with control characters (that could turn or hide other text) made visible.

    >>> shown("a\u202eb\n", 10), shown("abcdef", 3)
    ('a�b\n', 'abc … (3 more characters)')
    """
    safe = "".join(char if char in "\n\t" or not _is_control(char) else "\ufffd" for char in text[: limit + 1])
    return safe if len(text) <= limit else f"{safe[:limit]} … ({len(text) - limit} more characters)"


def sentence(text: str) -> str:
    """A message as a sentence: it begins with a capital letter."""
    return text[:1].upper() + text[1:]


def prose(text: str) -> Markup:
    """A message as HTML: what stands between backticks is code.

    >>> str(prose("`x < 1` is `wrong"))
    '<code>x &lt; 1</code> is `wrong'
    """
    parts = re.split(r"`([^`\n]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in TURNING


def status(task: TaskResult) -> tuple[str, str]:
    """What became of a task: a class for the style sheet, and words."""
    if task.status in STATUS_WORDS:
        return STATUS_WORDS[task.status]
    if task.points >= task.max_points:
        return ("right", "right")
    return ("partly", "partly right") if task.points > 0 else ("wrong", "wrong")


def share(points: float, most: float) -> float:
    """Points as a percentage from 0 to 100, for bars."""
    return round(100 * min(max(points / most, 0.0), 1.0), 1) if most > 0 else 0.0


def title_of(course: Course, slug: str | None) -> str:
    """An assignment's title, or its slug when the course does not know it."""
    try:
        return course.assignment(slug).title if slug else "A submission that could not be placed"
    except CourseError:
        return str(slug)


def file_name(result: Result) -> str:
    """The submitted file's own name, without the folders that it lay in."""
    return result.file.rsplit("/", 1)[-1]
