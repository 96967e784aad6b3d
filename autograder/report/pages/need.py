"""Who needs help: students by the share of the points that they could have had so far, and what they miss in common.

Only what is decided counts: checks, marks that a person gave, written answers left blank. An answer that waits for its
mark makes nobody weak, nor does a late submission or a file that could not be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.base.course import Assignment
from autograder.base.records import Result, TaskResult
from autograder.judge.wording import begun
from autograder.report.pages.common import STATUS_WORDS
from autograder.report.pages.standing import Class, Row
from autograder.report.titles import Titles

HELP = 0.5  # who has less than this share needs help, and who has not handed in what is expected of everybody
LOW = 0.5  # a written answer with a smaller share of its points is missed
MOST = 0.5  # of those who need help: what as many miss, they miss in common

#: Assignment, task, and the check; instead of a check, what became of the task (`unanswered`, `crashed`, …).
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Miss:
    """Something that a student got wrong.

    Attributes:
        number: of the assignment.
        task: title.
        words: what is tested, or what became of the task.
        expected: what is expected, in words; empty where the task was not judged.
        points: what it cost.
    """

    number: int
    task: str
    words: str
    expected: str
    points: float


@dataclass(frozen=True)
class Common:
    """Something that most of those who need help miss.

    Attributes:
        miss: what.
        weak, of_weak: how many of them, of those who handed in the assignment.
        others, of_others: the same of the rest of the class.
    """

    miss: Miss
    weak: int
    of_weak: int
    others: int
    of_others: int


@dataclass(frozen=True)
class Need:
    """A student who needs help.

    Attributes:
        row: the student and what was handed in.
        got, could: decided points, and the most that could be had of them.
        misses: what cost points, the most expensive first.
    """

    row: Row
    got: float
    could: float
    misses: tuple[Miss, ...]

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where nothing is decided yet."""
        return self.got / self.could if self.could else 1.0

    @property
    def stopped(self) -> int:
        """Tasks whose process died or ran out of time."""
        return sum(task.status in ("crashed", "timeout") for one in self.row.graded for task in one.tasks)

    @property
    def is_weak(self) -> bool:
        """Whether what was handed in, or is missing, gave too little."""
        return self.share < HELP


def needs(group: Class, titles: Titles) -> list[Need]:
    """Who needs help, those who need it most first."""
    all_of = [_need(row, group, titles) for row in group.rows]
    found = [one for one in all_of if one.is_weak or one.row.missing]
    return sorted(found, key=lambda one: (one.share, -len(one.row.missing), -one.stopped))


def in_common(group: Class, found: Sequence[Need], titles: Titles) -> list[Common]:
    """What most of the weak ones miss, the most frequent first, and how the others fare there."""
    weak = {id(result) for one in found if one.is_weak for result in one.row.graded}
    counts: Mapping[bool, Counter[Key]] = {True: Counter(), False: Counter()}
    sizes: Mapping[bool, Counter[str]] = {True: Counter(), False: Counter()}
    words: dict[Key, Miss] = {}
    places = {one.slug: one for one in group.assignments}
    for result in group.graded:
        side, slug = id(result) in weak, result.assignment or ""
        sizes[side][slug] += 1
        own = dict(_misses(result, places[slug], titles))
        counts[side].update(own.keys())
        words.update(own)
    shared = [
        Common(words[key], count, sizes[True][key[0]], counts[False][key], sizes[False][key[0]])
        for key, count in counts[True].items()
        if count >= max(2, MOST * sizes[True][key[0]])
    ]
    return sorted(shared, key=lambda one: (-one.weak, -one.miss.points, one.miss.number, one.miss.task, one.miss.words))


def _need(row: Row, group: Class, titles: Titles) -> Need:
    places = {one.slug: one for one in group.assignments}
    decided = [_decided(one) for one in row.graded]
    absent = sum(_whole(one, group) for one in row.missing)
    misses = [miss for one in row.graded for _, miss in _misses(one, places[one.assignment or ""], titles)]
    misses.sort(key=lambda one: -one.points)
    return Need(row, sum(got for got, _ in decided), sum(could for _, could in decided) + absent, tuple(misses))


def _decided(result: Result) -> tuple[float, float]:
    """Points that are decided, and the most that could be had of these."""
    marked = [one for one in result.written if one.points is not None or one.is_blank]
    got = result.task_points + sum(one.points or 0.0 for one in marked)
    return got, result.max_points + sum(one.max_points for one in marked)


def _whole(assignment: Assignment, group: Class) -> float:
    return max((one.full for one in group.graded if one.assignment == assignment.slug), default=0.0)


def _misses(result: Result, assignment: Assignment, titles: Titles) -> Iterator[tuple[Key, Miss]]:
    """What cost a submission points; what another failed check takes with it is no miss of its own."""
    for task in result.tasks:
        if task.awarded >= task.max_points:
            continue
        if task.status in STATUS_WORDS:
            words = STATUS_WORDS[task.status][1]
            miss = Miss(assignment.number, task.title, f"The whole task: {words}", "", task.max_points)
            yield (assignment.slug, task.name, task.status), miss
        else:
            yield from _failed(task, assignment, titles)
    for answer in result.written:
        key, title = (assignment.slug, answer.name, "written"), titles.written(assignment.slug, answer.name)
        if answer.is_blank:
            yield key, Miss(assignment.number, title, "The whole question: not answered", "", answer.max_points)
        elif answer.points is not None and answer.points < LOW * answer.max_points:
            lost = answer.max_points - answer.points
            yield key, Miss(assignment.number, title, "Less than half of the points of a written answer", "", lost)


def _failed(task: TaskResult, assignment: Assignment, titles: Titles) -> Iterator[tuple[Key, Miss]]:
    lost = {mark.name: mark.max - mark.points for mark in task.checks if mark.points < mark.max}
    for name, points in lost.items():
        check = titles.check(assignment.slug, task.name, name)
        if check and not lost.keys().isdisjoint(check.requires):
            continue
        words, expected = (begun(check.tested), check.goal) if check else (name, "")
        yield (assignment.slug, task.name, name), Miss(assignment.number, task.title, words, expected, points)
