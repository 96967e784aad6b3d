"""`course release`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.author.export import export
from autograder.author.release import install_text, release
from autograder.base.course import Course, CourseError, find_course
from autograder.base.notebooks import REGIONS, read_notebook, region_lines, write_notebook

STUB = '    # YOUR CODE HERE\n    raise NotImplementedError("this task is not answered yet")'
#: Lines that an answer may share with the text around it.
MIN_CANARY = 8


def _cell(course: Course, cell_id: str, tree: str = "release", number: str = "01") -> NotebookNode:
    notebook = read_notebook(course.notebook(tree, course.assignment(number)))
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def _edit(course: Course, cell_id: str, source: str) -> None:
    path = course.notebook("source", course.assignment("01"))
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if cell.id == cell_id).source = source
    write_notebook(path, notebook)


def _nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run plain nbgrader on the course, with its own configuration, as an activated environment would."""
    scripts = str(Path(sys.executable).parent)
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        env={
            **os.environ,
            "JUPYTER_CONFIG_PATH": str(course.root / "course"),
            "PATH": scripts + os.pathsep + os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(course.root / "course"), str(Path(__file__).parents[3])]),
        },
        cwd=course.root,
        capture_output=True,
        text=True,
    )


def test_the_answer_becomes_a_stub(tiny_course: Course) -> None:
    """Does a solution cell keep its signature and docstring and lose its answer?"""
    release(tiny_course)
    source = 'def double(x: np.ndarray) -> np.ndarray:\n    """Return double of `x`."""\n' + STUB
    assert _cell(tiny_course, "double").source == source


def test_the_written_answer_becomes_a_stub(tiny_course: Course) -> None:
    """Does a written model answer go?"""
    release(tiny_course)
    assert _cell(tiny_course, "written-why").source == "YOUR ANSWER HERE"


def test_checks_are_locked(tiny_course: Course) -> None:
    """Is a check cell neither editable nor deletable, with nbgrader's checksum?"""
    release(tiny_course)
    metadata = _cell(tiny_course, "check-double").metadata
    assert (metadata.editable, metadata.deletable, len(metadata.nbgrader.checksum)) == (False, False, 32)


def test_course_settings_are_filled_in(tiny_course: Course) -> None:
    """Do badge, install cell and metadata follow course.toml?"""
    release(tiny_course)
    badge = "https://colab.research.google.com/github/someone/tiny/blob/main/release/01-double/double.ipynb"
    assert badge in _cell(tiny_course, "badge").source
    assert "git+https://github.com/someone/tiny@main#subdirectory=course" in _cell(tiny_course, "install").source
    notebook = read_notebook(tiny_course.notebook("release", tiny_course.assignment("01")))
    assert notebook.metadata.waferlab == {"assignment": "01-double"}


def test_the_install_cell_leaves_an_installation_alone(tiny_course: Course) -> None:
    """Does the install cell do nothing when waferlab is there, and never ask for upgrades?"""
    text = install_text(tiny_course)
    assert "--upgrade" not in text
    exec(compile(text, "install", "exec"), {})  # installs nothing: waferlab is importable here


