"""The notebook's cells against the tasks of its check module: each has its cells, its bank and its points."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from autograder.author.lint.finding import Finding
from autograder.author.lint.source import SourceCell, SourceNotebook
from autograder.base.course import Assignment, Course
from autograder.base.points import CHECK, is_points, shares

PROBE = Path(__file__).with_name("probe.py")
PROBE_SECONDS = 60.0
KINDS = ("wrong", "right")


@dataclass(frozen=True)
class TaskSays:
    """What a check module says of a task.

    Attributes:
        defines: the names that its answer defines.
        checks: name and points of each check.
    """

    defines: tuple[str, ...]
    checks: tuple[tuple[str, float], ...]


Tasks = Mapping[str, TaskSays]


class Probe:
    """Asks the check modules of a course about their tasks while other things are read.

    Args:
        course: the course.
        assignments: whose modules are asked; those without one are passed over.
    """

    def __init__(self, course: Course, assignments: Sequence[Assignment]) -> None:
        package = course.root / "course" / "waferlab"
        self.folder = package / "checks" if package.is_dir() else _installed() / "checks"
        self.modules = [one.module for one in assignments if has_module(self.folder, one.module)]
        paths = [str(self.folder.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-P", str(PROBE), *self.modules]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)

    def answers(self) -> dict[str, Tasks | str]:
        """By module: its tasks, or why it cannot be imported."""
        try:
            said, complaint = self._child.communicate(timeout=PROBE_SECONDS)
            found = json.loads(said.decode().rsplit("\n", 1)[-1])  # a module may print
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
            return dict.fromkeys(self.modules, f"not imported within {PROBE_SECONDS:g} seconds")
        except ValueError:
            last = (complaint.decode(errors="replace").strip() or "its process ended without a word").splitlines()[-1]
            return dict.fromkeys(self.modules, last)
        return {module: said["error"] if "error" in said else _tasks(said["tasks"]) for module, said in found.items()}


def _tasks(said: Mapping[str, dict[str, list]]) -> Tasks:
    return {
        name: TaskSays(tuple(one["defines"]), tuple((check, points) for check, points in one["checks"]))
        for name, one in said.items()
    }


def _installed() -> Path:
    spec = find_spec("waferlab")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def has_module(folder: Path, module: str) -> bool:
    """Whether an assignment has a check module, a single file or one split by task."""
    return (folder / f"{module}.py").is_file() or (folder / module / "__init__.py").is_file()


def task_findings(notebook: SourceNotebook, assignment: Assignment, tasks: Tasks | str | None) -> Iterator[Finding]:
    """What does not fit between a notebook and its check module.

    Args:
        notebook: as it lies on disk.
        assignment: which one.
        tasks: as the check module has them, or why it cannot be imported; None where there is no module.
    """
    expected = f"course/waferlab/checks/{assignment.module}.py"
    if tasks is None:
        yield Finding(notebook.name, f"has no check module: expected {expected}, or a folder {assignment.module}/")
        return
    if isinstance(tasks, str):
        yield Finding(expected.replace(".py", ""), f"cannot be imported ({tasks})")
        return
    cells = {cell.grade_id: cell for cell in reversed(notebook.cells) if cell.grade_id}
    for name, task in tasks.items():
        yield from _cells_of_task(notebook, cells, name, task)
    yield from _cells_without_task(notebook, tasks)
    yield from _answers_elsewhere(notebook, tasks)


def _cells_of_task(
    notebook: SourceNotebook, cells: Mapping[str, SourceCell], name: str, task: TaskSays
) -> Iterator[Finding]:
    """A task has an answer cell that is exported and defines what it should, and below that a check cell."""
    answer, check = cells.get(name), cells.get(CHECK + name)
    if answer is None or not answer.is_answer:
        yield Finding(
            notebook.name,
            f"the task {name!r} has no solution cell: expected an 'Autograded' or 'Manually graded answer' of that ID",
        )
    else:
        yield from _answer_cell(answer, name, task)
    if check is None or not check.is_check:
        wanted = f"expected 'Autograder tests' with the ID '{CHECK}{name}'"
        yield Finding(notebook.name, f"the task {name!r} has no check cell: {wanted}")
        return
    if answer and check.number < answer.number:
        yield check.finding(f"the check of {name!r} stands above the answer")
    if not _calls_check(check):
        yield check.finding(f'does not end with the check: expected TASKS["{name}"].check(…) in the last line')
    yield from _points(check, name, task)


def _answer_cell(answer: SourceCell, name: str, task: TaskSays) -> Iterator[Finding]:
    if "reference" not in answer.tags:
        yield answer.finding(
            f"holds the answer to {name!r} without the tag 'reference': waferlab.reference would lack it"
        )
    if isinstance(answer.tree, SyntaxError):
        return
    defined = {getattr(node, "name", "") for node in answer.tree.body}
    defined |= {ast.unparse(target) for node in answer.tree.body for target in getattr(node, "targets", ())}
    for missing in [one for one in task.defines if one not in defined]:
        yield answer.finding(f"does not define {missing!r}, which the check of {name!r} asks for")


def _calls_check(cell: SourceCell) -> bool:
    """Whether the last line calls a check: nbgrader reads the value of that line as points."""
    if isinstance(cell.tree, SyntaxError):
        return True  # told already
    source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", cell.source, flags=re.S)
    try:
        last = ast.parse(source).body[-1:]
    except SyntaxError:
        return False
    call = last[0].value if last and isinstance(last[0], ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".check")


def _points(check: SourceCell, name: str, task: TaskSays) -> Iterator[Finding]:
    """The checks share out what the cell is worth; a remark shows how where they do not add up by themselves."""
    own, points = [worth for _, worth in task.checks], check.grading.get("points")
    for one, worth in task.checks:
        if not is_points(worth):
            yield check.finding(f"the check {one!r} of {name!r} is worth {worth!r}: expected a number, 0 or more")
            return
    if not is_points(points):
        return
    parts = shares(own, points)
    if parts != own:
        listed = ", ".join(f"{one} {part:g}" for (one, _), part in zip(task.checks, parts, strict=True))
        yield check.finding(f"{points:g} points, shared out as the checks' {sum(own):g} are: {listed}", kind="remark")


def _cells_without_task(notebook: SourceNotebook, tasks: Tasks) -> Iterator[Finding]:
    known = ", ".join(tasks) or "none"
    for cell in notebook.cells:
        if cell.is_answer and cell.grade_id not in tasks:
            yield cell.finding(
                f"an answer to no task: its ID is {cell.grade_id!r}, and the check module's tasks are {known}"
            )
        if cell.is_check and cell.grade_id.removeprefix(CHECK) not in tasks:
            yield cell.finding(
                f"a check of no task: its ID is {cell.grade_id!r}, and the check module's tasks are {known}"
            )
        elif cell.is_check and not cell.grade_id.startswith(CHECK):
            yield cell.finding(f"a check cell with the ID {cell.grade_id!r}: expected '{CHECK}{cell.grade_id}'")


def _answers_elsewhere(notebook: SourceNotebook, tasks: Tasks) -> Iterator[Finding]:
    """What a task asks students to write must not be defined in a cell that they get as it is."""
    asked = {name for task in tasks.values() for name in task.defines}
    for cell in notebook.cells:
        if cell.kind == "code" and not cell.is_solution:
            for one in cell.definitions:
                if one.name in asked:
                    yield cell.finding(
                        f"defines {one.name!r}, which students are to write: no solution cell", one.lineno
                    )


def bank_findings(banks: Path, assignment: Assignment, tasks: Tasks) -> Iterator[Finding]:
    """Tasks without a wrong or without a right answer to prove their checks.

    Args:
        banks: the folder of all banks.
        assignment: which one.
        tasks: its tasks.
    """
    for name in tasks:
        answers = _table(banks / assignment.module / f"{name}.toml")
        lacking = [kind for kind in KINDS if not isinstance(answers.get(kind), dict)]
        if lacking:
            what = f"the task {name!r} has no {' and no '.join(lacking)} answer: nothing proves its checks"
            yield Finding(f"autograder/banks/{assignment.module}", what, "warning")


def _table(path: Path) -> Mapping[str, object]:
    """A task's bank; one that is damaged counts as full, `course validate` names what is wrong with it."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {kind: {} for kind in KINDS}
