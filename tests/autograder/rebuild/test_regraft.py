"""Rebuilding a submission on the release."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import notebook_makers as make
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.base.course import CourseError
from autograder.base.records import Graft
from autograder.intake.reading import Unreadable, read_submitted
from autograder.rebuild import from_answer, regraft


def graft_of(notebook: NotebookNode | dict[str, Any]) -> Graft:
    """What becomes of a submission on its way through a file."""
    return regraft(make.release(), read_submitted(make.to_bytes(notebook))[0], make.TASKS)


def solutions(graft: Graft) -> dict[str, str]:
    """The answers by task."""
    return {cell.name: cell.source for cell in graft.cells if cell.kind == "solution"}


def helpers(graft: Graft) -> list[str]:
    """Sources of the cells that the student added."""
    return [cell.source for cell in graft.cells if cell.kind == "helper"]


def copy_after(notebook: NotebookNode, cell_id: str, source: str, steps: int = 1) -> None:
    """Copy a cell as Jupyter does, metadata included, with another text and a new id."""
    place = make.place_of(notebook, cell_id)
    twin = copy.deepcopy(notebook.cells[place])
    twin.source, twin.id = source, f"copy-{place}"
    notebook.cells.insert(place + steps, twin)


def stripped() -> NotebookNode:
    return make.without_metadata(make.answered())


def stripped_of_ids() -> NotebookNode:
    return make.without_metadata(make.answered(), ids=False)


def duplicated() -> NotebookNode:
    notebook = make.answered()
    copy_after(notebook, "task-scale", make.STUBS["scale"])
    return notebook


def duplicated_answer_in_copy() -> NotebookNode:
    notebook = make.answered({"shift": make.ANSWERS["shift"]})
    copy_after(notebook, "task-scale", make.ANSWERS["scale"])
    return notebook


def without_checks() -> NotebookNode:
    notebook = make.answered()
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check")]
    return notebook


def edited_check() -> NotebookNode:
    notebook = make.answered()
    make.cell_of(notebook, "check-scale-cell").source = "print('fine')"
    return notebook


def changed_points() -> NotebookNode:
    notebook = make.answered()
    make.cell_of(notebook, "check-scale-cell").metadata.nbgrader.points = 100
    return notebook


def reordered() -> NotebookNode:
    notebook = make.answered()
    notebook.cells = [*notebook.cells[9:12], *notebook.cells[:9], *notebook.cells[12:]]
    return notebook


def split() -> NotebookNode:
    notebook = make.answered()
    place = make.place_of(notebook, "task-shift")
    first, second = make.ANSWERS["shift"].split("\n\ndef ")
    copy_after(notebook, "task-shift", "def " + second)
    notebook.cells[place].source = first
    return notebook


def recreated() -> NotebookNode:
    notebook = make.answered()
    place = make.place_of(notebook, "task-scale")
    notebook.cells[place] = new_code_cell(make.ANSWERS["scale"])
    return notebook


def retyped() -> NotebookNode:
    notebook = make.answered()
    make.cell_of(notebook, "task-scale").cell_type = "markdown"
    return notebook


def colab() -> dict[str, Any]:
    return make.as_colab_saves(make.answered())


DAMAGES = {
    "metadata stripped": (stripped, "nbgrader's metadata is missing"),
    "metadata and ids stripped": (stripped_of_ids, "nbgrader's metadata is missing"),
    "answer cell copied, the copy emptied": (duplicated, "is there 2 times"),
    "answer cell copied, the answer in the copy": (duplicated_answer_in_copy, "is there 2 times"),
    "check cells deleted": (without_checks, "check cell of Task 2 were deleted"),
    "check cell edited": (edited_check, "The check cell of Task 1 was edited"),
    "points changed": (changed_points, "points of the check cell of Task 1 had been changed"),
    "cells reordered": (reordered, "had been moved"),
    "answer cell split": (split, "was split"),
    "answer cell recreated": (recreated, "found in cell 7 by the names it defines"),
    "answer cell turned to text": (retyped, "had become a text cell"),
    "saved by Colab": (colab, None),
    "nothing wrong": (make.answered, None),
}


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES.values(), ids=DAMAGES)
def test_same_answers_whatever_the_damage(damage, sentence):
    """Does a damaged submission run the same answers as the intact one, with a sentence about the repair?"""
    graft = graft_of(damage())
    found = {name: source.replace("\n", "") for name, source in solutions(graft).items()}
    assert found == {name: source.replace("\n", "") for name, source in make.ANSWERS.items()}
    assert graft.written == {"written-why": "Because."}
    assert helpers(graft) == []
    assert (sentence is None) == (graft.repairs == ())
    assert sentence is None or any(sentence in one for one in graft.repairs), graft.repairs


def test_untouched_release_is_unanswered():
    """Does an untouched release give the placeholders and no text?"""
    graft = graft_of(make.release())
    assert solutions(graft) == graft.stubs == make.STUBS
    assert graft.written == {"written-why": ""}
    assert graft.repairs == ()


def test_comments_are_no_answer():
    """Is a placeholder with a comment and another layout still a placeholder?"""
    graft = graft_of(make.answered({"scale": "# hard!\n" + make.STUBS["scale"] + "\n\n"}))
    assert solutions(graft)["scale"] == make.STUBS["scale"]


def test_order_of_cells():
    """Do the release's provided cells come as they stand, in the release's order, and nothing else of it?"""
    graft = graft_of(make.answered())
    assert [(cell.kind, cell.name) for cell in graft.cells] == [
        ("provided", "imports"),
        ("provided", "provided"),
        ("solution", "scale"),
        ("solution", "shift"),
    ]


def test_edited_provided_cell_is_ignored():
    """Is an edited provided cell replaced by the release's, with a sentence?"""
    notebook = make.answered()
    make.cell_of(notebook, "provided").source = "def half(x):\n    return 0"
    graft = graft_of(notebook)
    assert "return x / 2" in next(cell.source for cell in graft.cells if cell.name == "provided")
    assert any("provided cell “provided” was edited" in one for one in graft.repairs)


