"""A course in miniature: two assignments of one task each, in a temporary folder."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.base.course import Course, find_course
from autograder.base.notebooks import write_notebook
from autograder.wall.sandbox import Sandbox, limits_of

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = """\
title = "A tiny course"
repository = "someone/tiny"
branch = "main"

[assignments.01-double]
title = "Doubling"

[assignments.02-half]
title = "Halving"
"""

CHECKS = '''\
"""Visible checks of the assignment `{name}`."""

from waferlab.checks.core import Case, Check, Task, by_name, close_fault, scenario


def observe(bench, case: Case) -> dict:
    seen: dict = {{}}
    with scenario(seen, "call"):
        seen["values"] = bench.call("{name}", case.rng(1).normal(size=4).astype(case.dtype))
    return seen


def fault(seen: dict, expected: dict) -> str | None:
    return close_fault(seen, expected, "values", part="call", rtol=1e-4)


VALUES = Check("values", {points}, "{name}(x)", "equal", fault)
TASKS = by_name(Task("{name}", "{name}", "Task 1: {name}", ("{name}",), observe, (VALUES,), expects=("values",)))
'''


def code(cell_id: str, source: str, *tags: str, **nbgrader: Any) -> NotebookNode:
    """A code cell with a readable id, tags and nbgrader metadata."""
    return _dressed(new_code_cell(source, id=cell_id), tags, nbgrader)


def markdown(cell_id: str, source: str, *tags: str, **nbgrader: Any) -> NotebookNode:
    """A Markdown cell with a readable id, tags and nbgrader metadata."""
    return _dressed(new_markdown_cell(source, id=cell_id), tags, nbgrader)


def _dressed(cell: NotebookNode, tags: tuple[str, ...], nbgrader: dict[str, Any]) -> NotebookNode:
    if tags:
        cell.metadata["tags"] = list(tags)
    if nbgrader:
        flags = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
        cell.metadata["nbgrader"] = flags | nbgrader
    return cell


def _answer(name: str, expression: str) -> NotebookNode:
    source = (
        f'def {name}(x: np.ndarray) -> np.ndarray:\n    """Return {name} of `x`."""\n'
        f"    ### BEGIN SOLUTION\n    answer = {expression}\n    return answer\n    ### END SOLUTION"
    )
    return code(name, source, "reference", grade_id=name, solution=True)


def _check(name: str, points: int) -> NotebookNode:
    source = f"checks.{name}.TASKS[{name!r}].check({name})"
    return code(f"check-{name}", source, grade_id=f"check-{name}", grade=True, locked=True, points=points)


def _double() -> NotebookNode:
    look = "with checks.when_answered('Task 1'):\n    plt.plot(double(np.arange(3)))\n    plt.show()"
    written = "### BEGIN SOLUTION\nBecause two halves make a whole.\n### END SOLUTION"
    return new_notebook(
        cells=[
            markdown("badge", "a badge", "badge"),
            markdown("title", "# Doubling"),
            code("install", "pass", "install"),
            code("imports", "import numpy as np\nimport math", "reference"),
            code(
                "setup", "import matplotlib.pyplot as plt\nimport waferlab.checks.double\nfrom waferlab import checks"
            ),
            code("constant", "FACTOR = 2.0", "reference"),
            _answer("double", "FACTOR * x"),
            _check("double", 3),
            code("look", look),
            markdown("written-why", written, grade_id="written-why", grade=True, solution=True, points=2),
            markdown("hand-in", "Hand in.", "hand-in"),
        ]
    )


def _half() -> NotebookNode:
    return new_notebook(
        cells=[
            markdown("badge", "a badge", "badge"),
            code("install", "pass", "install"),
            code("imports", "import numpy as np\nfrom waferlab.reference.double import double", "reference"),
            code("setup", "import waferlab.checks.half\nfrom waferlab import checks"),
            _answer("half", "double(x) / 4"),
            _check("half", 2),
            markdown("hand-in", "Hand in.", "hand-in"),
        ]
    )


def _kernelspec(notebook: NotebookNode) -> NotebookNode:
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def _package(package: Path) -> None:
    """A waferlab with the real core of the checks and nothing of the real assignments."""
    real = ROOT / "course" / "waferlab"
    for name in ("__init__.py", *(f"checks/{part}.py" for part in ("__init__", "bench", "core", "plain"))):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real / name, package / name)
    for name, points in (("double", 3), ("half", 2)):
        (package / "checks" / f"{name}.py").write_text(CHECKS.format(name=name, points=points))


@pytest.fixture
def tiny_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The miniature course, nothing generated yet."""
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    root = tmp_path / "tiny"
    _package(root / "course" / "waferlab")
    (root / "course" / "course.toml").write_text(SETTINGS)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(ROOT / "course" / name, root / "course" / name)
    write_notebook(root / "source" / "01-double" / "double.ipynb", _kernelspec(_double()))
    write_notebook(root / "source" / "02-half" / "half.ipynb", _kernelspec(_half()))
    return Course(root)


@pytest.fixture(scope="module")
def one_worker() -> Iterator[None]:
    """Let every run of a module that grades in this process use one warm worker, for it takes seconds to start."""
    course = find_course()
    modules = [one.module for one in course.assignments]
    with Sandbox(modules, limits_of(course)) as box, pytest.MonkeyPatch.context() as patch:
        lent = SimpleNamespace(run=box.run, limits=box.limits, close=lambda: None)
        patch.setattr("autograder.run.grade.started", lambda *_, **__: contextlib.nullcontext([lent]))
        yield
