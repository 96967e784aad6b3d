"""`course solutions`."""

from __future__ import annotations

import base64
import io
import json

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output
from PIL import Image, ImageDraw

from autograder.author.export import export
from autograder.author.outputs import images_agree, outputs_agree, steady, texts_agree
from autograder.author.solutions import notebooks_agree, solution_notebook, solutions
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import notebook_text, read_notebook, write_notebook


def _stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", name=name, text=text)


def _figure(corner: int, size: tuple[int, int] = (200, 120)) -> str:
    """A grey square on white paper, as base64."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((corner, 20, corner + 60, 80), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def _edit(course: Course, cell_id: str, source: str) -> None:
    path = course.notebook("source", course.assignment("01"))
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if cell.id == cell_id).source = source
    write_notebook(path, notebook)


def test_written_once_then_fresh(tiny_course: Course) -> None:
    """Do solutions run on the course's own package, show figures and checks, and pass their own check afterwards?"""
    export(tiny_course)
    _edit(tiny_course, "look", "import sys\nplt.plot([1]); plt.show(); print('b' + 'ar', file=sys.stderr)")
    assert len(solutions(tiny_course).written) == 2
    notebook = read_notebook(tiny_course.notebook("solutions", tiny_course.assignment("01")))
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    assert outputs["check-double"][0].text == "Task 1: double: 1 of 1 checks passed\n  ok     double(x)\n"
    assert "image/png" in outputs["look"][0].data and "bar" not in notebook_text(notebook)
    assert "language_info" not in notebook.metadata and notebook.metadata.waferlab.profile == "smoke"
    assert not solutions(tiny_course, check=True, execute=False).stale


def test_nothing_hidden(tiny_course: Course) -> None:
    """Are answers kept, and markers, hidden tests and the badge gone?"""
    hidden = "check()\n### BEGIN HIDDEN TESTS\ncanary()\n### END HIDDEN TESTS"
    _edit(tiny_course, "check-double", hidden)
    notebook = solution_notebook(tiny_course, tiny_course.assignment("01"))
    text = notebook_text(notebook)
    assert "answer = FACTOR * x" in text and "Because two halves" in text
    assert "BEGIN" not in text and "canary" not in text and "a badge" not in text


def test_an_edited_source_is_stale(tiny_course: Course) -> None:
    """Is a solution stale after an edit of its source, and is that seen without running it?"""
    assignment = tiny_course.assignment("01")
    export(tiny_course)
    for one in tiny_course.assignments:
        write_notebook(tiny_course.notebook("solutions", one), solution_notebook(tiny_course, one))
    assert not solutions(tiny_course, check=True, execute=False).stale
    before = tiny_course.notebook("solutions", assignment).read_bytes()
    _edit(tiny_course, "title", "# Doubling things")
    changes = solutions(tiny_course, check=True, execute=False)
    assert changes.stale and "Doubling things" in changes.diff
    assert tiny_course.notebook("solutions", assignment).read_bytes() == before


class Kernel:
    """Stands for the kernel: says what it ran, and every code cell prints the text that it is told."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.prints = "AUROC 0.912"

    def run_notebook(self, notebook: NotebookNode, course: Course, assignment: Assignment, dataset: str) -> None:
        self.ran.append(assignment.slug)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [_stream(self.prints)]


@pytest.fixture
def kernel(tiny_course: Course, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A kernel after the first run of a course's solutions."""
    kernel = Kernel()
    monkeypatch.setattr("autograder.author.executing.run_notebook", kernel.run_notebook)
    export(tiny_course)
    solutions(tiny_course, jobs=1)
    kernel.ran.clear()
    return kernel


def _append(course: Course, name: str, text: str) -> None:
    path = course.root / name
    path.write_text((path.read_text() if path.is_file() else "") + text)