def test_copy_of_a_provided_cell_without_signs_is_ignored():
    """Is a provided definition that was pasted into a new cell kept from replacing the release's?"""
    notebook = make.answered()
    notebook.cells.append(new_code_cell("def half(x):\n    return 0"))
    assert helpers(graft_of(notebook)) == []


def test_helper_cells_stay_where_they_stood():
    """Do cells that the student added keep their place, before the answers that follow them?"""
    notebook = make.answered()
    notebook.cells.insert(make.place_of(notebook, "task-shift"), new_code_cell("STEP = 1"))
    notebook.cells.insert(make.place_of(notebook, "task-scale"), new_code_cell("def twice(x):\n    return 2 * x"))
    names = [cell.name for cell in graft_of(notebook).cells]
    assert names == ["imports", "provided", "helper-1", "scale", "helper-2", "shift"]


def test_helper_before_a_moved_answer_stays_before_it():
    """Does a helper cell come before an answer that followed it, though the answer goes back to its place?"""
    notebook = make.answered()
    moved = notebook.cells.pop(make.place_of(notebook, "task-scale"))
    notebook.cells += [new_code_cell("import functools"), moved]
    names = [cell.name for cell in graft_of(notebook).cells]
    assert names.index("helper-1") < names.index("scale")


def test_edited_figure_is_no_helper():
    """Is an edited plotting cell of the release, or a pasted copy of it, left out?"""
    notebook = make.answered()
    make.cell_of(notebook, "figure").source = make.FIGURE.replace("range(10)", "range(20)")
    notebook.cells.append(new_code_cell(make.FIGURE.replace("range(10)", "range(30)")))
    assert helpers(graft_of(notebook)) == []


def test_import_added_to_a_provided_cell_is_kept():
    """Does an answer get the import that its author added to the imports cell, but no changed definition?"""
    notebook = make.answered({"scale": "def scale(x):\n    return np.asarray(fractions.Fraction(2) * x)"})
    make.cell_of(notebook, "imports").source = "import numpy as np\nimport fractions\nimport os\nhalf = None"
    graft = graft_of(notebook)
    assert helpers(graft) == ["import fractions"]
    assert any("fractions" in one for one in graft.repairs)


def test_import_of_the_release_outside_graded_cells_is_kept():
    """Does an answer get an import that only a plotting cell of the release makes?"""
    assert helpers(graft_of(make.answered({"scale": "def scale(x):\n    return math.sqrt(4) * x"}))) == ["import math"]


