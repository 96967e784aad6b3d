"""Which question is hardest: tasks, written questions and checks of all assignments, hardest first, in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from waferlab.checks.core import Check

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


def questions(group: Class, titles: Titles) -> list[Question]:
    """Tasks, and written questions of which most answers are marked, hardest first."""
    found = []
    for assignment in group.assignments:
        graded = [one for one in group.graded if one.assignment == assignment.slug]
        open_ones = _unmarked(graded, titles)
        shares: dict[str, list[tuple[float, bool]]] = {}
        for result in graded:
            for title, share, blank in _shares(result, titles):
                shares.setdefault(title, []).append((share, blank))
        for title, own in shares.items():
            if title in open_ones:
                continue
            won, full = sum(share for share, _ in own) / len(own), sum(share >= 1 for share, _ in own)
            blank = sum(blank for _, blank in own)
            found.append(Question(assignment.number, assignment.title, title, won, full, blank, len(own)))
    return sorted(found, key=lambda one: one.won)


def _unmarked(graded: Sequence[Result], titles: Titles) -> set[str]:
    """Written questions of which more answers wait for a mark than have one: blank ones alone say nothing."""
    balance: Counter[str] = Counter()
    for result in graded:
        for answer in result.written:
            if not answer.is_blank:
                balance[titles.written(result.assignment or "", answer.name)] += -1 if answer.points is None else 1
    return {title for title, more in balance.items() if more < 0}


def _shares(result: Result, titles: Titles) -> Iterable[tuple[str, float, bool]]:
    """Each question's title, the share of its points, and whether it was left blank."""
    for task in result.tasks:
        if task.max_points:
            yield task.title, min(1.0, task.awarded / task.max_points), task.status == "unanswered"
    for answer in result.written:
        if answer.max_points and (answer.points is not None or answer.is_blank):
            share = (answer.points or 0.0) / answer.max_points
            yield titles.written(result.assignment or "", answer.name), min(1.0, share), answer.is_blank


def hurdles(group: Class, titles: Titles) -> list[Hurdle]:
    """The checks of all assignments, those that most lost first; what nobody lost is left out."""
    found = []
    for assignment in group.assignments:
        marks: dict[tuple[str, str], list[tuple[TaskResult, Mark]]] = {}
        for result in group.graded:
            for task in result.tasks if result.assignment == assignment.slug else ():
                for mark in task.checks:
                    marks.setdefault((task.name, mark.name), []).append((task, mark))
        for (task_name, name), own in marks.items():
            check = titles.check(assignment.slug, task_name, name)
            lost = [(task, mark) for task, mark in own if mark.points < mark.max]
            if not lost:
                continue
            title, most = own[0][0].title, own[0][1].max
            words = (begun(check.tested), check.goal) if check else (name, "")
            finding = _commonest([found_in(task, mark, check) for task, mark in lost])
            found.append(
                Hurdle(assignment.number, assignment.title, title, *words, most, len(lost), len(own), *finding)
            )
    return sorted(found, key=lambda one: (-one.lost / one.count, -one.points))


def found_in(task: TaskResult, mark: Mark, check: Check | None) -> str:
    """What was found, out of a message that also says what was tested and what was expected."""
    if task.status != "ok" or check is None:
        return mark.message
    said, head = mark.message, f"{begun(check.tested)}: "
    found = said[len(head) :] if said.casefold().startswith(head.casefold()) else said
    place = found.rfind(EXPECTED)
    return begun(found[:place] if place >= 0 else found)


def _commonest(findings: Sequence[str]) -> tuple[str, int]:
    """The finding that comes most often, whatever the numbers in it, with an example; a consequence comes last."""
    alike: dict[str, list[str]] = {}
    for one in findings:
        alike.setdefault(re.sub(r"\d+(\.\d+)?", "0", one), []).append(one)
    times = Counter({key: len(group) for key, group in alike.items()})
    key = max(sorted(times), key=lambda one: (not is_consequence(one), times[one]))
    return min(alike[key]), times[key]
