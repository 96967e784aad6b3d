"""Does the linter name every mistake, with notebook, cell and line, and none where there is none?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.author.lint import Finding, lint, refuse_mistakes
from autograder.author.lint.markers import misspelt
from autograder.author.lint.tasks import TaskSays, bank_findings
from autograder.base.course import Assignment, Course, CourseError, find_course

REAL = find_course(Path(__file__).parent)
DOUBLE = "source/01-double/double.ipynb"
BEGIN, END = "    ### BEGIN SOLUTION\n", "\n    ### END SOLUTION"
Cells = dict[str, dict[str, Any]]


def path_of(course: Course) -> Path:
    """The first notebook."""
    return course.root / DOUBLE


def edit(course: Course, change: Callable[[Cells], None]) -> None:
    """Change the cells of the first notebook, by their ids, as an editor of the file would."""
    notebook = json.loads(path_of(course).read_text())
    change({cell.get("id", ""): cell for cell in notebook["cells"]})
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell.pop("gone", False)]
    path_of(course).write_text(json.dumps(notebook))


def says(course: Course, kind: str = "mistake") -> list[str]:
    """The sentences of a kind."""
    return [str(one) for one in lint(course) if one.kind == kind]


def text(cell_id: str, old: str, new: str) -> Callable[[Cells], None]:
    """Another text in a cell."""

    def change(cells: Cells) -> None:
        source = "".join(cells[cell_id]["source"])
        assert old in source
        cells[cell_id]["source"] = source.replace(old, new, 1)

    return change


def meta(cell_id: str, **changes: Any) -> Callable[[Cells], None]:
    """Other nbgrader metadata of a cell; None takes a key away."""

    def change(cells: Cells) -> None:
        grading = cells[cell_id]["metadata"]["nbgrader"]
        grading.update(changes)
        for key in [key for key, value in changes.items() if value is None]:
            del grading[key]

    return change


def put(cell_id: str, key: str, value: Any) -> Callable[[Cells], None]:
    """Another value in a cell, None for none."""

    def change(cells: Cells) -> None:
        cells[cell_id][key] = value
        if value is None:
            del cells[cell_id][key]

    return change


def tag(cell_id: str, *tags: str) -> Callable[[Cells], None]:
    """Other tags."""
    return lambda cells: cells[cell_id]["metadata"].update(tags=list(tags))


@pytest.fixture
def known_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks of the small course without the process that imports its check modules."""
    tasks = {name: {name: TaskSays((name,), (("values", 3),))} for name in ("double", "half")}
    monkeypatch.setattr("autograder.author.lint.course.Probe", lambda *_: SimpleNamespace(answers=lambda: tasks))


def test_a_sound_course_has_no_mistake(tiny_course: Course) -> None:
    """Is nothing said of a course in which nothing is wrong, but that no bank proves its checks?"""
    assert says(tiny_course) == []
    assert says(tiny_course, "warning") == [
        "autograder/banks/double: the task 'double' has no wrong and no right answer: nothing proves its checks",
        "autograder/banks/half: the task 'half' has no wrong and no right answer: nothing proves its checks",
    ]


def test_the_real_course_has_no_mistake() -> None:
    """Do all present notebooks pass, without a warning or a remark?"""
    assert [str(one) for one in lint(REAL)] == []


