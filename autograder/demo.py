"""`course demo`: a small class, made from the course's own answers, graded like any other."""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbformat import NotebookNode

from autograder.author.release import release
from autograder.banks.bank import Role, entries
from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.notebooks import grade_id, is_answer, is_written, read_notebook, without_markers, write_notebook
from autograder.run.grade import Graded, Progress, grade
from autograder.wall.bubblewrap import NoWallError

PLACEHOLDER = "raise NotImplementedError"


def demo(
    course: Course,
    out: Path | None,
    *,
    jobs: int,
    dataset: str | None = None,
    keep: Path | None = None,
    progress: Progress = lambda *_: None,
) -> Graded:
    """Regenerate the releases into a temporary folder, hand in five submissions of each assignment, grade them.

    Args:
        course: the course; nothing in it is changed.
        out: the run folder, which must be new or empty; by default a new temporary folder.
        jobs: processes.
        dataset: images for the hidden checks.
        keep: where the submissions are written; by default a temporary folder that is removed afterwards.
        progress: as in `grade`.

    Raises:
        CourseError: the run folder holds something already.
    """
    if out is not None and out.exists() and any(out.iterdir()):
        raise CourseError(f"{out} is not empty: the demo wants a new folder")
    out = out or Path(tempfile.mkdtemp(prefix="course-demo-"))
    with tempfile.TemporaryDirectory(prefix="course-demo-class-") as folder:
        progress("regenerating the releases", 0, 0)
        copied = copy_course(course, Path(folder) / "course")
        release(copied, check=False)
        submitted = keep or Path(folder) / "submitted"
        for assignment in copied.assignments:
            hand_in(copied, assignment, submitted)
        try:
            return grade(copied, [submitted], out, jobs=jobs, dataset=dataset, progress=progress)
        except NoWallError:  # this class is our own: show what there is to see; every page carries the warning
            return grade(copied, [submitted], out, jobs=jobs, dataset=dataset, walled=False, progress=progress)


def copy_course(course: Course, root: Path) -> Course:
    """The part of a course that releases are made from and graded by, in another folder."""
    shutil.copytree(course.root / "source", root / "source", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (root / "course").mkdir()
    for name in ("course.toml", "nbgrader_config.py", "case-study.md"):
        if (course.root / "course" / name).is_file():
            shutil.copy2(course.root / "course" / name, root / "course" / name)
    return Course(root)


def hand_in(course: Course, assignment: Assignment, submitted: Path) -> None:
    """Write one assignment's five submissions as nbgrader's `submitted/<student>/<assignment>/` tree."""
    release_notebook = read_notebook(course.notebook("release", assignment))
    for student, answers in demo_answers(course, assignment, release_notebook).items():
        path = submitted / student / assignment.slug / f"{assignment.notebook_name}.ipynb"
        write_notebook(path, answered(release_notebook, answers))


def demo_answers(course: Course, assignment: Assignment, release_notebook: NotebookNode) -> dict[str, dict[str, str]]:
    """What the five students write, by grade_id; only the first answers the written questions.

    The mistakes are those of the bank that say `demo`; tasks without one are right in the partly right submission.

    Raises:
        CourseError: the bank has no mistake for one of these submissions.
    """
    tasks = list(checks_module(assignment.module).TASKS)
    source = read_notebook(course.notebook("source", assignment))
    right = {grade_id(cell): without_markers(cell.source) for cell in source.cells if is_answer(cell)}
    written = {grade_id(cell): cell.source for cell in source.cells if is_written(cell)}
    stubs = {grade_id(cell): cell.source for cell in release_notebook.cells if is_answer(cell)}
    partly, wrong = (mistakes(course, assignment, role) for role in ("partly", "wrong"))
    loops = {tasks[0]: _instead(stubs[tasks[0]], "while True:\n    pass")}
    return {
        "reference-answer": {**right, **written},
        "partly-right": {**right, **partly},
        "wrong": wrong,
        "raises": {task: _instead(stubs[task], 'raise RuntimeError("a mistake in my code")') for task in tasks},
        "never-ends": {**right, **loops},
    }


def mistakes(course: Course, assignment: Assignment, role: Role) -> dict[str, str]:
    """The bank's answers for one of the submissions, by task.

    Raises:
        CourseError: there is none, or two for one task; of the wrong submission every task is answered wrong.
    """
    chosen = [one for one in entries(course, assignment) if one.demo == role]
    found = {one.task: one.source for one in chosen}
    wanted = set(checks_module(assignment.module).TASKS) if role == "wrong" else set(found)
    if not found or found.keys() != wanted or len(found) < len(chosen):
        where, there = ", ".join(sorted(wanted)) or "any task", ", ".join(one.label for one in chosen) or "none"
        raise CourseError(f"{assignment.slug}: expected one answer with demo = {role!r} for {where}; there is {there}")
    return found


def _instead(stub: str, statement: str) -> str:
    """A release's unanswered cell with a statement where its placeholder stands."""
    lines = []
    for line in stub.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        same = [line] if PLACEHOLDER not in line else [indent + part for part in statement.splitlines()]
        lines += same
    return "\n".join(lines)


def answered(release_notebook: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """A release notebook with answers in the cells that they are meant for."""
    notebook = copy.deepcopy(release_notebook)
    for cell in notebook.cells:
        if grade_id(cell) in answers:
            cell.source = answers[grade_id(cell)]
    return notebook
