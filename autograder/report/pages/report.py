"""The class report: who got how many points, how they are distributed, which checks are hard, and what to look at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from urllib.parse import quote

from autograder.base.course import Assignment, Course
from autograder.base.records import Result, TaskResult
from autograder.report.pages import common as pages
from autograder.report.similar import Pair

BINS = 10
WIDTH, HEIGHT, BASE = 320, 84, 104  # of the histogram: drawing width, tallest bar, line that the bars stand on
MAX_ROWS = 2_000  # students in the table; the CSV tables beside the page hold all
MAX_LISTED = 300
MAX_NUMBERS = 9  # assignments whose points stand side by side on a phone; of more there are bars

#: The feedback page of a submission, by student, assignment and file, relative to the report.
Links = Mapping[tuple[str, str | None, str], str]


@dataclass(frozen=True)
class Row:
    """One student: a result (or None) for each assignment, and files that belong to none."""

    student: str
    cells: tuple[Result | None, ...]
    unplaced: tuple[Result, ...]


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float
    count: int

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Tick:
    """A number under the histogram's line."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """The distribution of one assignment's points."""

    title: str
    most: float
    points: tuple[float, ...]

    @property
    def count(self) -> int:
        """Graded submissions."""
        return len(self.points)

    @property
    def median(self) -> float:
        """Median of the points."""
        return median(self.points)

    @property
    def mean(self) -> float:
        """Mean of the points."""
        return fmean(self.points)

    @property
    def counts(self) -> list[int]:
        """Submissions in each of `BINS` equal parts of the scale; full marks lie in the last."""
        parts = [min(int(BINS * max(one, 0.0) / self.most), BINS - 1) if self.most else 0 for one in self.points]
        return [parts.count(number) for number in range(BINS)]

    @property
    def bars(self) -> list[Bar]:
        """The drawing."""
        step, tallest = WIDTH / BINS, max(self.counts)
        heights = [round(HEIGHT * count / tallest, 1) for count in self.counts]
        return [
            Bar(round(number * step + 2, 1), round(BASE - height, 1), step - 4, height, count)
            for number, (height, count) in enumerate(zip(heights, self.counts, strict=True))
        ]

    @property
    def ticks(self) -> list[Tick]:
        """Zero, half and full points."""
        places = ((0, 0.0, "start"), (WIDTH / 2, self.most / 2, "middle"), (WIDTH, self.most, "end"))
        return [Tick(x, pages.number(value), anchor) for x, value, anchor in places]

    @property
    def spoken(self) -> str:
        """The histogram in words."""
        edges = [pages.number(self.most * number / BINS) for number in range(BINS + 1)]
        return ", ".join(
            f"{edges[number]} to {edges[number + 1]}: {count}" for number, count in enumerate(self.counts) if count
        )


@dataclass(frozen=True)
class CheckShare:
    """How many submissions passed a check."""

    name: str
    max: float
    passed: int
    count: int


@dataclass(frozen=True)
class TaskShare:
    """How many submissions answered a task, and how its checks went."""

    title: str
    answered: int
    count: int
    checks: tuple[CheckShare, ...]


@dataclass(frozen=True)
class Difficulty:
    """The tasks of one assignment."""

    title: str
    tasks: tuple[TaskShare, ...]


def render(
    results: Sequence[Result],
    course: Course,
    *,
    dataset: str,
    links: Links | None = None,
    alike: Sequence[Pair] = (),
) -> str:
    """The class report: one HTML file, the same bytes for the same results in any order.

    Args:
        results: one per submission.
        course: for titles.
        dataset: which images the hidden checks used.
        links: feedback pages by (student, assignment, file), as paths relative to the report.
        alike: answers that a person should look at side by side.
    """
    results = sorted(results, key=lambda one: (one.student.casefold(), one.student, one.file))
    graded = [one for one in results if one.status == "graded"]
    present = {one.assignment for one in results}
    assignments = [one for one in course.assignments if one.slug in present]
    in_all = any(one.is_adjusted for one in graded)
    return pages.render(
        "report.html.j2",
        course_title=course.settings.title,
        dataset=dataset,
        warnings=sorted({warning for one in results for warning in one.warnings}),
        assignments=assignments,
        rows=_rows(results, assignments),
        charts=_charts(graded, assignments, in_all),
        in_all=in_all,
        points_of=lambda result: _points(result, in_all),
        sum_of=lambda row: _sum(row, in_all),
        many=" many" if len(assignments) > MAX_NUMBERS else "",
        difficulty=_difficulties(graded, assignments),
        graded_count=len(graded),
        written_count=sum(one.to_mark for one in graded),
        unreadable=[(one, [one.cause or "unknown"]) for one in results if one.status != "graded"],
        stopped=[(one, _stops(one)) for one in graded if _stops(one)],
        repaired=[(one, one.repairs) for one in results if one.repairs],
        link_of=lambda result: _safe_link((links or {}).get((result.student, result.assignment, result.file))),
        flags_of=lambda result: _flags(result, in_all),
        alike=[(one, pages.title_of(course, one.first.assignment), round(100 * one.similarity)) for one in alike],
        max_rows=MAX_ROWS,
        max_listed=MAX_LISTED,
    )


def _rows(results: Sequence[Result], assignments: Sequence[Assignment]) -> list[Row]:
    slugs = [one.slug for one in assignments]
    by_student: dict[str, list[Result]] = {}
    for result in results:
        by_student.setdefault(result.student, []).append(result)
    return [
        Row(
            student,
            tuple(_best([one for one in own if one.assignment == slug]) for slug in slugs),
            tuple(one for one in own if one.assignment not in slugs),
        )
        for student, own in by_student.items()
    ]


def _best(results: Sequence[Result]) -> Result | None:
    """The graded one, should there be unreadable files of the same assignment beside it."""
    return min(results, key=lambda one: one.status != "graded", default=None)


def _points(result: Result, in_all: bool) -> tuple[float, float]:
    """Points and the most that can be had: of everything, or of what is marked automatically."""
    return (result.total, result.full) if in_all else (result.points, result.max_points)


def _sum(row: Row, in_all: bool) -> tuple[float, float]:
    """What a student has in all, and could have for what was handed in and read."""
    graded = [_points(one, in_all) for one in row.cells if one is not None and one.status == "graded"]
    return sum(got for got, _ in graded), sum(most for _, most in graded)


def _charts(graded: Sequence[Result], assignments: Sequence[Assignment], in_all: bool) -> list[Chart]:
    charts = []
    for assignment in assignments:
        own = [_points(one, in_all) for one in graded if one.assignment == assignment.slug]
        if own:
            charts.append(Chart(assignment.title, max(most for _, most in own), tuple(sorted(one for one, _ in own))))
    return charts


def _difficulties(graded: Sequence[Result], assignments: Sequence[Assignment]) -> list[Difficulty]:
    parts = []
    for assignment in assignments:
        tasks: dict[str, list[TaskResult]] = {}
        for result in graded:
            for task in result.tasks if result.assignment == assignment.slug else ():
                tasks.setdefault(task.name, []).append(task)
        if tasks:
            parts.append(Difficulty(assignment.title, tuple(_task_share(group) for group in tasks.values())))
    return parts


def _task_share(group: Sequence[TaskResult]) -> TaskShare:
    checks: dict[str, list[bool]] = {}
    most: dict[str, float] = {}
    for task in group:
        for mark in task.checks:
            checks.setdefault(mark.name, []).append(mark.points >= mark.max)
            most[mark.name] = mark.max
    shares = tuple(CheckShare(name, most[name], sum(passed), len(passed)) for name, passed in checks.items())
    return TaskShare(group[0].title, sum(task.status != "unanswered" for task in group), len(group), shares)


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