MISTAKES = [
    ("a BEGIN deleted", text("double", BEGIN, ""), "cell 'double', line 5: '### END SOLUTION' without '### BEGIN SOLU"),
    ("an END deleted", text("double", END, ""), "cell 'double', line 3: '### BEGIN SOLUTION' without '### END SOLUT"),
    (
        "both deleted",
        lambda cells: [text("double", BEGIN, "")(cells), text("double", END, "")(cells)],
        "cell 'double': no '### BEGIN SOLUTION' and '### END SOLUTION' around the answer",
    ),
    (
        "one pair of two deleted",
        text("double", "def double", "def twice(x):\n    return 2 * x\n\n\ndef double"),
        "cell 'double', line 1: 'twice' has no '### BEGIN SOLUTION' in it: it would be published",
    ),
    ("misspelt", text("double", "### BEGIN SOLUTION", "### BEGIN SOLUTON"), "line 3: '### BEGIN SOLUTON' is no marker"),
    (
        "nested",
        text("double", "    return answer", "    ### BEGIN SOLUTION\n    return answer"),
        "cell 'double', line 5: '### BEGIN SOLUTION' inside the region that begins in line 3",
    ),
    (
        "ended as another",
        text("double", "### END SOLUTION", "### END HIDDEN TESTS"),
        "cell 'double', line 6: '### END HIDDEN TESTS' ends '### BEGIN SOLUTION' of line 3",
    ),
    (
        "misspelt in text",
        text("written-why", "### END SOLUTION", "### End solution"),
        "cell 'written-why', line 3: '### End solution' is no marker: expected '### END SOLUTION'",
    ),
    (
        "a solution in a given cell",
        text("constant", "FACTOR = 2.0", "### BEGIN SOLUTION\nFACTOR = 2.0\n### END SOLUTION"),
        "cell 'constant', line 1: a solution in a cell that is none",
    ),
    (
        "hidden tests in a given cell",
        text("look", "with", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\nwith"),
        "cell 'look', line 1: HIDDEN TESTS in a cell that gives no points",
    ),
    ("an id deleted", put("look", "id", None), "cell number 9: has no id, after 'check-double': write one, or save"),
    ("an id twice", put("look", "id", "setup"), "cell 'setup': cells number 5 and 9 have the same id"),
    ("no id", put("look", "id", "a b"), "cell 'a b': not an id"),
    ("check cell deleted", put("check-double", "gone", True), "the task 'double' has no check cell: expected 'Autogr"),
    ("answer cell deleted", put("double", "gone", True), "the task 'double' has no solution cell"),
    ("reference tag gone", tag("double"), "cell 'double': holds the answer to 'double' without the tag 'reference'"),
    ("misspelt tag", tag("double", "refernce"), "cell 'double': the tag 'refernce' is unknown: expected 'reference'"),
    ("badge deleted", put("badge", "gone", True), "no cell has the tag 'badge': expected it on the first cell"),
    ("install cell moved", tag("setup", "install"), "cell 'setup': has the tag 'install', which belongs on the first"),
    ("hand-in deleted", put("hand-in", "gone", True), "no cell has the tag 'hand-in': expected it on the last text"),
    (
        "duplicate grade_id",
        meta("written-why", grade_id="check-double"),
        "cell 'written-why': grade_id 'check-double' is taken by cell 'check-double'",
    ),
    (
        "points in words",
        meta("check-double", points="nine"),
        "cell 'check-double': points is 'nine': expected a number",
    ),
    ("no points", meta("check-double", points=None), "cell 'check-double': has no points: expected a number"),
    ("an empty grade_id", meta("written-why", grade_id=""), "cell 'written-why': grade_id is '': expected a name"),
    ("an old schema", meta("double", schema_version=1), "cell 'double': nbgrader's schema_version is 1: expected 3"),
    ("no flag", meta("double", locked=None), "cell 'double': nbgrader's locked is None: expected true or false"),
    (
        "renamed task",
        meta("double", grade_id="dubble"),
        "cell 'double': an answer to no task: its ID is 'dubble', and the check module's tasks are double",
    ),
    (
        "renamed check",
        meta("check-double", grade_id="check-dubble"),
        "cell 'check-double': a check of no task: its ID is 'check-dubble'",
    ),
    (
        "code that is marked by hand only",
        meta("double", grade=True, points=1, grade_id="dubble"),
        "cell 'double': an answer to no task: its ID is 'dubble'",
    ),
    (
        "solution flag gone",
        meta("double", solution=False),
        "cell 'double', line 1: defines 'double', which students are",
    ),
    (
        "text without points",
        meta("written-why", grade=False),
        "cell 'written-why': text that is an answer or gives poi",
    ),
    (
        "an answer of another name",
        text("double", "def double", "def dubble"),
        "cell 'double': does not define 'double', which the check of 'double' asks for",
    ),
    (
        "a check that is not the last line",
        text("check-double", "double)", "double)\nprint('done')"),
        "cell 'check-double': does not end with the check",
    ),
    (
        "a later answer",
        text("setup", "import", "from waferlab.reference.half import half\nimport"),
        "cell 'setup', line 1: imports waferlab.reference.half, which students of 01-double do not have",
    ),
    (
        "broken Python",
        text("constant", "= 2.0", "= {2.0"),
        "cell 'constant', line 1: not valid Python ('{' was never c",
    ),
]


@pytest.mark.usefixtures("known_tasks")
@pytest.mark.parametrize(("change", "sentence"), [pytest.param(*one[1:], id=one[0]) for one in MISTAKES])
def test_a_mistake_is_named(tiny_course: Course, change: Callable[[Cells], None], sentence: str) -> None:
    """Does what a person does to a notebook come back as a sentence with its place?"""
    edit(tiny_course, change)
    found = says(tiny_course)
    assert any(one.startswith(DOUBLE) and sentence in one for one in found), found


@pytest.mark.usefixtures("known_tasks")
@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        (
            b'{"cells": [\n{},\n]}',
            r"double.ipynb, line 3: not valid JSON \(Illegal trailing comma|line 3: not valid JSON",
        ),
        (b'{\n<<<<<<< HEAD\n"cells": []}', "double.ipynb, line 2: holds a merge conflict of git"),
        (b"\xff\xfe", "double.ipynb: not text in UTF-8"),
        (b"[]", "double.ipynb: not a notebook"),
        (b'{"cells": [{"metadata": {}}]}', "double.ipynb: not a notebook"),
        (b"[" * 100_000, "double.ipynb"),
        (b'{"cells": [], "nbformat": 3, "nbformat_minor": 0}', "double.ipynb: in format 3.0: expected 4.5"),
    ],
)
def test_a_broken_file_is_named(tiny_course: Course, contents: bytes, sentence: str) -> None:
    """Is a file that is no notebook one sentence, and is the rest of the course linted all the same?"""
    path_of(tiny_course).write_bytes(contents)
    (tiny_course.root / "source/02-half/half.ipynb").write_text("{")
    found = says(tiny_course)
    assert re.search(sentence, found[0]) and any("half.ipynb, line 1: not valid JSON" in one for one in found)


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("### BEGIN SOLUTON", "### BEGIN SOLUTION"),
        ("## BEGIN SOLUTION", "### BEGIN SOLUTION"),
        ("###BEGIN SOLUTION", "### BEGIN SOLUTION"),
        ("    ### begin solution", "### BEGIN SOLUTION"),
        ("### START SOLUTION", "### BEGIN SOLUTION"),
        ("# BEGINSOLUTION", "### BEGIN SOLUTION"),
        ("x = 1  ### END SOLUTION", "### END SOLUTION"),
        ("### END SOLUTION.", "### END SOLUTION"),
        ("### END", "### END SOLUTION"),
        ("### BEGIN HIDEN TESTS", "### BEGIN HIDDEN TESTS"),
        ("### END MARKSCHEME", "### END MARK SCHEME"),
        ("    ### END SOLUTION", None),
        ("# The solution", None),
        ("## The end", None),
        ("# END OF FILE", None),
        ("solution = begin(end)", None),
    ],
)
def test_spelling(line: str, right: str | None) -> None:
    """Is a marker that nbgrader would not read told from a sentence about solutions?"""
    assert misspelt(line, in_code=True) == right


