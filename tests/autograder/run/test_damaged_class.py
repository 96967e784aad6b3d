"""A real class whose notebooks came back damaged, through the whole pipeline: the same points as the intact one."""

import shutil

import notebook_makers as make
import pytest

from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook
from autograder.demo import answered, demo_answers
from autograder.run.grade import grade

ENCODER = "04-encoder/encoder.ipynb"


def right():
    """The reference answer in the release of assignment 04."""
    course = find_course()
    assignment = course.assignment("04-encoder")
    release = read_notebook(course.notebook("release", assignment))
    return answered(release, demo_answers(course, assignment, release)["reference-answer"])


def copied():
    """An answer cell copied, the original cell emptied to its first line."""
    notebook = right()
    place = make.place_of(notebook, "task-kl-divergence")
    twin = make.copy.deepcopy(notebook.cells[place])
    twin.id = "copied"
    notebook.cells.insert(place + 1, twin)
    notebook.cells[place].source = "# see below"
    return notebook


def without_checks():
    """Every check cell deleted."""
    notebook = right()
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check-")]
    return notebook


def loud():
    """An answer that warns, prints, and writes to standard error."""
    notebook = right()
    cell = make.cell_of(notebook, "task-kl-divergence")
    noise = "import sys, warnings\nwarnings.warn('take care')\nprint('x' * 10**6, file=sys.stderr)\nprint('done')\n"
    cell.source = noise + cell.source
    return notebook


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Results by student, and the run folder."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    files = {
        f"intact/{ENCODER}": make.to_bytes(right()),
        "colab/Copy of encoder (1).ipynb": make.to_bytes(make.as_colab_saves(right())),
        f"stripped/{ENCODER}": b"\xef\xbb\xbf" + make.to_bytes(make.without_metadata(right(), ids=False)),
        f"copied/{ENCODER}": make.to_bytes(copied()),
        f"unchecked/{ENCODER}": make.to_bytes(without_checks()),
        f"loud/{ENCODER}": make.to_bytes(loud()),
        f"broken/{ENCODER}": make.to_bytes(right())[:-200],
    }
    folder = make.write_all(tmp_path_factory.mktemp("class"), files)
    run = grade(find_course(), [folder], tmp_path_factory.mktemp("run"), jobs=1, dataset="synthetic-wafers")
    return {result.student: result for result in run.results}, run.folder


@pytest.mark.parametrize("student", ["colab", "stripped", "copied", "unchecked", "loud"])
def test_damage_costs_no_points(graded, student):
    """Does a damaged notebook get the points of the intact one, in every check?"""
    results, _ = graded
    assert results["intact"].points == results["intact"].max_points == 11
    assert [task.checks for task in results[student].tasks] == [task.checks for task in results["intact"].tasks]


@pytest.mark.parametrize("student", ["stripped", "copied", "unchecked"])
def test_the_repair_is_reported(graded, student):
    """Does the student's row say what was mended?"""
    assert graded[0][student].repairs


def test_what_cannot_be_read_is_a_row(graded):
    """Does a file that breaks off cost its own row only?"""
    assert graded[0]["broken"].status == "unreadable"
    assert "breaks off" in graded[0]["broken"].cause


def test_personal_data_reaches_no_report(graded):
    """Do the names and numbers that Colab writes into cells stay out of every file of the run?"""
    for path in graded[1].rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"Rosalind" not in data and b"0123456789" not in data and b"executionInfo" not in data, path