def test_the_install_cell_says_what_failed(tiny_course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does a failing installation end in one sentence that names the address?"""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1))
    with pytest.raises(RuntimeError, match=r"could not be installed from waferlab @ git\+https://github.com/someone"):
        exec(compile(install_text(tiny_course), "install", "exec"), {})


def test_twice_is_once(tiny_course: Course) -> None:
    """Does a second release find nothing to do, and change no byte?"""
    assert len(release(tiny_course).written) == 2
    assert not release(tiny_course, check=True).stale
    assert release(tiny_course).written == []


def test_check_changes_nothing(tiny_course: Course) -> None:
    """Is a missing release stale, and does a check write nothing?"""
    assert release(tiny_course, check=True).stale
    assert not (tiny_course.root / "release").exists()


def test_hidden_tests_go(tiny_course: Course) -> None:
    """Do hidden tests leave no trace in the release?"""
    _edit(tiny_course, "check-double", "1\n### BEGIN HIDDEN TESTS\nassert double(3) == canary\n### END HIDDEN TESTS")
    release(tiny_course)
    assert _cell(tiny_course, "check-double").source == "1"


def test_an_answer_in_a_given_cell_is_refused(tiny_course: Course) -> None:
    """Is no release written in which the answer stands in another cell, and is the place named?"""
    _edit(tiny_course, "constant", "FACTOR = 2.0\nx = 3\nanswer = FACTOR * x\nreturn answer")
    with pytest.raises(
        CourseError, match=r"release/01-double/double.ipynb, cell 'constant', line 3: the answer to 01-d"
    ):
        release(tiny_course)
    assert not (tiny_course.root / "release").exists()


def test_other_files_are_copied(tiny_course: Course) -> None:
    """Does a picture beside the source notebook reach the release, as with nbgrader?"""
    (tiny_course.root / "source" / "01-double" / "figures").mkdir()
    (tiny_course.root / "source" / "01-double" / "figures" / "one.png").write_bytes(b"png")
    release(tiny_course)
    assert (tiny_course.root / "release" / "01-double" / "figures" / "one.png").read_bytes() == b"png"


@pytest.mark.parametrize(
    ("cell", "source", "message"),
    [
        pytest.param("double", "### BEGIN SOLUTION\nx = 1", "no end solution", id="a region that never ends"),
        pytest.param("look", "### BEGIN SOLUTION\n1\n### END SOLUTION", "non-solution cell", id="outside its cell"),
    ],
)
def test_a_broken_source_is_one_sentence(tiny_course: Course, cell: str, source: str, message: str) -> None:
    """Does a source that nbgrader refuses name the notebook?"""
    _edit(tiny_course, cell, source)
    with pytest.raises(CourseError, match=f"source/01-double/double.ipynb cannot be released: .*{message}"):
        release(tiny_course)


def test_plain_nbgrader_gives_the_same_bytes(tiny_course: Course) -> None:
    """Does `nbgrader generate_assignment` with the course's configuration write exactly our release?"""
    release(tiny_course)
    path = tiny_course.notebook("release", tiny_course.assignment("01"))
    ours = path.read_bytes()
    path.unlink()
    done = _nbgrader(tiny_course, "generate_assignment", "01-double", "--force")
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == ours


def _canaries(course: Course, slug: str) -> set[str]:
    """Every line of an assignment's answers, hidden tests and mark schemes that its open text does not hold as well."""
    hidden, open_ = set(), set()
    for cell in read_notebook(course.notebook("source", course.assignment(slug))).cells:
        secret = {line.strip() for region in REGIONS for line in region_lines(cell.source, region)}
        hidden |= secret
        open_ |= {line.strip() for line in cell.source.split("\n")} - secret
    return {line for line in hidden - open_ if len(line) >= MIN_CANARY}


@pytest.mark.parametrize("slug", [assignment.slug for assignment in find_course(Path(__file__).parent).assignments])
def test_no_answer_leaks(slug: str) -> None:
    """Is no line of any answer in the release, nor an output, nor a marker?"""
    course = find_course(Path(__file__).parent)
    canaries = _canaries(course, slug)
    path = course.notebook("release", course.assignment(slug))
    notebook = read_notebook(path)
    lines = {line.strip() for cell in notebook.cells for line in cell.source.split("\n")}
    assert canaries and not canaries & lines
    assert not any(f"BEGIN {region}" in path.read_text(encoding="utf-8") for region in REGIONS)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def _hand_in(course: Course, student: str, answer: str | None) -> None:
    """Put a submission made from the release into nbgrader's `submitted/` tree."""
    notebook = read_notebook(course.notebook("release", course.assignment("01")))
    if answer is not None:
        next(cell for cell in notebook.cells if cell.id == "double").source = f"def double(x):\n    return {answer}"
    write_notebook(course.root / "submitted" / student / "01-double" / "double.ipynb", notebook)


def test_plain_nbgrader_grades_the_release(tiny_course: Course) -> None:
    """Does plain `nbgrader autograde` give a right answer its points, and a wrong or missing one none?"""
    export(tiny_course)
    answers = {"right": "2.0 * x", "wrong": "3.0 * x", "unanswered": None}
    assert _nbgrader(tiny_course, "generate_assignment", "01-double").returncode == 0
    for student, answer in answers.items():
        _hand_in(tiny_course, student, answer)
    done = _nbgrader(tiny_course, "autograde", "01-double")
    assert done.returncode == 0, done.stderr
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        scores = {
            student: gradebook.find_grade("check-double", "double", "01-double", student).auto_score
            for student in answers
        }
    assert scores == {"right": 3, "wrong": 0, "unanswered": 0}
