"""The tables that commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from autograder.model import Result, TaskResult


def points(value: float) -> str:
    """Points without a trailing `.0`.

    >>> points(3.0), points(2.5)
    ('3', '2.5')
    """
    return f"{value:g}"


def grade_table(results: Sequence[Result]) -> Table:
    """A row per submission: points, and what went wrong in words."""
    table = Table("Assignment", "Student", "Points", "Written", "Remarks", title="Grades")
    for one in results:
        written = sum(answer.max_points for answer in one.written if answer.answer)
        table.add_row(
            escape(one.assignment or "unknown"),
            escape(one.student),
            f"{points(one.points)} / {points(one.max_points)}" if one.status == "graded" else "not graded",
            f"{points(written)} to mark" if written else "",
            escape(_remarks(one)),
        )
    return table


def _remarks(result: Result) -> str:
    if result.cause:
        return result.cause
    troubles = [_trouble(task) for task in result.tasks if task.points < task.max_points]
    repairs = [f"{len(result.repairs)} repaired"] if result.repairs else []
    return "; ".join([*troubles, *repairs])


def _trouble(task: TaskResult) -> str:
    """`Task 1: did not finish in time`, `Task 2: 3 of 8 checks wrong`."""
    wrong = sum(mark.points < mark.max for mark in task.checks)
    why = task.message.split(":")[0].split(" (")[0] or f"{wrong} of {len(task.checks)} checks wrong"
    return f"{task.title.split(':')[0]}: {why}"


def marks_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A row per check of every answer file."""
    table = Table("File", "Check", "Points", "Message", title="Marks")
    for row in rows:
        for check in row["checks"]:
            gained = f"{points(check['points'])} / {points(check['max'])}"
            table.add_row(escape(row["file"]), check["name"], gained, escape(check["message"]))
        table.add_row("", "[bold]in all[/]", f"[bold]{points(row['points'])} / {points(row['max_points'])}[/]", "")
        table.add_section()
    return table
