"""The tables that commands print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE, SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.table import Table

from autograder.base.records import Result, TaskResult

if TYPE_CHECKING:
    from autograder.banks.bank import Entry
    from autograder.banks.prove import Trial
    from autograder.report.changes import Change
    from autograder.report.term import Cell, Record

MAX_ROWS = 100  # submissions whose points a terminal shows one by one
MAX_DETAILED = 10  # submissions of which the wrong checks are counted, too
MAX_CAUSES = 40
FOLD, MAX_FOLDS = 10, 3  # characters and lines of a student's name above a column
MAX_NAME = 24  # of a student beside a cause
UNBOUNDED = 10_000  # columns
NOTHING, UNREAD = "–", "✗"
UNPLACED = "~"  # in place of a slug; comes after all of them


def points(value: float) -> str:
    """Points without a trailing `.0`.

    >>> points(3.0), points(2.5)
    ('3', '2.5')
    """
    return f"{value:g}"


# --- the grades of a class -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GradeTable:
    """The grades of a small class, laid out for the width at hand, with what went wrong as a list below.

    Attributes:
        results: a submission each.
    """

    results: tuple[Result, ...]

    @cached_property
    def students(self) -> list[str]:
        """Who handed something in."""
        return sorted({one.student for one in self.results})

    @cached_property
    def slugs(self) -> list[str]:
        """Assignments that something was handed in for; what could not be placed comes last."""
        return sorted({_slug(one) for one in self.results})

    @cached_property
    def in_all(self) -> bool:
        """Whether totals differ from the points of the checks."""
        return any(one.is_adjusted for one in self.results)

    @cached_property
    def standing(self) -> dict[tuple[str, str], Result]:
        """By student and assignment, a graded file before one that could not be read."""
        ordered = sorted(self.results, key=lambda one: one.status == "graded")
        return {(one.student, _slug(one)): one for one in ordered}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The first layout that fits, the list of causes, and what a star means."""
        layouts = (self._assignment_rows(2), self._assignment_rows(1), self._student_rows(), self._sums())
        widths = (console.measure(one, options=options.update(width=UNBOUNDED)).maximum for one in layouts)
        yield next((one for one, width in zip(layouts, widths, strict=True) if width <= options.max_width), layouts[-1])
        if waiting := sum(one.to_mark for one in self.results):
            most = points(sum(_waiting(one) for one in self.results))
            what = "written answer waits" if waiting == 1 else "written answers wait"
            yield f"\n* {waiting} {what} for a mark, worth {most} points."
        if rows := _causes(self.results, checks=len(self.results) <= MAX_DETAILED):
            yield ""
            yield _cause_table(rows)

    def _assignment_rows(self, gap: int) -> Table:
        """A row per assignment, a column per student, and everybody's sum."""
        table = _grid("Assignment", *(_folded(one) for one in self.students), gap=gap)
        for slug in self.slugs:
            cells = (self._cell(self.standing.get((student, slug))) for student in self.students)
            table.add_row(escape(_named(slug)), *cells)
        if len(self.slugs) > 1:
            table.add_section()
            table.add_row("in all", *(self._sum(student).lstrip("*") for student in self.students))
        return table

    def _student_rows(self) -> Table:
        """A row per student, a column per assignment, which its number names; a star stands at the sum."""
        table = _grid("Student", *(self._heading(slug) for slug in self.slugs), "in all", gap=1)
        for student in self.students:
            cells = [self._cell(self.standing.get((student, slug))) for slug in self.slugs]
            short = (cell.lstrip("*").split("/")[0] for cell in cells)
            table.add_row(escape(student), *short, self._sum(student))
        return table

    def _sums(self) -> Table:
        """A row per student, without the assignments."""
        table = _grid("Student", "Graded", "Not read", "Points", gap=2)
        for student in self.students:
            own = [one for one in self.results if one.student == student]
            lost = sum(one.status != "graded" for one in own)
            table.add_row(escape(student), str(len(own) - lost), str(lost or NOTHING), self._sum(student))
        return table

    def _heading(self, slug: str) -> str:
        """`03` above `/9`."""
        most = {self._of(one)[1] for one in self.standing.values() if _slug(one) == slug and one.status == "graded"}
        return _named(slug).split("-")[0] + (f"\n/{points(most.pop())}" if len(most) == 1 else "")

    def _cell(self, result: Result | None) -> str:
        """`*5/8`, a star where a written answer waits."""
        if result is None or result.status != "graded":
            return UNREAD if result else NOTHING
        return _starred(result.to_mark > 0, *self._of(result))

    def _sum(self, student: str) -> str:
        own = [one for (name, _), one in self.standing.items() if name == student and one.status == "graded"]
        got, most = sum(self._of(one)[0] for one in own), sum(self._of(one)[1] for one in own)
        return _starred(any(one.to_mark for one in own), got, most) if own else NOTHING

    def _of(self, result: Result) -> tuple[float, float]:
        """Points, and the most that can be had."""
        return (result.total, result.full) if self.in_all else (result.task_points, result.max_points)