def _change(course: Course, what: str) -> None:
    """One edit of an author."""
    if what == "prose":
        _edit(course, "title", "# Doubling things")
    elif what == "a figure":
        _edit(course, "look", "plt.plot([1, 2])")
    elif what == "an answer that the other imports":
        _edit(course, "constant", "FACTOR = 3.0")
    elif what == "a check":
        _append(course, "course/waferlab/checks/half.py", "\nMORE = 1\n")
    elif what == "a file beside a notebook":
        _append(course, "source/02-half/wafers.csv", "1,2")
    elif what == "a hidden test":
        call = "checks.double.TASKS['double'].check(double)"
        _edit(course, "check-double", f"{call}\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS")


@pytest.mark.parametrize(
    ("what", "slugs"),
    [
        ("nothing", []),
        ("prose", []),
        ("a figure", ["01-double"]),
        ("an answer that the other imports", ["01-double", "02-half"]),
        ("a check", ["02-half"]),
        ("a file beside a notebook", ["02-half"]),
    ],
)
def test_only_what_an_edit_touches_is_executed(
    tiny_course: Course, kernel: Kernel, what: str, slugs: list[str]
) -> None:
    """Does a notebook run after an edit exactly when it may print something else now, and then no more?"""
    _change(tiny_course, what)
    export(tiny_course)
    solutions(tiny_course, jobs=1)
    assert kernel.ran == slugs
    assert solutions(tiny_course, jobs=1).written == [] and kernel.ran == slugs


def test_prose_is_written_beside_the_old_outputs(tiny_course: Course, kernel: Kernel) -> None:
    """Does an edit of prose come into the solution, with every output as it was?"""
    path = tiny_course.notebook("solutions", tiny_course.assignment("01"))
    before = path.read_text()
    _change(tiny_course, "prose")
    assert solutions(tiny_course).written == [path]
    assert path.read_text() == before.replace("# Doubling", "# Doubling things")


@pytest.mark.parametrize(
    ("prints", "everything", "shown"),
    [
        pytest.param("AUROC 0.905", False, "AUROC 0.912", id="noise stays out of the diff"),
        pytest.param("AUROC 0.611", False, "AUROC 0.611", id="another result is written"),
        pytest.param("AUROC 0.905", True, "AUROC 0.905", id="--all writes what came out"),
    ],
)
def test_what_a_new_run_leaves(tiny_course: Course, kernel: Kernel, prints: str, everything: bool, shown: str) -> None:
    """Does a run after a change of a check keep the outputs that a reader would call the same?"""
    _change(tiny_course, "a check")
    export(tiny_course)
    kernel.prints = prints
    solutions(tiny_course, everything=everything)
    half = read_notebook(tiny_course.notebook("solutions", tiny_course.assignment("02")))
    assert {cell.outputs[0].text for cell in half.cells if cell.cell_type == "code"} == {shown}


def test_a_check_says_what_it_compared(tiny_course: Course, kernel: Kernel) -> None:
    """Does a check name what was executed and what was not, and see another output only where it looked?"""
    kernel.prints = "AUROC 0.611"
    quick = solutions(tiny_course, check=True)
    assert not quick.stale and quick.remarks[0].startswith("not executed") and "01-double, 02-half" in quick.remarks[0]
    whole = solutions(tiny_course, check=True, everything=True, jobs=1)
    assert whole.stale and whole.remarks == ["executed: 01-double, 02-half"] and "AUROC 0.611" in whole.diff
    _change(tiny_course, "a check")
    export(tiny_course)
    part = solutions(tiny_course, check=True)
    assert [path.parent.name for path in part.changed] == ["02-half"] and part.remarks[0] == "executed: 02-half"


def test_a_changed_check_that_prints_the_same_is_no_difference(tiny_course: Course, kernel: Kernel) -> None:
    """Is a solution fresh when its code is older than the package, and it prints the same?"""
    _change(tiny_course, "a check")
    export(tiny_course)
    assert not solutions(tiny_course, check=True).stale
    assert not solutions(tiny_course, check=True, execute=False).stale


def test_a_damaged_solution_is_made_again(tiny_course: Course, kernel: Kernel) -> None:
    """Does a solution that a merge has left in pieces come back?"""
    path = tiny_course.notebook("solutions", tiny_course.assignment("02"))
    before = path.read_bytes()
    path.write_text("<<<<<<< HEAD")
    assert solutions(tiny_course).written == [path] and kernel.ran == ["02-half"] and path.read_bytes() == before


