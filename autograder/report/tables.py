"""The tables of a run for people and spreadsheets: `grades.csv` and `checks.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograder.base.records import Result

#: `total` is `points + written_points + extra_credit - late_penalty`, never below 0.
GRADES = [
    *("student", "assignment", "status", "points", "max_points", "written_points", "written_max", "to_mark"),
    *("extra_credit", "late_penalty", "total", "max_total", "file", "remarks"),
]
#: Where a cell begins, also to a spreadsheet that splits at semicolons, with a sign that begins a formula.
_FORMULA = re.compile(r"""(\A|[;\t\r\n]"*)(?=[=+\-@＝＋－＠\t\r])""")


def write_tables(folder: Path, results: Sequence[Result]) -> None:
    """`grades.csv`, a row per submission, and `checks.csv`, a row per check."""
    write_csv(folder / "grades.csv", GRADES, [_grades_row(one) for one in results])
    checks = [
        [one.student, one.assignment, task.name, task.status, mark.name, mark.points, mark.max, mark.message]
        for one in results
        for task in one.tasks
        for mark in task.checks
    ]
    header = ["student", "assignment", "task", "status", "check", "points", "max_points", "message"]
    write_csv(folder / "checks.csv", header, checks)


def _grades_row(one: Result) -> list[Any]:
    """A person's points are in `points` where they entered any for a task; the remarks say so."""
    by_hand = [
        f"{task.title}: {task.by_hand:g} points by hand instead of {task.points:g}"
        for task in one.tasks
        if task.by_hand is not None
    ]
    written = "" if one.written_points is None else one.written_points
    late = one.late_penalty
    marks = [
        one.task_points,
        one.max_points,
        written,
        one.written_max,
        one.to_mark,
        one.extra,
        late,
        one.total,
        one.full,
    ]
    remarks = one.cause or "; ".join([*by_hand, *one.repairs])
    return [one.student, one.assignment or "", one.status, *marks, one.file, remarks]


def write_csv(path: Path, header: list[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table; no cell of it is a formula to a spreadsheet."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:  # half a character has no encoding
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    r"""Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection).

    Where a semicolon separates, a spreadsheet begins a new cell in the middle of ours; and some take a full-width sign
    for the ordinary one.

    >>> _cell("=1"), _cell("＝1"), _cell('Ada;"=1'), _cell("a = b"), _cell(-1.0)
    ("'=1", "'＝1", 'Ada;"\'=1', 'a = b', -1.0)
    """
    return _FORMULA.sub(r"\1'", value) if isinstance(value, str) else value