def test_one_cell_may_answer_two_tasks():
    """Is a cell that answers two tasks executed once, and are both answered?"""
    both = make.ANSWERS["scale"] + "\n\n\n" + make.ANSWERS["shift"]
    graft = graft_of(make.answered({"scale": both}))
    assert solutions(graft) == {"scale": both, "shift": "# This task is answered in the cell of Task 1."}
    assert any("answers both tasks" in one for one in graft.repairs)


def test_copied_cell_with_another_answer_belongs_to_its_names():
    """Does a copy of one answer cell that holds another task's answer count for that task?"""
    notebook = make.answered({"scale": make.ANSWERS["scale"]})
    copy_after(notebook, "task-scale", make.ANSWERS["shift"], steps=3)
    assert solutions(graft_of(notebook)) == make.ANSWERS


def test_nearest_changed_copy_wins():
    """Does the changed copy nearest to the original place win when the original is gone?"""
    notebook = make.answered({"shift": make.ANSWERS["shift"]})
    near, far = (make.SCALE + f"    return {factor} * x" for factor in (2, 3))
    copy_after(notebook, "task-scale", far, steps=6)
    copy_after(notebook, "task-scale", near, steps=1)
    assert solutions(graft_of(notebook))["scale"] == near


def test_the_original_wins_over_a_changed_copy():
    """Does the answer in its own place win over a changed copy of it?"""
    notebook = make.answered()
    copy_after(notebook, "task-scale", make.SCALE + "    return 3 * x")
    graft = graft_of(notebook)
    assert solutions(graft) == make.ANSWERS
    assert any("2 times" in one and "cell 7, is graded, not cell 8" in one for one in graft.repairs)


def test_wrapper_is_no_copy():
    """Is a cell that wraps an answer (`scale = timed(scale)`) a helper cell, not a second answer?"""
    notebook = make.answered()
    notebook.cells.append(new_code_cell("scale = timed(scale)"))
    graft = graft_of(notebook)
    assert helpers(graft) == ["scale = timed(scale)"]
    assert solutions(graft) == make.ANSWERS


def test_answer_with_magics_is_matched_by_names():
    """Does a recreated cell that starts with a magic still count?"""
    notebook = make.without_metadata(make.answered(), ids=False)
    notebook.cells[6].source = "%%time\n" + make.ANSWERS["scale"]
    assert solutions(graft_of(notebook))["scale"] == "%%time\n" + make.ANSWERS["scale"]


def test_syntax_error_stays_the_answer():
    """Is a changed answer that is no Python still the student's answer?"""
    broken = "def scale(x)\n    return 2 * x"
    assert solutions(graft_of(make.answered({"scale": broken})))["scale"] == broken


def test_deleted_answer_is_reported():
    """Does a deleted answer cell count as not answered, with a sentence, and cost nothing else?"""
    notebook = make.answered()
    notebook.cells.pop(make.place_of(notebook, "task-scale"))
    graft = graft_of(notebook)
    assert solutions(graft) == {**make.ANSWERS, "scale": make.STUBS["scale"]}
    assert any("answer cell of Task 1 is missing" in one for one in graft.repairs)


def test_no_personal_data():
    """Do the names that Colab writes stay out of everything?"""
    graft = graft_of(make.as_colab_saves(make.answered()))
    assert "Rosalind" not in repr(graft) and "0123456789" not in repr(graft)


@pytest.mark.parametrize("copies", [50, 900], ids=["many copies", "very many copies"])
def test_hundreds_of_copies_make_short_sentences(copies):
    """Does a notebook full of copies stay cheap to report?"""
    notebook = make.answered()
    for number in range(copies):
        copy_after(notebook, "task-scale", make.SCALE + f"    return {number}")
    assert all(len(one) < 250 for one in graft_of(notebook).repairs)


def mutated(raw: Any, rng: random.Random) -> Any:
    """The same JSON with one value somewhere in it replaced, removed or doubled."""
    odd = [None, True, -1, 10**300, 1e308, "", "\ud800", "\0", [], {}, [[]], {"id": {}}, "scale", 3.5, ["x", 1]]
    raw = copy.deepcopy(raw)
    node = raw
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = rng.choice(keys)
        if isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.85:
            node = node[key]
            continue
        action = rng.random()
        if action < 0.6:
            node[key] = rng.choice(odd)
        elif action < 0.8:
            del node[key]
        elif isinstance(node, list):
            node.insert(rng.randrange(len(node) + 1), copy.deepcopy(rng.choice(node)))
        return raw


