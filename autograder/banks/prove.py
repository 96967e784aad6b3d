"""`course validate`: proves the checks with the banks of wrong and right answers, through the grader's own road."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.banks import answers, must_fail
from autograder.base.course import Assignment, Course
from autograder.run.mark import mark


@dataclass(frozen=True)
class Trial:
    """One answer of a bank, marked.

    Attributes:
        assignment: slug.
        task: the task that the file answers.
        file: its name.
        kind: `wrong` or `right`.
        defect: what is wrong with the check, in words; empty when it judged as it should.
    """

    assignment: str
    task: str
    file: str
    kind: str
    defect: str


def validate(
    course: Course, assignments: Sequence[Assignment], dataset: str | None = None, *, walled: bool = True
) -> Iterator[Trial]:
    """Mark every answer of the banks of some assignments.

    Args:
        course: the course.
        assignments: whose banks to mark.
        dataset: images for the hidden checks; by default as `course.toml` says.
        walled: run the answers behind the wall.

    Yields:
        One trial per file, as they are marked.
    """
    for assignment in assignments:
        kinds = {path: kind for kind in ("wrong", "right") for path in answers(assignment.module, kind)}
        for row in mark(course, assignment, list(kinds), dataset, walled=walled) if kinds else ():
            path = Path(row["file"])
            tasks = {check["name"].split(".")[0] for check in row["checks"]}
            defect = _wrong(path, row) if kinds[path] == "wrong" else _right(row)
            yield Trial(assignment.slug, ", ".join(sorted(tasks)), path.name, kinds[path], defect)


def how_many(course: Course, assignments: Sequence[Assignment]) -> int:
    """The number of answers in the banks."""
    return sum(len(answers(one.module, kind)) for one in assignments for kind in ("wrong", "right"))


def _wrong(path: Path, row: dict[str, Any]) -> str:
    """A wrong answer must lose points, and the checks that its docstring names must fail."""
    lost = {check["name"].split(".", 1)[1] for check in row["checks"] if check["points"] < check["max"]}
    named = must_fail(path.read_text(encoding="utf-8"))
    if not named:
        return "its docstring names no check that must fail (`fails: name, …`)"
    if row["points"] >= row["max_points"]:
        return f"a wrong answer with full marks; expected to lose {', '.join(named)}"
    kept = [name for name in named if name not in lost]
    return f"passed {', '.join(kept)}, which its docstring says must fail" if kept else ""


def _right(row: dict[str, Any]) -> str:
    """A right answer must keep every point."""
    lost = [f"{check['name']} ({check['message']})" for check in row["checks"] if check["points"] < check["max"]]
    return f"a right answer that lost {'; '.join(lost)}" if lost else ""
