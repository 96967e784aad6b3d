"""Which question is hardest: tasks, written questions and checks of all assignments, hardest first, in words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from waferlab.checks.core import Check

from autograder.base.course import Assignment
from autograder.base.records import Mark, Result, TaskResult
from autograder.judge.wording import EXPECTED, begun, is_consequence
from autograder.report.pages.standing import Class
from autograder.report.titles import Titles


@dataclass(frozen=True)
class Question:
    """A task or a written question, and how a class fared.

    Attributes:
        number, assignment: of the assignment, its number and title.
        title: of the question.
        won: the mean share of its points that was given, from 0 to 1.
        full: how many got all of them.
        blank: how many left it unanswered.
        count: of how many.
    """

    number: int
    assignment: str
    title: str
    won: float
    full: int
    blank: int
    count: int


@dataclass(frozen=True)
class Hurdle:
    """A check, and how a class fared.

    Attributes:
        number, assignment: of the assignment, its number and title.
        task: title.
        tested, expected: as the check says them; without its record, its short name and nothing.
        points: what it is worth.
        lost: how many lost it.
        count: of how many.
        finding: what was found most often where it was lost, in words, and how often.
    """

    number: int
    assignment: str
    task: str
    tested: str
    expected: str
    points: float
    lost: int
    count: int
    finding: str
    times: int


@dataclass(frozen=True)
class _Answer:
    """One student's answer: the share of its points, None while it waits for a mark."""

    title: str
    share: float | None
    blank: bool


def questions(group: Class, titles: Titles) -> list[Question]:
    """Tasks, and written questions of which at least half of the answers are marked, hardest first."""
    found = []
    for assignment in group.assignments:
        answers: dict[str, list[_Answer]] = defaultdict(list)
        for result in group.graded:
            for name, one in _answers(result, titles) if result.assignment == assignment.slug else ():
                answers[name].append(one)
        for own in answers.values():
            shares = [one.share for one in own if one.share is not None]
            marked, waiting = sum(not one.blank for one in own if one.share is not None), len(own) - len(shares)
            if shares and marked >= waiting:  # blank answers alone say nothing
                won, full, blank = sum(shares) / len(shares), sum(one >= 1 for one in shares), sum(a.blank for a in own)
                found.append(Question(assignment.number, assignment.title, own[0].title, won, full, blank, len(shares)))
    return sorted(found, key=lambda one: one.won)


def _answers(result: Result, titles: Titles) -> Iterator[tuple[str, _Answer]]:
    for task in result.tasks:
        if task.max_points:
            yield task.name, _Answer(task.title, min(1.0, task.awarded / task.max_points), task.status == "unanswered")
    for answer in result.written:
        if answer.max_points:
            decided = answer.points is not None or answer.is_blank
            share = min(1.0, (answer.points or 0.0) / answer.max_points) if decided else None
            title = titles.written(result.assignment or "", answer.name)
            yield f"written {answer.name}", _Answer(title, share, answer.is_blank)


def hurdles(group: Class, titles: Titles) -> list[Hurdle]:
    """The checks of all assignments, the most often lost first, of those who answered; what nobody lost is left out."""
    found = []
    for assignment in group.assignments:
        marks: dict[tuple[str, str], list[tuple[TaskResult, Mark]]] = defaultdict(list)
        for result in group.graded:
            for task in result.tasks if result.assignment == assignment.slug else ():
                for mark in task.checks if task.status != "unanswered" else ():
                    marks[task.name, mark.name].append((task, mark))
        for (task_name, name), own in marks.items():
            check = titles.check(assignment.slug, task_name, name)
            found += _hurdle(assignment, name, own, check)
    return sorted(found, key=lambda one: (-one.lost / one.count, -one.points))


def _hurdle(
    assignment: Assignment, name: str, own: Sequence[tuple[TaskResult, Mark]], check: Check | None
) -> Iterator[Hurdle]:
    lost = [(task, mark) for task, mark in own if mark.points < mark.max]
    if lost:
        task, mark = own[0]
        words = (begun(check.tested), check.goal) if check else (name, "")
        own_faults = [(task, mark) for task, mark in lost if not is_consequence(mark.message)] or lost
        finding = _commonest([found_in(task, mark, check) for task, mark in own_faults])
        where = (assignment.number, assignment.title, task.title)
        yield Hurdle(*where, *words, mark.max, len(lost), len(own), *finding)


def found_in(task: TaskResult, mark: Mark, check: Check | None) -> str:
    """What was found, out of a message that also says what was tested and what was expected."""
    if task.status != "ok" or check is None:
        return mark.message
    said, head = mark.message, f"{begun(check.tested)}: "
    found = said[len(head) :] if said.casefold().startswith(head.casefold()) else said
    place = found.rfind(EXPECTED)
    return begun(found[:place] if place >= 0 else found)


def _commonest(findings: Sequence[str]) -> tuple[str, int]:
    """The finding that comes most often, whatever the numbers in it, with an example, and how often it comes."""
    alike: dict[str, list[str]] = {}
    for one in findings:
        alike.setdefault(re.sub(r"\d+(\.\d+)?", "0", one), []).append(one)
    times = Counter({key: len(group) for key, group in alike.items()})
    key = max(sorted(times), key=lambda one: times[one])
    return min(alike[key]), times[key]
