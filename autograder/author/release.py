"""`course release`: from the source notebooks to what students open in Colab.

The steps are nbgrader's own, in its own order, without the database; one step of ours comes first and writes the cells
that depend on `course.toml`. `course/nbgrader_config.py` names the same steps, so plain `nbgrader generate_assignment`
and the Create Assignment button give the same bytes (a test compares them).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import NbGraderPreprocessor, SaveCells
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.author.addresses import badge_text, install_text
from autograder.author.addresses import package_address as package_address
from autograder.author.export import with_notebook
from autograder.author.leaks import answers_of, leaks, sentence
from autograder.author.trees import Changes, Progress, notebook_key, quiet, side_files, sync
from autograder.base.course import Assignment, Course, CourseError, find_course
from autograder.base.notebooks import read_notebook, tags


class CourseCells(NbGraderPreprocessor):
    """Write what depends on `course.toml`: the badge, the install cell, and which assignment this is."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill the cells tagged `badge` and `install`, and the notebook's `waferlab` metadata."""
        course = find_course(Path(resources["metadata"]["path"]))
        assignment = course.assignment(resources["nbgrader"]["assignment"])
        texts = {"badge": badge_text(course, assignment), "install": install_text(course)}
        for cell in nb.cells:
            for tag in tags(cell) & texts.keys():
                cell.source = texts[tag]
        nb.metadata["waferlab"] = {"assignment": assignment.slug}
        return nb, resources


#: What `nbgrader generate_assignment` does with this course's configuration.
NBGRADER_STEPS: list[type[Preprocessor]] = [CourseCells, *GenerateAssignment.class_traits()["preprocessors"].default()]
#: The same without the gradebook.
STEPS = [step for step in NBGRADER_STEPS if step is not SaveCells]


def nbgrader_settings(course: Course) -> Config:
    """The course's nbgrader configuration."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(course.root / "course")).load_config()


def release_text(course: Course, assignment: Assignment) -> str:
    """The released notebook of one assignment.

    Raises:
        CourseError: nbgrader refuses the source notebook.
    """
    path = course.notebook("source", assignment)
    exporter = NotebookExporter(config=nbgrader_settings(course), default_preprocessors=[])
    for step in STEPS:
        exporter.register_preprocessor(step, enabled=True)
    resources = {
        "metadata": {"path": str(path.parent), "name": assignment.notebook_name},
        "nbgrader": {"assignment": assignment.slug, "notebook": assignment.notebook_name},
    }
    try:
        text, _ = exporter.from_notebook_node(read_notebook(path), resources=resources)
    except (ValidationError, RuntimeError, KeyError) as error:
        raise CourseError(f"{path.relative_to(course.root)} cannot be released: {error}") from error
    return text if text.endswith("\n") else text + "\n"


def release_files(course: Course, progress: Progress = quiet) -> dict[str, bytes]:
    """The contents of every file of `release/`, by path."""
    files: dict[str, bytes] = {}
    for assignment in with_notebook(course):
        progress(f"releasing {assignment.slug}")
        files |= side_files(course, assignment)
        files[notebook_key(assignment)] = release_text(course, assignment).encode()
    return files


def release(course: Course, check: bool = False, progress: Progress = quiet) -> Changes:
    """Write, or only compare, `release/`.

    Args:
        course: the course on disk; assignments without a source notebook are passed over.
        check: change nothing, only say what differs.
        progress: told the name of each step.

    Raises:
        CourseError: nbgrader refuses a notebook, or the text of an answer would stand in a release.
    """
    files = release_files(course, progress)
    _refuse_answers(course, files)
    return sync(course.root / "release", files, check=check)


def _refuse_answers(course: Course, files: dict[str, bytes]) -> None:
    """Refuse a release in which the text of its own or a later answer stands; earlier ones are `publish`'s to judge.

    Raises:
        CourseError: names files, cells and lines.
    """
    assignments = with_notebook(course)
    answers = {one.slug: answers_of(course, one) for one in assignments}
    told = []
    for one in assignments:
        secret = [answer for slug, found in answers.items() if slug >= one.slug for answer in found]
        own = {f"release/{name}": text for name, text in files.items() if name.startswith(f"{one.slug}/")}
        told += leaks(own, secret)
    if told:
        raise CourseError(sentence(told, "release/"))
