"""The tables that commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from autograder.base.records import Result, TaskResult

if TYPE_CHECKING:
    from autograder.banks.bank import Entry
    from autograder.banks.prove import Trial

MAX_ROWS = 100  # submissions that a terminal lists one by one


def points(value: float) -> str:
    """Points without a trailing `.0`.

    >>> points(3.0), points(2.5)
    ('3', '2.5')
    """
    return f"{value:g}"


def grade_table(results: Sequence[Result]) -> Table:
    """A row per submission: points, and what went wrong in words; of a large class, a row per assignment."""
    if len(results) > MAX_ROWS:
        return _class_table(results)
    in_all = any(one.is_adjusted for one in results)
    table = Table(
        "Assignment", "Student", "Points", "Written", *(["Total"] if in_all else []), "Remarks", title="Grades"
    )
    for one in results:
        graded = one.status == "graded"
        total = [f"{points(one.total)} / {points(one.full)}" if graded else ""] if in_all else []
        table.add_row(
            escape(one.assignment or "unknown"),
            escape(one.student),
            f"{points(one.task_points)} / {points(one.max_points)}" if graded else "not graded",
            _written(one),
            *total,
            escape(_remarks(one)),
        )
    return table


def _written(result: Result) -> str:
    """`2 / 3`, or `3 to mark`."""
    waiting = sum(answer.max_points for answer in result.written if answer.points is None and not answer.is_blank)
    given = "" if result.written_points is None else f"{points(result.written_points)} / {points(result.written_max)}"
    return ", ".join(part for part in (given, f"{points(waiting)} to mark" if waiting else "") if part)


def _class_table(results: Sequence[Result]) -> Table:
    """A row per assignment: how many were graded and how well; `grades.csv` and the report have the rest."""
    table = Table("Assignment", "Graded", "Mean points", "Full points", "No points", "Not graded", title="Grades")
    for slug in sorted({one.assignment or "~" for one in results}):
        rows = [one for one in results if (one.assignment or "~") == slug]
        graded = [one for one in rows if one.status == "graded"]
        mean = (
            f"{sum(one.points for one in graded) / len(graded):.1f} / {points(graded[0].max_points)}" if graded else ""
        )
        full, none = sum(one.points >= one.max_points for one in graded), sum(one.points <= 0 for one in graded)
        counts = (str(full), str(none)) if graded else ("", "")
        name = "unknown" if slug == "~" else escape(slug)
        table.add_row(name, str(len(graded)), mean, *counts, str(len(rows) - len(graded)))
    return table


def _remarks(result: Result) -> str:
    if result.cause:
        return result.cause
    troubles = [_trouble(task) for task in result.tasks if task.points < task.max_points]
    late = [f"{points(result.late_penalty)} off, late"] if result.late_penalty else []
    repairs = [f"{len(result.repairs)} repaired"] if result.repairs else []
    return "; ".join([*troubles, *late, *repairs])


def _trouble(task: TaskResult) -> str:
    """`Task 1: did not finish in time`, `Task 2: 3 of 8 checks wrong`."""
    wrong = sum(mark.points < mark.max for mark in task.checks)
    why = task.message.split(":")[0].split(" (")[0] or f"{wrong} of {len(task.checks)} checks wrong"
    return f"{task.title.split(':')[0]}: {why}"


def trials_table(trials: Sequence[Trial]) -> Table:
    """A row per task: wrong answers caught and right answers kept."""
    table = Table("Assignment", "Task", "Wrong answers caught", "Right answers kept", title="Checks")
    for slug, task in dict.fromkeys((one.assignment, one.task) for one in trials):
        mine = [one for one in trials if (one.assignment, one.task) == (slug, task)]
        counts = []
        for kind in ("wrong", "right"):
            bank = [one for one in mine if one.kind == kind]
            counts.append(f"{sum(not one.defect for one in bank)} of {len(bank)}")
        table.add_row(escape(slug), escape(task), *counts)
    return table


def bank_table(slug: str, entries: Sequence[Entry]) -> Table:
    """A row per answer of an assignment's bank."""
    table = Table(title=f"Answers of {slug}")
    for column in ("Task", "Kind", "Name", "What it says", "Fails"):
        table.add_column(column, overflow="fold")
    for one in entries:
        table.add_row(one.task, one.kind, escape(one.name), escape(one.says), ", ".join(one.fails))
    return table


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


def floors_table(floors: Mapping[str, Any]) -> Table:
    """A row per measured quantity and data set."""
    table = Table(title="What the reference reaches", box=SIMPLE, padding=0, collapse_padding=True)
    table.add_column("Quantity", overflow="fold")
    table.add_column("Data", no_wrap=True)
    for column in ("Runs", "Mean", "Spread", "Worst", "Floor", "Missed"):
        table.add_column(column, justify="right", no_wrap=True)
    for quantities in floors.values():
        for key, rows in quantities.items():
            for name, row in rows.items():
                sign = "≤" if row["side"] == "most" else "≥"
                numbers = (f"{row[column]:.4f}" for column in ("mean", "spread", "worst"))
                table.add_row(
                    key, name, str(row["n"]), *numbers, f"{sign} {row['floor']:g}", f"1 in {1 / row['chance']:,.0f}"
                )
    return table
