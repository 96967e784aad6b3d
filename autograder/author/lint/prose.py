"""Points as the notebook's text names them: the table at the top, and the headings of tasks and questions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from autograder.author.lint.finding import Finding
from autograder.author.lint.source import SourceCell, SourceNotebook
from autograder.base.points import is_points

HEADING = re.compile(r"#+ .*\((\d+(?:\.\d+)?) points?\)\s*")
HEADER = re.compile(r"\|.*\|\s*points\s*\|\s*")
ROW = re.compile(r"\|.*\|\s*(\**)(\d+(?:\.\d+)?)\1\s*\|\s*")

Line = tuple[SourceCell, int, float, bool]  # cell, line, the number there, whether it is bold


def prose_findings(notebook: SourceNotebook) -> Iterator[Finding]:
    """Numbers of points in the text that are not those of the cells."""
    graded = [cell for cell in notebook.cells if cell.is_graded and is_points(cell.grading.get("points"))]
    heading: Line | None = None
    for cell in notebook.cells:
        if cell in graded and heading:
            yield from _differs(heading, cell.grading["points"], f"cell {cell.id!r} gives")
            heading = None
        for number, line in enumerate(cell.lines if cell.kind == "markdown" and not cell.is_graded else (), start=1):
            if found := HEADING.fullmatch(line):
                heading = (cell, number, float(found[1]), False)
    yield from _table(_rows(notebook), graded)


def _table(rows: Sequence[Line], graded: Sequence[SourceCell]) -> Iterator[Finding]:
    parts, totals = [row for row in rows if not row[3]], [row for row in rows if row[3]]
    if len(parts) == len(graded):
        for row, cell in zip(parts, graded, strict=True):
            yield from _differs(row, cell.grading["points"], f"cell {cell.id!r} gives")
    for row in totals:
        yield from _differs(row, math.fsum(cell.grading["points"] for cell in graded), "the cells give together")


def _rows(notebook: SourceNotebook) -> list[Line]:
    """The rows of the first table whose last column is called points."""
    for cell in notebook.cells:
        lines = cell.lines if cell.kind == "markdown" else []
        start = next((place for place, line in enumerate(lines) if HEADER.fullmatch(line)), None)
        if start is None:
            continue
        found = ((number, ROW.fullmatch(line)) for number, line in enumerate(lines[start:], start=start + 1))
        return [(cell, number, float(row[2]), bool(row[1])) for number, row in found if row]
    return []


def _differs(line: Line, points: float, who: str) -> Iterator[Finding]:
    cell, number, said, _ = line
    if not math.isclose(said, points):
        yield cell.finding(f"the text says {said:g} points, {who} {points:g}", number, "warning")
