"""`course move`: does all that names an assignment follow it, or nothing?"""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.author.export import export
from autograder.author.move import move, new_slugs, rows_in_order, tables_in_order
from autograder.author.release import release
from autograder.author.solutions import CODE, solution_notebook, solutions
from autograder.author.trees import files_below
from autograder.base.course import Course, CourseError
from autograder.base.notebooks import read_notebook, write_notebook

README = (
    "| assignment |\n|---|\n| [01-double](source/01-double/double.ipynb) |\n| [02-half](source/02-half/half.ipynb) |\n"
)


def _edit(course: Course, number: str, cell_id: str, source: str) -> None:
    path = course.notebook("source", course.assignment(number))
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if cell.id == cell_id).source = source
    write_notebook(path, notebook)


def _cell(course: Course, tree: str, name: str, cell_id: str) -> str:
    cells = read_notebook(course.notebook(tree, course.assignment(name))).cells
    return next(cell.source for cell in cells if cell.id == cell_id)


@pytest.fixture
def two(tiny_course: Course) -> Course:
    """Two assignments that do not need each other, with numbers in headings, sentences, a table and a bank."""
    _edit(
        tiny_course, "01", "title", "# 01 · Doubling\n\nAssignment 02 halves again, see [there](../02-half/half.ipynb)."
    )
    _edit(tiny_course, "01", "hand-in", "Upload it under assignment 01.\n\nNext: in assignment 02 you halve.")
    _edit(tiny_course, "02", "imports", "import numpy as np")
    _edit(tiny_course, "02", "half", _cell(tiny_course, "source", "02", "half").replace("double(x) / 4", "x / 2"))
    (tiny_course.root / "README.md").write_text(README)
    bank = tiny_course.root / "autograder" / "banks" / "half" / "half.toml"
    bank.parent.mkdir(parents=True)
    bank.write_text("# Answers to `half` of 02-half\n")
    export(tiny_course)
    release(tiny_course)
    for one in tiny_course.assignments:
        write_notebook(tiny_course.notebook("solutions", one), solution_notebook(tiny_course, one))
    return tiny_course


def _contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files_below(root)}


def test_two_change_places(two: Course) -> None:
    """Do folders, settings, headings, links, sentences, tables and banks follow, with ids and modules as they were?"""
    move(two, "02-half", 1)
    after = Course(two.root)
    assert [one.slug for one in after.assignments] == ["01-half", "02-double"]
    assert [one.title for one in after.assignments] == ["Halving", "Doubling"]
    assert _cell(after, "source", "double", "title") == (
        "# 02 · Doubling\n\nAssignment 01 halves again, see [there](../01-half/half.ipynb)."
    )
    assert _cell(after, "release", "double", "hand-in").startswith("Upload it under assignment 02.")
    assert "release/02-double/double.ipynb" in _cell(after, "release", "double", "badge")
    assert (two.root / "README.md").read_text().splitlines()[2] == "| [01-half](source/01-half/half.ipynb) |"
    assert "01-half" in (two.root / "autograder" / "banks" / "half" / "half.toml").read_text()
    text = (two.root / "course" / "course.toml").read_text()
    assert text.index("[assignments.01-half]") < text.index("[assignments.02-double]")


def test_everything_is_fresh_and_nothing_is_left_behind(two: Course) -> None:
    """Are all trees those of the new order, with no old folder beside them, and has no solution to run again?"""
    move(two, "02-half", 1)
    after = Course(two.root)
    assert not export(after, check=True).stale and not release(after, check=True).stale
    assert not solutions(after, check=True).stale
    named = [name for name in _contents(two.root) if "01-double" in name or "02-half" in name]
    told = [
        name for name, contents in _contents(two.root).items() if b"01-double" in contents or b"02-half" in contents
    ]
    assert named == told == []


def test_there_and_back(two: Course) -> None:
    """Does moving back give every byte back?"""
    before = _contents(two.root)
    move(two, "02-half", 1)
    assert _contents(two.root) != before
    move(Course(two.root), "half", 2)
    assert _contents(two.root) == before


def test_what_a_person_should_read_is_named(two: Course) -> None:
    """Does the command say what moved, and which sentence speaks of an order that may be wrong now?"""
    remarks = move(two, "02-half", 1).remarks
    assert remarks[:2] == ["02-half is now 01-half", "01-double is now 02-double"]
    assert "publish again" in remarks[2]
    assert remarks[3:] == [
        "read again: source/02-double/double.ipynb, cell 'hand-in': Next: in assignment 01 you halve."
    ]


