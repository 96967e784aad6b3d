"""Whose mark moved since the tables were last written, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from autograder.base.records import Mark, Result, TaskResult
from autograder.report.gradebook import chosen
from autograder.report.pages.common import number
from autograder.report.tables import write_csv

FILE = "changes.csv"
SNAPSHOT = "handed_back.jsonl"  # the marks as tables and pages last said them; of texts only digests
COLUMNS = ["student", "assignment", "task", "before", "after", "why", "total_before", "total_after"]
EPSILON = 1e-6
MAX_FLIPS, MAX_MESSAGE = 4, 160

#: A student and an assignment.
Place = tuple[str, str]


@dataclass(frozen=True)
class Judge:
    """What marks of an assignment come from.

    Attributes:
        exam: digest of all that decides a mark.
        dataset: images of the hidden checks.
        seeds: digest of the run's secret.
    """

    exam: str = ""
    dataset: str = ""
    seeds: str = ""


@dataclass(frozen=True)
class Change:
    """One mark that moved.

    Attributes:
        task: its title, or what else moved.
        before, after: points, or what stood in their place.
        total_before, total_after: of the whole submission.
    """

    student: str
    assignment: str
    task: str
    before: float | str
    after: float | str
    why: str
    total_before: float | str
    total_after: float | str


def write_changes(folder: Path, changes: Iterable[Change]) -> None:
    """Write `changes.csv`; only its heading where nothing moved."""
    write_csv(folder / FILE, COLUMNS, [list(asdict(one).values()) for one in changes])


def remember(folder: Path, results: Iterable[Result]) -> None:
    """Keep the marks for the next comparison."""
    part = folder / f"{SNAPSHOT}.part"
    with part.open("w", encoding="ascii") as file:
        file.writelines(json.dumps(_without_texts(one).as_dict()) + "\n" for one in results)
    part.replace(folder / SNAPSHOT)


def remembered(folder: Path) -> list[Result] | None:
    """The marks as they were last written; None where they never were."""
    try:
        lines = (folder / SNAPSHOT).read_bytes().splitlines()
        return [Result.from_dict(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _without_texts(one: Result) -> Result:
    """A result with digests in place of what the student wrote; that of all code stands under the empty name.

    Messages are as long as a table shows them.
    """
    code = {name: _digest(text) for name, text in one.answers.items()}
    every = _digest(json.dumps([code, [asdict(cell) for cell in one.helpers]], sort_keys=True))
    written = tuple(replace(answer, answer="" if answer.is_blank else _digest(answer.answer)) for answer in one.written)
    tasks = tuple(_shortened(task) for task in one.tasks)
    kept = {
        "answers": {**code, "": every},
        "written": written,
        "tasks": tasks,
        "cause": (one.cause or "")[:MAX_MESSAGE],
    }
    return replace(one, **kept, helpers=(), repairs=(), warnings=())


def _shortened(task: TaskResult) -> TaskResult:
    marks = tuple(replace(mark, message=mark.message[:MAX_MESSAGE]) for mark in task.checks)
    return replace(task, message=task.message[:MAX_MESSAGE], checks=marks, comment="")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- comparing -------------------------------------------------------------------------------------------------------


def changes(
    before: Sequence[Result],
    after: Sequence[Result],
    judged_before: Mapping[str, Judge],
    judged_after: Mapping[str, Judge],
) -> list[Change]:
    """Every mark that moved, in the order of the tables; what was handed in for the first time has not moved.

    Args:
        before: as `remembered`.
        after: as they are written now.
        judged_before, judged_after: by slug, what marks came from.
    """
    old, new = _standing(before), _standing([_without_texts(one) for one in after])
    moved = []
    for place, was in sorted(old.items(), key=lambda item: (item[0][1], item[0][0])):
        judges = (judged_before.get(place[1], Judge()), judged_after.get(place[1], Judge()))
        moved += _moved(was, new.get(place), judges)
    return moved


def _standing(results: Sequence[Result]) -> dict[Place, Result]:
    """What counts for each student and assignment: a graded file before one that could not be read."""
    lost = {(one.student, one.assignment): one for one in results if one.assignment and one.status != "graded"}
    return lost | chosen(results)


def _moved(was: Result, now: Result | None, judges: tuple[Judge, Judge]) -> Iterator[Change]:
    totals = (_total(was), "" if now is None else _total(now))
    if now is None:
        parts = [("everything", *totals, "dropped from the run folder")]
    elif was.status != now.status:
        parts = [("everything", *totals, now.cause or "a file that can be read was handed in")]
    elif now.status != "graded":
        parts = []
    else:
        parts = [*_tasks(was, now, judges), *_written(was, now), *_lateness(was, now)]
    for task, before, after, why in parts:
        yield Change(was.student, was.assignment or "", task, before, after, why, *totals)


#: What moved, before, after, and why.
Part = tuple[str, float | str, float | str, str]


def _total(one: Result) -> float | str:
    return round(one.total, 4) if one.status == "graded" else "not readable"


def _differ(one: float | None, other: float | None) -> bool:
    return (one is None) != (other is None) or abs((one or 0.0) - (other or 0.0)) > EPSILON


def _tasks(was: Result, now: Result, judges: tuple[Judge, Judge]) -> Iterator[Part]:
    old, new = ({task.name: task for task in one.tasks} for one in (was, now))
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if one is None or other is None:
            there = one or other
            assert there is not None
            points = [there.awarded, ""] if other is None else ["", there.awarded]
            yield (there.title, points[0], points[1], "the assignment has other tasks")
            continue
        if _differ(one.awarded, other.awarded) or _differ(one.max_points, other.max_points):
            yield (other.title, one.awarded, other.awarded, _why(was, now, one, other, judges))
        if _differ(one.extra, other.extra):
            yield (f"{other.title}: extra credit", one.extra, other.extra, "mark by hand")


def _why(was: Result, now: Result, one: TaskResult, other: TaskResult, judges: tuple[Judge, Judge]) -> str:
    """The cause, then the checks that came out otherwise."""
    if _differ(one.by_hand, other.by_hand):
        return "mark by hand" if other.by_hand is not None else "the mark by hand is gone"
    causes = [_cause(was, now, one.name, judges)]
    if _differ(one.max_points, other.max_points):
        causes.append(f"worth {number(other.max_points)} instead of {number(one.max_points)}")
    return "; ".join([*causes, *_flips(one, other)])


def _cause(was: Result, now: Result, task: str, judges: tuple[Judge, Judge]) -> str:
    if was.answers.get(task) != now.answers.get(task):
        return "another answer was handed in"
    if was.answers.get("") != now.answers.get(""):
        return "another notebook was handed in, with the same answer here"
    old, new = judges
    if old.dataset != new.dataset:
        return f"other images ({new.dataset} instead of {old.dataset})"
    if old.seeds != new.seeds:
        return "other seeds"
    return "the checks changed" if old.exam != new.exam else "the same answer was judged again"


def _flips(one: TaskResult, other: TaskResult) -> Iterator[str]:
    """The checks that came out otherwise, each with what the student reads."""
    if one.message != other.message:
        yield other.message or f"before: {one.message}"
    old, new = ({mark.name: mark for mark in task.checks} for task in (one, other))
    flipped = [name for name in dict.fromkeys([*old, *new]) if _share(old.get(name)) != _share(new.get(name))]
    for name in flipped[:MAX_FLIPS]:
        if (mark := new.get(name)) is None:
            yield f"{name} is no longer asked"
        elif mark.points >= mark.max:
            yield f"{name} passes"
        else:
            yield f"{name}: {mark.message}"
    if len(flipped) > MAX_FLIPS:
        yield f"{len(flipped) - MAX_FLIPS} more checks"


def _share(mark: Mark | None) -> float | None:
    return mark and (mark.points / mark.max if mark.max else 1.0)


def _written(was: Result, now: Result) -> Iterator[Part]:
    old = {answer.name: answer for answer in was.written}
    for answer in now.written:
        if (one := old.get(answer.name)) is None:
            continue
        same = "mark by hand" if one.answer == answer.answer else "another answer was handed in"
        for what, before, after in (("", one.points, answer.points), (": extra credit", one.extra, answer.extra)):
            if _differ(before, after):
                yield (answer.name + what, *("not marked" if x is None else x for x in (before, after)), same)


def _lateness(was: Result, now: Result) -> Iterator[Part]:
    if not _differ(was.late_penalty, now.late_penalty):
        return
    if was.submitted_at != now.submitted_at:
        why = f"handed in {_shown(now.submitted_at)}; before, {_shown(was.submitted_at)} was known"
    elif was.extended_until != now.extended_until:
        why = f"extension until {_shown(now.extended_until)}" if now.extended_until else "the extension is gone"
    elif _differ(was.full, now.full):
        why = "the assignment's points changed"
    else:
        why = "the due date or the rules of [late] changed"
    yield ("late", -was.late_penalty or 0.0, -now.late_penalty or 0.0, why)


def _shown(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%d %b %Y %H:%M:%S %Z}" if moment else "no time"