def test_all_mistakes_are_told_at_once(tiny_course: Course) -> None:
    """Does one run name what is wrong in settings and in both notebooks?"""
    settings = tiny_course.root / "course" / "course.toml"
    settings.write_text(settings.read_text().replace('title = "Doubling"', 'title = "Doubling"\ndeu = 1'))
    edit(tiny_course, text("double", BEGIN, ""))
    (tiny_course.root / "source/02-half/half.ipynb").write_text("{")
    found = says(tiny_course)
    assert [one.split(":")[0] for one in found] == [
        "course/course.toml",
        f"{DOUBLE}, cell 'double', line 5",
        "source/02-half/half.ipynb, line 1",
    ]


def test_an_assignment_by_hand_without_its_check_module(tiny_course: Course) -> None:
    """Is a missing check module, or one that cannot be imported, a sentence and no traceback?"""
    module = tiny_course.root / "course/waferlab/checks/double.py"
    module.write_text("import nowhere\n")
    assert says(tiny_course) == [
        "course/waferlab/checks/double: cannot be imported (ModuleNotFoundError: No module named 'nowhere')"
    ]
    module.unlink()
    expected = "expected course/waferlab/checks/double.py, or a folder double/"
    assert says(tiny_course) == [f"{DOUBLE}: has no check module: {expected}"]