def grade_table(results: Sequence[Result]) -> GradeTable | Table:
    """What everybody got, and what went wrong in words; of a large class, a row per assignment."""
    return _class_table(results) if len(results) > MAX_ROWS else GradeTable(tuple(results))


def _starred(waits: bool, got: float, most: float) -> str:
    return f"{'*' if waits else ''}{points(got)}/{points(most)}"


def _slug(result: Result) -> str:
    return result.assignment or UNPLACED


def _named(slug: str) -> str:
    return "unknown" if slug == UNPLACED else slug


def _grid(first: str, *others: str, gap: int) -> Table:
    """A table without lines; `gap` is how much stands between two columns."""
    lines = {"box": SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 0, 0, gap - 1)}
    table = Table(title="Grades", title_justify="left", **lines)
    table.add_column(first, no_wrap=True, vertical="bottom")
    for one in others:
        table.add_column(escape(one), justify="right", no_wrap=True)
    return table


def _folded(name: str) -> str:
    """A name on several short lines, so that many fit side by side.

    >>> _folded("reference-answer"), _folded("Ada Lovelace"), _folded("Bo Li")
    ('reference-\\nanswer', 'Ada\\nLovelace', 'Bo Li')
    """
    lines = [""]
    for part in re.findall(rf"[^\s\-_.@]{{1,{FOLD}}}[\s\-_.@]?|\S", name):
        if lines[-1] and len((lines[-1] + part).rstrip()) > FOLD:
            lines.append("")
        lines[-1] += part
    return "\n".join(map(str.rstrip, lines[:MAX_FOLDS])) + ("…" if len(lines) > MAX_FOLDS else "")


def _waiting(result: Result) -> float:
    return sum(answer.max_points for answer in result.written if answer.points is None and not answer.is_blank)


def _class_table(results: Sequence[Result]) -> Table:
    """A row per assignment: how many were graded and how well; `grades.csv` and the report have the rest."""
    table = Table("Assignment", "Graded", "Mean points", "Full points", "No points", "Not graded", title="Grades")
    for slug in sorted({_slug(one) for one in results}):
        rows = [one for one in results if _slug(one) == slug]
        graded = [one for one in rows if one.status == "graded"]
        mean = (
            f"{sum(one.points for one in graded) / len(graded):.1f} / {points(graded[0].max_points)}" if graded else ""
        )
        full, none = sum(one.points >= one.max_points for one in graded), sum(one.points <= 0 for one in graded)
        counts = (str(full), str(none)) if graded else ("", "")
        table.add_row(escape(_named(slug)), str(len(graded)), mean, *counts, str(len(rows) - len(graded)))
    return table


# --- what went wrong -------------------------------------------------------------------------------------------------


def _causes(results: Sequence[Result], *, checks: bool) -> list[tuple[str, str, str]]:
    """Assignment, student and words for each submission of which there is something to say.

    Args:
        results: a submission each.
        checks: whether to count the checks that are wrong, which a large class has many of.
    """
    rows = [(_named(_slug(one)), one.student, "; ".join(_remarks(one, checks))) for one in results]
    return [row for row in rows if row[2]]