def test_a_hidden_test_is_no_part_of_a_solution(tiny_course: Course, kernel: Kernel) -> None:
    """Does a change of what no solution shows leave all as it is?"""
    _change(tiny_course, "a hidden test")
    assert solutions(tiny_course).written == [] and kernel.ran == []


def test_an_error_names_its_cell(tiny_course: Course) -> None:
    """Does a failing source notebook say which cell raised what?"""
    export(tiny_course)
    _edit(tiny_course, "look", "1 / 0")
    with pytest.raises(CourseError, match=r"source/01-double/double.ipynb, cell 'look': ZeroDivisionError"):
        solutions(tiny_course)


def test_a_stale_export_is_refused(tiny_course: Course) -> None:
    """Do solutions refuse to show what an old reference gives?"""
    with pytest.raises(CourseError, match="course export"):
        solutions(tiny_course)


def test_noise_goes() -> None:
    """Do progress bars, warnings, widgets and addresses leave no trace?"""
    widget = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "bar"})
    result = new_output("execute_result", {"text/plain": "<object at 0x7f3a2b1c>"})
    kept = steady([_stream("50%", "stderr"), widget, _stream("at 0x7fffffffff\n"), result])
    assert [output.output_type for output in kept] == ["stream", "execute_result"]
    assert kept[0].text == "at 0x…\n" and kept[1].data["text/plain"] == "<object at 0x…>"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param("AUROC 0.912", "AUROC 0.905", True, id="another processor"),
        pytest.param("AUROC 0.912", "AUROC 0.612", False, id="another result"),
        pytest.param("loss 1203.5", "loss 1189.0", True, id="large numbers, relatively close"),
        pytest.param("3.2 s, 410 images a second", "12 s, 88 images a second", True, id="times and rates"),
        pytest.param("ok     mean", "WRONG  mean", False, id="other words"),
        pytest.param("k = 10 20", "k = 10", False, id="fewer numbers"),
        pytest.param("residual 1.2e-16", "residual 3e-15", True, id="noise around zero"),
        pytest.param("a  b\nc", "a b c", True, id="other spacing"),
    ],
)
def test_texts(old: str, new: str, same: bool) -> None:
    """Do texts agree exactly when a reader would call them the same?"""
    assert texts_agree(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param(_figure(20), _figure(21), True, id="moved by a pixel"),
        pytest.param(_figure(20), _figure(120), False, id="another picture"),
        pytest.param(_figure(20), _figure(20, (203, 121)), True, id="another font"),
        pytest.param(_figure(20), _figure(20, (300, 120)), False, id="another size"),
        pytest.param(_figure(20), "no picture", False, id="damaged"),
    ],
)
def test_figures(old: str, new: str, same: bool) -> None:
    """Do figures agree exactly when they look alike?"""
    assert images_agree(old, new) is same


def test_kinds_of_outputs() -> None:
    """Is a missing figure a difference, even in a cell whose outputs vary?"""
    figure = new_output("display_data", {"image/png": _figure(20), "text/plain": "<Figure>"})
    assert outputs_agree([figure], [figure]) and not outputs_agree([figure], [], varies=True)
    assert outputs_agree([_stream("1")], [_stream("2")], varies=True)
    assert not outputs_agree([_stream("1")], [_stream("2")])


def test_comparing_notebooks(tiny_course: Course) -> None:
    """Do outputs count only when asked, and sources always?"""
    notebook = solution_notebook(tiny_course, tiny_course.assignment("01"))
    other = solution_notebook(tiny_course, tiny_course.assignment("01"))
    other.cells[1].outputs = [_stream("new")]
    assert notebooks_agree(notebook, other, outputs=False) and not notebooks_agree(notebook, other)
    other.cells[0].source += "!"
    assert not notebooks_agree(notebook, other, outputs=False)
    assert json.loads(notebook_text(other))
