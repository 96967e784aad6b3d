"""A small course, its release notebooks, and every way in which a submission comes out damaged."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.base.course import Course

SETTINGS = """\
title = "A small course"
repository = "someone/small"
branch = "main"

[assignments.01-scaling]
title = "Scaling and shifting"

[assignments.02-counting]
title = "Counting"
"""

#: Names that the tasks of the first assignment define.
TASKS = {"scale": ("scale",), "shift": ("Shift", "unshift")}

SCALE = 'def scale(x):\n    """Return twice `x`, for numbers and arrays alike; the input stays as it is."""\n'
SHIFT = 'class Shift:\n    """Moves numbers by one step."""\n\n    def __call__(self, x):\n'
UNSHIFT = '\n\ndef unshift(x):\n    """The inverse of `Shift`."""\n'
HOLE = "# YOUR CODE HERE\n{0}raise NotImplementedError('not yet')"

STUBS = {
    "scale": SCALE + "    " + HOLE.format("    "),
    "shift": SHIFT + "        " + HOLE.format("        ") + UNSHIFT + "    " + HOLE.format("    "),
}
ANSWERS = {
    "scale": SCALE + "    return 2 * x",
    "shift": SHIFT + "        return x + 1" + UNSHIFT + "    return x - 1",
}
FIGURE = (
    "import math\n\nwith checks.when_answered('Task 1'):\n    values = [scale(step) for step in range(10)]\n"
    "    figure = plots.lines(values)\n    figure.suptitle('Scaled steps against steps')"
)


def code(cell_id: str, source: str, *, tags: tuple[str, ...] = (), **marks: Any) -> NotebookNode:
    """A code cell with an id, tags and nbgrader's metadata."""
    return _dressed(new_code_cell(source, id=cell_id), tags, marks)


def text(cell_id: str, source: str, *, tags: tuple[str, ...] = (), **marks: Any) -> NotebookNode:
    """A text cell with an id, tags and nbgrader's metadata."""
    return _dressed(new_markdown_cell(source, id=cell_id), tags, marks)


def _dressed(cell: NotebookNode, tags: tuple[str, ...], marks: dict[str, Any]) -> NotebookNode:
    if tags:
        cell.metadata["tags"] = list(tags)
    if marks:
        flags = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
        cell.metadata["nbgrader"] = flags | marks
    return cell


def solution(task: str) -> NotebookNode:
    """The release's unanswered cell of a task."""
    return code(f"task-{task}", STUBS[task], tags=("reference",), solution=True, grade_id=task)


def check(task: str, points: float) -> NotebookNode:
    """The check cell of a task."""
    return code(
        f"check-{task}-cell", f"check_{task}()", grade=True, locked=True, grade_id=f"check-{task}", points=points
    )


def release() -> NotebookNode:
    """The release of the first assignment."""
    cells = [
        text("badge", "[badge](https://example.org)", tags=("badge",)),
        code("install", "import waferlab", tags=("install",)),
        text("title", "# Scaling and shifting"),
        code("imports", "import numpy as np", tags=("reference",)),
        code("provided", "def half(x):\n    return x / 2", tags=("reference",)),
        text("about-scale", "## Task 1: scale\n\nWrite a function."),
        solution("scale"),
        check("scale", 2),
        code("figure", FIGURE),
        text("about-shift", "## Task 2: Shift\n\nWrite a class."),
        solution("shift"),
        check("shift", 4),
        text("rubric", "**Rubric.** One point for each reason."),
        text("why", "*Your answer here.*", grade=True, solution=True, grade_id="written-why", points=3),
        text("hand-in", "Hand in this file.", tags=("hand-in",)),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def other_release() -> NotebookNode:
    """The release of the second assignment."""
    cells = [
        text("badge", "[badge](https://example.org)", tags=("badge",)),
        text("title", "# Counting"),
        code("imports", "import numpy as np", tags=("reference",)),
        code("task-count", "def count(x):\n    raise NotImplementedError", solution=True, grade_id="count"),
        code("check-count", "check_count()", grade=True, locked=True, grade_id="check-count", points=3),
    ]
    return new_notebook(cells=cells)


def make_course(root: Path) -> Course:
    """The course on disk, as far as intake needs it."""
    files = {
        "course/course.toml": SETTINGS,
        "release/01-scaling/scaling.ipynb": nbformat.writes(release()),
        "release/02-counting/counting.ipynb": nbformat.writes(other_release()),
    }
    for name, contents in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents, encoding="utf-8")
    return Course(root)


def answered(answers: Mapping[str, str] = ANSWERS, written: str = "Because.") -> NotebookNode:
    """A submission of the first assignment, nothing damaged."""
    notebook = release()
    for task, source in answers.items():
        cell_of(notebook, f"task-{task}").source = source
    cell_of(notebook, "why").source = written
    return notebook


def cell_of(notebook: NotebookNode, cell_id: str) -> NotebookNode:
    """A cell by its id."""
    return next(cell for cell in notebook.cells if cell.get("id") == cell_id)


def place_of(notebook: NotebookNode, cell_id: str) -> int:
    """Index of a cell by its id."""
    return next(index for index, cell in enumerate(notebook.cells) if cell.get("id") == cell_id)


def without_metadata(notebook: NotebookNode, *, ids: bool = True) -> NotebookNode:
    """nbgrader's metadata stripped; with `ids=False` the cells' ids, too."""
    stripped = copy.deepcopy(notebook)
    for cell in stripped.cells:
        cell.metadata = nbformat.from_dict({})
        if not ids:
            cell.pop("id")
    return stripped


def as_colab_saves(notebook: NotebookNode) -> dict[str, Any]:
    """The notebook as Colab writes it: minor version 0, ids in the metadata, personal data, widgets without state."""
    raw = json.loads(nbformat.writes(notebook))
    raw["nbformat_minor"] = 0
    raw["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU", "widgets": {"application/x": {"a": {}}}}
    for cell in raw["cells"]:
        cell["metadata"]["id"] = cell.pop("id")
        if cell["cell_type"] == "code":
            person = {"displayName": "Rosalind Secret", "userId": "0123456789"}
            cell["metadata"]["executionInfo"] = {"status": "ok", "user": person}
            cell["execution_count"] = 3
    badge = {"cell_type": "markdown", "metadata": {"id": "view-in-github", "colab_type": "text"}, "source": ["badge"]}
    raw["cells"].insert(0, badge)
    return raw


def to_bytes(notebook: NotebookNode | dict[str, Any]) -> bytes:
    """A notebook file."""
    return json.dumps(notebook).encode()


def make_zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def write_all(root: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder; returns the folder."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root