def test_a_check_module_that_ends_its_process(tiny_course: Course) -> None:
    """Does whatever a module does at import cost its own assignment a sentence, and no command its end?"""
    (tiny_course.root / "course/waferlab/checks/double.py").write_text("import os\nos._exit(3)\n")
    assert "cannot be imported (its process ended without a word)" in says(tiny_course)[0]


def test_a_second_notebook_is_refused(tiny_course: Course) -> None:
    """Is a copy with the answers beside the notebook, which plain nbgrader would release, named?"""
    shutil.copy(path_of(tiny_course), path_of(tiny_course).with_name("double-old.ipynb"))
    assert says(tiny_course) == [
        "source/01-double/double-old.ipynb: a second notebook: nbgrader would release it; expected double.ipynb alone"
    ]


def test_names_of_notebook_and_folder_agree(tiny_course: Course) -> None:
    """Is a notebook that says it is another assignment, or for another kernel, named?"""
    notebook = json.loads(path_of(tiny_course).read_text())
    notebook["metadata"] = {"kernelspec": {"name": "venv"}, "waferlab": {"assignment": "02-half"}}
    path_of(tiny_course).write_text(json.dumps(notebook))
    assert says(tiny_course) == [
        f"{DOUBLE}: for the kernel 'venv': expected 'python3', the one that Colab has",
        f"{DOUBLE}: its metadata say that it is 02-half, and it lies in 01-double/",
    ]


def test_code_may_be_marked_by_hand_as_well(tiny_course: Course) -> None:
    """Is the answer to a task, with its check below, left alone when a person gives points for it, too?"""
    edit(tiny_course, meta("double", grade=True, points=2))
    assert says(tiny_course) == []


def test_changed_points_just_work_and_are_shown(tiny_course: Course) -> None:
    """Does a number changed in JupyterLab stop nothing, and does the linter show what each check then gives?"""
    edit(tiny_course, meta("check-double", points=4))
    assert says(tiny_course) == []
    assert says(tiny_course, "remark") == [
        f"{DOUBLE}, cell 'check-double': 4 points, shared out as the checks' 3 are: values 4"
    ]


def test_points_in_the_text_are_compared(tiny_course: Course) -> None:
    """Is a table or a heading that promises other points than the cells a warning with its line?"""
    table = "# Doubling\n\n| part | points |\n|---|---:|\n| Task 1 | 2 |\n| Question | 2 |\n| | **5** |\n\n"
    edit(tiny_course, text("title", "# Doubling", table + "## Task 1 (1 point)"))
    assert [one for one in says(tiny_course, "warning") if "title" in one] == [
        f"{DOUBLE}, cell 'title', line 9: the text says 1 points, cell 'check-double' gives 3",
        f"{DOUBLE}, cell 'title', line 5: the text says 2 points, cell 'check-double' gives 3",
    ]


def test_a_release_with_other_points_is_stale(tiny_course: Course) -> None:
    """Is a release made before the points were changed named, for submissions are graded by it?"""
    shutil.copytree(tiny_course.root / "source", tiny_course.root / "release")
    assert says(tiny_course, "stale") == []
    edit(tiny_course, meta("check-double", points=4))
    sentence = (
        "release/01-double/double.ipynb, ID 'check-double': gives 3 points, in source/ 4 points: run `course release`"
    )
    assert says(tiny_course, "stale") == [sentence]
    assert refuse_mistakes(tiny_course)
    with pytest.raises(CourseError, match="gives 3 points"):
        refuse_mistakes(tiny_course, kinds=("mistake", "stale"))