@pytest.mark.parametrize("colab_form", [False, True], ids=["saved by Jupyter", "saved by Colab"])
def test_hostile_notebooks_never_raise(colab_form):
    """Do intake and regraft survive whatever stands in a notebook's JSON?"""
    rng = random.Random(7)
    base = make.as_colab_saves(make.answered()) if colab_form else json.loads(make.to_bytes(make.answered()))
    for _ in range(300):
        raw = base
        for _ in range(rng.randint(1, 6)):
            raw = mutated(raw, rng) or base
        try:
            graft = graft_of(raw)
        except Unreadable:
            continue
        json.dumps([cell.source for cell in graft.cells]).encode()
        assert set(solutions(graft)) == set(make.TASKS)


HOSTILE = {
    "deep expression": "scale = " + "-" * 50_000 + "1",
    "deep brackets": "(" * 50_000,
    "long attribute chain": "def scale(x):\n    return a" + ".a" * 25_000,
    "null character": "def scale(x):\n    return '\0'",
    "huge number": "scale = " + "9" * 50_000,
    "half a character": "scale = '\ud800'",
    "only spaces": " " * 150_000,
    "only quotes": "'" * 150_000,
    "bad escape": "def scale(x):\n    return '\\d'",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.filterwarnings("error")
def test_hostile_sources_never_raise(source):
    """Does regraft survive sources that break Python's own parser, in an answer and in a helper cell?"""
    notebook = make.answered({"scale": source})
    notebook.cells.append(new_code_cell("extra = 1\n" + source))
    assert set(solutions(graft_of(notebook))) == set(make.TASKS)


# --- answer files ----------------------------------------------------------------------------------------------------


def test_answer_file_of_one_task():
    """Does a file with one task's answer stand in that task's place, the others' placeholders staying?"""
    graft, answered = from_answer(make.release(), make.ANSWERS["shift"], make.TASKS)
    assert answered == ("shift",)
    assert solutions(graft) == {"scale": make.STUBS["scale"], "shift": make.ANSWERS["shift"]}


def test_answer_file_of_all_tasks_runs_once():
    """Is a file that answers all tasks executed once, and are all tasks answered?"""
    source = "\n\n".join(make.ANSWERS.values())
    graft, answered = from_answer(make.release(), source, make.TASKS)
    assert answered == ("scale", "shift")
    assert list(solutions(graft).values()) == [source, "# This task is answered in the cell of scale."]


def test_placeholder_copied_along_is_no_answer():
    """Does a file that carries another task's untouched placeholder answer only its own task?"""
    source = make.STUBS["scale"] + "\n\n" + make.ANSWERS["shift"]
    assert from_answer(make.release(), source, make.TASKS)[1] == ("shift",)


@pytest.mark.parametrize(
    ("source", "tasks"),
    [("def scale(x)\n  return", ("scale",)), ("def f(:", ("scale", "shift"))],
    ids=["names one task", "names none"],
)
def test_answer_file_with_a_syntax_error(source, tasks):
    """Does a file that is no Python count for the tasks that it mentions, else for all?"""
    assert from_answer(make.release(), source, make.TASKS)[1] == tasks


def test_answer_file_that_answers_nothing():
    """Does a file without any expected name end in a sentence that lists what was expected?"""
    with pytest.raises(CourseError, match="defines `other`: expected at least one of `scale`, `Shift`, `unshift`"):
        from_answer(make.release(), "def other():\n    pass", make.TASKS)


def test_text_by_its_place():
    """Is a written answer without any signs found between its neighbours, even in two cells?"""
    notebook = make.without_metadata(make.answered(written="First."), ids=False)
    notebook.cells.insert(14, new_markdown_cell("Second."))
    assert graft_of(notebook).written == {"written-why": "First.\n\nSecond."}


def test_long_answer_file():
    """Is a file too long to be parsed for its names still known by its lines?"""
    source = "# a long comment\n" * 2_000 + make.ANSWERS["scale"]
    assert from_answer(make.release(), source, make.TASKS)[1] == ("scale",)