def _cause_table(rows: Sequence[tuple[str, str, str]], rest: str = "which the report lists") -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(max_width=MAX_NAME, overflow="fold")
    table.add_column(overflow="fold")
    for row in rows[:MAX_CAUSES]:
        table.add_row(*map(escape, row))
    if len(rows) > MAX_CAUSES:
        table.add_row("…", "", f"and {len(rows) - MAX_CAUSES} more, {rest}")
    return table


def _remarks(result: Result, checks: bool) -> list[str]:
    if result.status != "graded":
        return [f"{result.file}: {(result.cause or 'not readable').rstrip('.')}"]
    reasons: dict[str, list[str]] = {}
    for task in result.tasks:
        if reason := _reason(task, checks):
            reasons.setdefault(reason, []).append(task.title.split(":")[0])
    late = [f"{points(result.late_penalty)} off, late"] if result.late_penalty else []
    repairs = [f"{len(result.repairs)} {'repair' if len(result.repairs) == 1 else 'repairs'}"] if result.repairs else []
    return [*(f"{', '.join(tasks)}: {reason}" for reason, tasks in reasons.items()), *late, *repairs]


def _reason(task: TaskResult, checks: bool) -> str:
    """`Your answer did not finish in time`, `3 of 8 checks wrong`, or nothing."""
    if task.message:
        return task.message.split(":")[0].split(" (")[0].rstrip(".")
    wrong = sum(mark.points < mark.max for mark in task.checks)
    return f"{wrong} of {len(task.checks)} checks wrong" if wrong and checks else ""


# --- whose mark moved ------------------------------------------------------------------------------------------------


def changes_table(changes: Sequence[Change]) -> Table:
    """What moved, by how much and why, the first of it; `changes.csv` has all."""
    people = len({one.student for one in changes})
    rows = [(one.assignment, one.student, _moved(one)) for one in changes]
    table = _cause_table(rows, rest="which changes.csv lists")
    table.title = f"Marks that moved: {len(changes)}, of {people} {'person' if people == 1 else 'people'}"
    table.title_justify = "left"
    return table


def _moved(one: Change) -> str:
    """`Task 1: 2 → 3, in all 4 → 5: the checks changed; …`."""
    what = one.task.split(":")[0] if one.task.startswith("Task ") else one.task
    whole = f"{_worth(one.total_before)} → {_worth(one.total_after)}"
    part = f"{_worth(one.before)} → {_worth(one.after)}"
    return f"{what}: {part}, in all {whole}: {one.why}" if what != "everything" else f"{whole}: {one.why}"


def _worth(value: float | str) -> str:
    return (value or "nothing") if isinstance(value, str) else points(round(value, 2))


# --- the class record ------------------------------------------------------------------------------------------------


def term_table(record: Record) -> Table:
    """A row per person, the first of them: points by assignment, and the course's total; `term.csv` has all."""
    headings = [f"{one.number:02}\n/{points(one.points)}" for one in record.assignments]
    table = _grid("Student", *headings, "Points", "Total", "Missing", gap=2)
    table.title = "Class record"
    for line in record.lines[:MAX_ROWS]:
        cells = [_term_cell(cell) for cell in line.cells]
        percent = record.percent(line)
        total = NOTHING if percent is None else f"{'' if line.is_final else '*'}{percent:.1f} %"
        missing = line.numbers(record.assignments, "missing")
        name = line.student if len(line.student) <= MAX_NAME else f"{line.student[: MAX_NAME - 1]}…"
        table.add_row(escape(name), *cells, points(round(line.points, 2)), total, missing)
    if len(record.lines) > MAX_ROWS:
        table.add_row(f"… and {len(record.lines) - MAX_ROWS} more in term.csv")
    table.caption = "* waits for a mark, or is not final; ✗ could not be read; what is missing counts as nothing"
    table.caption_justify = "left"
    return table


def _term_cell(cell: Cell) -> str:
    if cell.result is None or not cell.has_points:
        return NOTHING if cell.result is None else UNREAD
    text = f"{'*' if cell.state == 'waits' else ''}{points(round(cell.result.total, 2))}"
    return f"({text})" if cell.is_dropped else text


# --- other tables ----------------------------------------------------------------------------------------------------


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
