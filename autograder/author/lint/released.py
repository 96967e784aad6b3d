"""The source notebook against the release on disk, which remembers what was hidden and what cells were worth."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.author.lint.finding import Finding
from autograder.author.lint.markers import pairs
from autograder.author.lint.source import SourceCell, SourceNotebook, read_source
from autograder.base.course import Assignment, Course

PLACEHOLDER = "raise NotImplementedError"  # of `code_stub` in nbgrader_config.py


def released_findings(course: Course, assignment: Assignment, notebook: SourceNotebook) -> Iterator[Finding]:
    """What the release on disk says otherwise; nothing where there is none.

    Args:
        course: the course on disk.
        assignment: which one.
        notebook: its source.
    """
    path = course.notebook("release", assignment)
    released = read_source(path, path.relative_to(course.root).as_posix()) if path.is_file() else None
    if isinstance(released, SourceNotebook):
        yield from _no_longer_hidden(notebook, released)
        yield from _other_points(notebook, released)


def _no_longer_hidden(notebook: SourceNotebook, released: SourceNotebook) -> Iterator[Finding]:
    """Answer cells with fewer places to write than the release has: a pair of markers is gone, and its answer open."""
    before = {cell.grade_id: _placeholders(cell) for cell in released.cells if cell.is_answer}
    for cell in notebook.cells:
        regions, wrong = pairs(cell)
        now = sum(region == "SOLUTION" for region, _, _ in regions) + _placeholders(cell)
        if cell.is_answer and not wrong and 0 < now < before.get(cell.grade_id, 0):
            yield cell.finding(
                f"hides {now} of the {before[cell.grade_id]} places that {released.name} leaves to students, so "
                "that an answer would be published; if that is meant, remove the old release first"
            )


def _placeholders(cell: SourceCell) -> int:
    return sum(line.strip().startswith(PLACEHOLDER) for line in cell.lines)


def _other_points(notebook: SourceNotebook, released: SourceNotebook) -> Iterator[Finding]:
    """Cells whose points were changed after the release was made, by which submissions are graded."""
    now, then = (
        {cell.grade_id: cell.grading.get("points") for cell in one.cells if cell.is_graded}
        for one in (notebook, released)
    )
    for cell in sorted(now.keys() | then.keys()):
        if now.get(cell) != then.get(cell):
            source, old = (_worth(one[cell]) if cell in one else "nothing" for one in (now, then))
            what = f"gives {old}, in source/ {source}: run `course release`"
            yield Finding(f"{released.name}, ID {cell!r}", what, "stale")


def _worth(points: object) -> str:
    return f"{points} point" if points == 1 else f"{points} points"
