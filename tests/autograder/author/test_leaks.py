"""Is the text of an answer found wherever students would get it, and nothing else taken for one?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.author.leaks import MOST_TOLD, answers_of, leaks, sentence
from autograder.author.trees import files_below
from autograder.base.course import Course, find_course
from autograder.base.notebooks import read_notebook, write_notebook

REAL = find_course(Path(__file__).parent)
ANSWER = "    answer = FACTOR * x\n    return answer\n"


def found(course: Course, name: str, text: str) -> list[str]:
    """What is found of the first assignment's answers in a file."""
    return leaks({name: text.encode()}, answers_of(course, course.assignment("01")))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"def twice(x):\n{ANSWER}", id="as it is"),
        pytest.param("answer  =  FACTOR * x  \n\n# a comment\nreturn answer", id="with other spacing and a comment"),
        pytest.param("\r\n".join(ANSWER.splitlines()), id="with Windows' line ends"),
    ],
)
def test_an_answer_in_a_module(tiny_course: Course, text: str) -> None:
    """Is an answer that was copied into support code found, with file, line and the cell that it is from?"""
    (told,) = found(tiny_course, "course/waferlab/tools.py", text)
    assert told.startswith("course/waferlab/tools.py, line ")
    assert "the answer to 01-double, cell 'double': 'answer = FACTOR * x'" in told


def test_an_answer_in_a_cell_and_in_an_output(tiny_course: Course) -> None:
    """Is each cell of a notebook looked at by itself, what it printed included?"""
    cells = [
        {"cell_type": "markdown", "id": "prose", "source": ["All about answers"]},
        {"cell_type": "code", "id": "look", "source": [ANSWER], "outputs": []},
        {"cell_type": "code", "id": "shown", "source": [], "outputs": [{"text": ["x\n", ANSWER]}]},
    ]
    told = found(tiny_course, "release/02/x.ipynb", json.dumps({"cells": cells}))
    assert [one.split(":")[0] for one in told] == [
        "release/02/x.ipynb, cell 'look', line 1",
        "release/02/x.ipynb, cell 'shown', its output, line 2",
    ]


def test_a_written_answer_wrapped_otherwise(tiny_course: Course) -> None:
    """Is prose found by its words, wherever the lines break?"""
    path = tiny_course.notebook("source", tiny_course.assignment("01"))
    notebook = read_notebook(path)
    words = "Because two halves make a whole, and a whole that is doubled makes two of what was there before."
    next(cell for cell in notebook.cells if cell.id == "written-why").source = words
    write_notebook(path, notebook)
    (told,) = found(tiny_course, "case-study.md", "We know:\n" + words.replace(" a ", "\na ").upper())
    assert told.startswith("case-study.md, line 2: the answer to 01-double, cell 'written-why'")
    assert found(tiny_course, "case-study.md", words[:50]) == []


def test_hidden_tests_are_answers_too(tiny_course: Course) -> None:
    """Is a hidden test found that stands in a check module?"""
    path = tiny_course.notebook("source", tiny_course.assignment("01"))
    notebook = read_notebook(path)
    hidden = "assert double(secret_number) == 2 * secret_number"
    check = next(cell for cell in notebook.cells if cell.id == "check-double")
    check.source = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS\n{check.source}"
    write_notebook(path, notebook)
    assert len(found(tiny_course, "checks/double.py", hidden)) == 1


@pytest.mark.parametrize("contents", [b"\x89PNG\xff", b"", b'{"cells": 3}', b"FACTOR = 2.0\nreturn answer\n"])
def test_no_answer(tiny_course: Course, contents: bytes) -> None:
    """Is a picture, an empty file, a broken notebook or a line that many share left alone?"""
    assert leaks({"a.ipynb": contents, "a.py": contents}, answers_of(tiny_course, tiny_course.assignment("01"))) == []


def test_the_real_course_gives_away_nothing() -> None:
    """Is no part of any answer in any release or in waferlab, but in the reference modules, which all are found?"""
    places = [REAL.root / "release", REAL.root / "course"]
    files = {
        path.relative_to(REAL.root).as_posix(): path.read_bytes() for place in places for path in files_below(place)
    }
    told = leaks(files, [answer for one in REAL.assignments for answer in answers_of(REAL, one)])
    assert {one.split(",")[0] for one in told} == {
        f"course/waferlab/reference/{one.module}.py" for one in REAL.assignments
    }


def test_a_long_list_is_cut() -> None:
    """Does an error name the first places only, and say how many more there are?"""
    lines = sentence([f"file {number}" for number in range(MOST_TOLD + 5)], "release/").splitlines()
    assert len(lines) == MOST_TOLD + 2 and lines[-1] == "… and 5 more"
