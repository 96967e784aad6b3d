"""The class report: who needs help, which question is hardest, which answers to look at, and what everybody got."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.report.pages import common as pages
from autograder.report.pages.distribution import charts
from autograder.report.pages.hardest import hurdles, questions
from autograder.report.pages.need import HELP, in_common, needs
from autograder.report.pages.side_by_side import Bench, Comparison
from autograder.report.pages.standing import Class
from autograder.report.similar import Group, owner
from autograder.report.titles import Titles

MAX_ROWS = 2_000  # students in the table; the CSV tables beside the page hold all
MAX_LISTED = 300
MAX_NUMBERS = 9  # assignments whose points stand side by side on a phone; of more there are bars
FIRST = 10  # lines of a ranking that stand there at once; the others unfold

#: The feedback page of a submission, by student, assignment and file, relative to the report.
Links = Mapping[tuple[str, str | None, str], str]


@dataclass(frozen=True)
class Alike:
    """Answers of the same people that are alike.

    Attributes:
        people: their results in one of the assignments, for names and links.
        answers: for each question: the group, the assignment in words, the texts side by side.
    """

    people: tuple[Result, ...]
    answers: tuple[tuple[Group, str, tuple[Comparison, ...]], ...]


def render(
    results: Sequence[Result],
    course: Course,
    *,
    dataset: str,
    links: Links | None = None,
    alike: Sequence[Group] = (),
    absent: Sequence[str] = (),
) -> str:
    """The class report: one HTML file, the same bytes for the same results in any order.

    Args:
        results: one per submission.
        course: for titles.
        dataset: which images the hidden checks used.
        links: feedback pages by (student, assignment, file), as paths relative to the report.
        alike: answers that a person should look at side by side.
        absent: people of the roster of whom nothing was handed in.
    """
    group, titles = class_of(results, course), Titles(course)
    found, bench = needs(group, titles), Bench()
    return pages.render(
        "report.html.j2",
        course_title=course.settings.title,
        dataset=dataset,
        warnings=sorted({warning for one in results for warning in one.warnings}),
        assignments=group.assignments,
        group=group,
        charts=charts(group),
        many=" many" if len(group.assignments) > MAX_NUMBERS else "",
        needs=found,
        needs_words=f"less than {pages.number(100 * HELP)} %",
        weak_count=sum(one.is_weak for one in found),
        common=in_common(group, found, titles),
        absent=sorted(absent),
        questions=questions(group, titles),
        hurdles=hurdles(group, titles),
        written_count=sum(one.to_mark for one in group.graded),
        unreadable=[(one, [one.cause or "unknown"]) for one in group.results if one.status != "graded"],
        stopped=[(one, _stops(one)) for one in group.graded if _stops(one)],
        repaired=[(one, one.repairs) for one in group.results if one.repairs],
        link_of=lambda result: _safe_link((links or {}).get((result.student, result.assignment, result.file))),
        flags_of=lambda result: _flags(result, group.in_all),
        alike=_alike([one for one in alike if not one.reference], course, bench),
        copies=_alike([one for one in alike if one.reference], course, bench),
        max_rows=MAX_ROWS,
        max_listed=MAX_LISTED,
        first=FIRST,
    )


def class_of(results: Sequence[Result], course: Course) -> Class:
    """The class in one order, whatever order the results come in."""
    ordered = sorted(results, key=lambda one: (one.student.casefold(), one.student, one.file))
    present = {one.assignment for one in results}
    return Class(tuple(one for one in course.assignments if one.slug in present), tuple(ordered))


def _alike(groups: Sequence[Group], course: Course, bench: Bench) -> list[Alike]:
    """Groups of the same people together, those with the most answers alike first."""
    people: dict[tuple[str, ...], list[Group]] = defaultdict(list)
    for one in groups:
        people[tuple(owner(member) for member in one.members)].append(one)
    found = []
    for own in sorted(people.values(), key=lambda one: (-len(one), -one[0].similarity)):
        answers = [(one, pages.title_of(course, one.assignment), tuple(bench.compare(one))) for one in own]
        found.append(Alike(own[0].members, tuple(answers)))
    return found


def _stops(result: Result) -> list[str]:
    """What became of tasks whose process died or ran out of time."""
    words = {"crashed": "killed the Python process", "timeout": "ran out of time"}
    return [f"{task.title} {words[task.status]}." for task in result.tasks if task.status in words]


def _flags(result: Result, in_all: bool) -> list[str]:
    """Short words under a student's points; who waits for a mark is said once marking has begun."""
    flags = [
        _counted(sum(task.status == "timeout" for task in result.tasks), "out of time", "out of time"),
        _counted(sum(task.status == "crashed" for task in result.tasks), "crash", "crashes"),
        _counted(len(result.repairs), "repair", "repairs"),
        _counted(sum(task.by_hand is not None for task in result.tasks), "task by hand", "tasks by hand"),
        f"{pages.number(result.late_penalty)} off, late" if result.late_penalty else "",
        f"{result.extra:+g} extra" if result.extra else "",
        _counted(result.to_mark if in_all else 0, "answer to mark", "answers to mark"),
    ]
    return [flag for flag in flags if flag]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


def _safe_link(path: str | None) -> str | None:
    """A relative path as a link; anything that could lead elsewhere is none."""
    if (
        not path
        or path.startswith(("/", "\\"))
        or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path)
        or ".." in path.split("/")
    ):
        return None
    return quote(path)