def test_a_solution_that_must_run_waits(two: Course) -> None:
    """Is a solution whose code is another by now left for `course solutions`, and named?"""
    path = two.notebook("solutions", two.assignment("01"))
    notebook = read_notebook(path)
    notebook.metadata.waferlab[CODE] = "another"
    write_notebook(path, notebook)
    remarks = move(two, "02-half", 1).remarks
    assert remarks[-1] == "still to be executed by `course solutions`: 02-double"


def _refused(course: Course, name: str, number: int, words: str) -> None:
    before = _contents(course.root)
    with pytest.raises(CourseError, match=words):
        move(course, name, number)
    assert _contents(course.root) == before


def test_an_answer_that_comes_later_is_refused(tiny_course: Course) -> None:
    """Is an order refused in which a notebook would import an answer that its students still have to write?"""
    words = "half uses the answer of double, and as 01-half it would come before 02-double"
    _refused(tiny_course, "02-half", 1, words)


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("05-none", 1, "no assignment is called '05-none'"),
        ("02-half", 100, "expected 1 to 99"),
        ("02-half", 7, "source/07-later is in the way"),
    ],
)
def test_what_cannot_be_is_refused(two: Course, name: str, number: int, words: str) -> None:
    """Does a move that cannot be change nothing and say why?"""
    (two.root / "source" / "07-later").mkdir()
    (two.root / "source" / "07-later" / "later.ipynb").write_text("{}")
    _refused(two, name, number, words)


def test_a_failure_halfway_undoes_everything(two: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is every file back in its place when the last step fails?"""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograder.author.move.release", full)
    _refused(two, "02-half", 1, "could not be renumbered.*No space left")


def test_a_number_in_a_heading_by_hand_is_refused(two: Course) -> None:
    """Does `export` tell of a folder that somebody renamed and a heading that kept its number?"""
    _edit(two, "01", "title", "# 02 · Doubling")
    with pytest.raises(CourseError, match=r"^source/01-double/double.ipynb, cell 'title' calls itself assignment 02"):
        export(two)


@pytest.mark.parametrize(
    ("name", "number", "slugs"),
    [
        ("a", 1, {}),
        ("a", 7, {"01-a": "07-a"}),
        ("c", 1, {"05-c": "01-c", "01-a": "03-a", "03-b": "05-b"}),
        ("a", 3, {"01-a": "03-a", "03-b": "01-b"}),
        ("a", 5, {"01-a": "05-a", "03-b": "01-b", "05-c": "03-c"}),
    ],
)
def test_those_in_between_give_way(tmp_path: Path, name: str, number: int, slugs: dict[str, str]) -> None:
    """Do the others keep their order, and are no numbers used that were not there?"""
    tables = "".join(f'[assignments.{slug}]\ntitle = "T"\n' for slug in ("01-a", "03-b", "05-c"))
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.toml").write_text(f'title = "C"\nrepository = "a/b"\nbranch = "main"\n{tables}')
    course = Course(tmp_path)
    assert new_slugs(course, course.assignment(name), number) == slugs


SORTED = """\
title = "C"

[assignments.01-a]  # easy
title = "A"

# The hard one.
[assignments.02-b]
title = "B"

[late]
per_day = 0.1
"""


@pytest.mark.parametrize("swapped", [False, True])
def test_settings_in_order(swapped: bool) -> None:
    """Are the tables of assignments sorted, each with its comment, and all else left where it is?"""
    lines = SORTED.split("\n\n")
    text = "\n\n".join([lines[0], lines[2], lines[1], lines[3]]) if swapped else SORTED
    assert tables_in_order(text) == SORTED


BETWEEN = "[assignments.02-b]\nx = 1\n[late]\n[assignments.01-a]\nx = 1\n"


@pytest.mark.parametrize("text", ["", 'title = "no tables"\n', BETWEEN])
def test_settings_that_cannot_be_ordered_stay(text: str) -> None:
    """Does a file without tables, or with others between them, stay as it is?"""
    assert tables_in_order(text) == text


def test_rows_in_order() -> None:
    """Is a table of assignments sorted, and any other left alone?"""
    assert rows_in_order("| [03-b](x) | B |\n| [02-a](y) | A |\n| z |\n| a |\n") == (
        "| [02-a](y) | A |\n| [03-b](x) | B |\n| z |\n| a |\n"
    )