@pytest.mark.usefixtures("known_tasks")
def test_the_release_remembers_what_was_hidden(tiny_course: Course) -> None:
    """Is a pair of markers missed that is gone from a cell with another pair, in a class that still has one?"""
    stub = "\n    # YOUR CODE HERE\n    raise NotImplementedError('not yet')"
    two = f"class double:\n    def a(self):\n    {BEGIN}        return 1{END}\n\n    def b(self):\n        return 2"
    shutil.copytree(tiny_course.root / "source", tiny_course.root / "release")
    release = tiny_course.root / "release/01-double/double.ipynb"
    notebook = json.loads(release.read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == "double")["source"] = "class double:" + 2 * stub
    release.write_text(json.dumps(notebook))
    edit(tiny_course, put("double", "source", two))
    (sentence,) = says(tiny_course)
    assert sentence.startswith(f"{DOUBLE}, cell 'double': hides 1 of the 2 places that release/01-double/double.ipynb")
    release.unlink()
    assert says(tiny_course) == []


def test_a_mistake_elsewhere_stops_no_grading(tiny_course: Course) -> None:
    """Can one assignment be graded while another is being edited?"""
    edit(tiny_course, text("double", BEGIN, ""))
    assert refuse_mistakes(tiny_course, [tiny_course.assignment("02")])
    with pytest.raises(CourseError):
        refuse_mistakes(tiny_course, [tiny_course.assignment("01")])


def test_a_bank_has_wrong_and_right_answers(tmp_path: Path) -> None:
    """Is a task named whose bank lacks a kind of answer, or whose bank lacks?"""
    tasks = {name: TaskSays((), ()) for name in ("mean", "mean_of_all")}
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mean.toml").write_text("[wrong.sum]\n")
    found = [one.what for one in bank_findings(tmp_path, Assignment("01-m", "M", 1), tasks)]
    assert found == [
        "the task 'mean' has no right answer: nothing proves its checks",
        "the task 'mean_of_all' has no wrong and no right answer: nothing proves its checks",
    ]


def test_the_linter_is_quick_and_loads_no_torch() -> None:
    """Can it run before every command without being noticed?"""
    code = (
        "import sys, time; from autograder.author.lint import lint; from autograder.base.course import find_course\n"
        "start = time.process_time(); lint(find_course()); took = time.process_time() - start\n"
        "print(took, [name for name in ('torch', 'nbformat', 'nbgrader', 'nbconvert') if name in sys.modules])"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=REAL.root, capture_output=True, text=True, check=True)
    took, loaded = done.stdout.split(" ", 1)
    assert float(took) < 1 and loaded.strip() == "[]" and time.monotonic() - began < 20


def course_command(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`course …` on a course, as a person types it."""
    command = [sys.executable, "-m", "autograder.cli", *arguments]
    environment = {**os.environ, "COURSE_ROOT": str(course.root), "COLUMNS": "300"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("command", ["export", "release", "publish", "validate", "demo"])
def test_commands_refuse_a_course_with_mistakes(tiny_course: Course, tmp_path: Path, command: str) -> None:
    """Does every command that writes say what is wrong, with status 2, and write nothing?"""
    edit(tiny_course, text("double", BEGIN, ""))
    before = sorted(tiny_course.root.rglob("*"))
    more = [str(tmp_path / "students"), "--through", "1"] if command == "publish" else []
    done = course_command(tiny_course, command, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{DOUBLE}, cell 'double', line 5: '### END SOLUTION' without" in done.stderr
    assert sorted(tiny_course.root.rglob("*")) == before and not (tmp_path / "students").exists()


def test_course_check_says_all_and_ends_with_a_status(tiny_course: Course) -> None:
    """Does `course check` print every sentence and fail, and pass when only remarks are left?"""
    edit(tiny_course, text("double", BEGIN, ""))
    done = course_command(tiny_course, "check")
    assert done.returncode == 1 and "mistake: " + DOUBLE in done.stdout and "warning: autograder/banks" in done.stdout


def test_a_finding_is_one_line() -> None:
    """Does it read like a compiler's message?"""
    assert str(Finding("a.ipynb, cell 'x'", "no id")) == "a.ipynb, cell 'x': no id"


@pytest.mark.usefixtures("known_tasks")
def test_a_broken_notebook_is_not_called_stale_as_well(tiny_course: Course) -> None:
    """Is a check cell that is gone one sentence, without a second one that its release still has it?"""
    shutil.copytree(tiny_course.root / "source", tiny_course.root / "release")
    edit(tiny_course, lambda cells: cells["check-double"].update(gone=True))
    assert any("has no check cell" in one for one in says(tiny_course))
    assert not says(tiny_course, "stale")
