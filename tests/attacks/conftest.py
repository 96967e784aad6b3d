"""What attacks run against: the real worker behind the real wall, and the real verdict of assignment 04.

An attack is the source of the solution cell of `kl_divergence`. `points` says what it earned; `loot` says what it got
hold of (an attack raises `RuntimeError("LOOT …")` from its cell when it found something).
"""

from __future__ import annotations

import shutil

import pytest
from attack_answers import RIGHT, STUB, TASK

from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook
from autograder.base.records import Cell, Graft
from autograder.judge.datasets import probe_arrays
from autograder.run.one import grade_graft
from autograder.run.prepare import prepare, reference_graft
from autograder.wall.sandbox import Ask, Sandbox, limits_of

SECRET = bytes(range(32))


@pytest.fixture(scope="session")
def course():
    """The real course."""
    return find_course()


@pytest.fixture(scope="session")
def box(course):
    """A warm worker behind the wall, with the course's own limits."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with Sandbox(["encoder"], limits_of(course)) as one:
        yield one


@pytest.fixture(scope="session")
def exam(course, box):
    """Assignment 04, ready to grade, with short time limits."""
    assignment = course.assignment("04-encoder")
    arrays = probe_arrays([assignment], "synthetic-wafers", SECRET).get(assignment.slug, {})
    one = prepare(course, assignment, SECRET, arrays, box)
    one.seconds.update(dict.fromkeys(one.seconds, 6.0))
    return one


@pytest.fixture(scope="session")
def reference(course):
    """The reference's cells, all three tasks answered right."""
    return reference_graft(read_notebook(course.notebook("source", course.assignment("04-encoder"))))


@pytest.fixture
def marks(exam, box, reference):
    """Grade a submission whose cell of one task is replaced; gives the results by task."""

    def run(source, task=TASK, only=(TASK,), helpers=()):
        cells = [Cell("solution", task, source) if cell.name == task else cell for cell in reference.cells]
        extra = [Cell("helper", f"helper-{number}", text) for number, text in enumerate(helpers)]
        graft = Graft((*extra, *cells), {TASK: STUB, "forward": "", "reparameterize": ""})
        return {one.name: one for one in grade_graft(exam, graft, box, only)}

    return run


@pytest.fixture
def points(marks):
    """The points of one attack on `kl_divergence`."""
    return lambda source, **options: marks(source, **options)[TASK].points


@pytest.fixture
def loot(box):
    """What the cell of an attack got hold of: the text it raised, or nothing."""

    def run(source, seconds=6.0):
        cells = (Cell("provided", "imports", "import torch"), Cell("solution", TASK, source + "\n" + RIGHT))
        answer = box.run("encoder", Graft(cells, {TASK: STUB}), [Ask(TASK, 7, seconds)])[TASK]
        error = answer.errors.get(TASK, "")
        return error if "LOOT" in error else ""

    return run
