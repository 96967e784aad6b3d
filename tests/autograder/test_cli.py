"""The command `course`, as a person types it."""

import os
import shutil
import subprocess
import sys

import pytest

from autograder import doctor
from autograder.base.course import find_course

COMMANDS = [
    *("new", "check", "export", "release", "solutions", "move", "publish"),
    *("grade", "grades", "term", "feedback", "mark", "demo", "doctor"),
]


def course(*arguments, **environment):
    command = [sys.executable, "-m", "autograder.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=120)


def test_help_is_a_table_of_contents():
    """Does `course --help` name every command under a heading?"""
    done = course("--help")
    assert done.returncode == 0
    assert all(f" {command} " in done.stdout for command in COMMANDS)
    assert all(heading in done.stdout for heading in ("Author the course", "Grade a class", "Look around"))


def test_help_does_not_load_torch():
    """Does the first thing that a person types come without a wait?"""
    code = "import sys; import autograder.cli; sys.exit('torch' in sys.modules or 'nbgrader' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_commands_load_only_what_they_need():
    """Do `export` and `solutions` with nothing to do start without torch, nbgrader or a kernel's client?"""
    slow = {"torch", "nbgrader", "nbconvert", "nbclient", "sklearn"}
    code = "import sys, autograder.author.export, autograder.author.solutions; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not slow & set(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "/no/such/folder"], "/no/such/folder"),
        (["grades", "/no/such/folder"], "holds no results.jsonl"),
        (["feedback", "/no/such/folder", "--for", "canvas"], "holds no results.jsonl"),
        (["feedback", "graded"], "--for moodle"),
        (["mark", "99-nothing", "x.py"], "expected one of 01-augmentation"),
        (["mark", "04-encoder", "/no/such/file.py"], "/no/such/file.py"),
        (["bank", "show", "04", "plain_rulu"], "expected one of forward_activated_heads"),
        (["new", "lighting", "--title", "Light", "--points", "8"], "expected two digits and words, as 10-lighting"),
    ],
    ids=[
        "no folder",
        "no results",
        "no feedback",
        "nobody to give it to",
        "no assignment",
        "no file",
        "no answer",
        "no number",
    ],
)
def test_bad_input_is_one_sentence_and_a_status(tmp_path, arguments, words):
    """Does a typing mistake give one clear sentence on standard error, and no traceback?"""
    done = course(*arguments, COLUMNS="200")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_place_without_a_course_is_named(tmp_path):
    """Does a wrong COURSE_ROOT say so?"""
    done = course("release", "--check", COURSE_ROOT=str(tmp_path))
    assert done.returncode == 2
    assert "course/course.toml" in done.stderr


def test_an_empty_folder_is_nothing_to_grade(tmp_path):
    """Does grading nothing say so instead of writing an empty report?"""
    (tmp_path / "in").mkdir()
    done = course("grade", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "nothing to grade" in " ".join(done.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_look_says_who_handed_in_what_and_grades_nothing(tmp_path):
    """Are two people of one name and a PDF said before grading, with nothing written?"""
    notebook = find_course().notebook("release", find_course().assignment("09-ethics"))
    (tmp_path / "in").mkdir()
    for name in ("smithjohn_111_901_ethics.ipynb", "smithjohn_222_902_ethics.ipynb"):
        shutil.copy2(notebook, tmp_path / "in" / name)
    (tmp_path / "in/ada_333_903_ethics.pdf").write_bytes(b"%PDF")
    done = course("grade", tmp_path / "in", "--out", tmp_path / "out", "--look")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[:2] == ["3 people, 2 notebooks to grade", "  09-ethics: 2"]
    assert "1 × a PDF; expected the notebook (.ipynb): ada" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_doctor_names_a_remedy_for_everything_that_is_missing():
    """Does each line that is not in order say what to do?"""
    conditions = doctor.examine(find_course())
    whats = {one.what.split(":")[0] for one in conditions}
    assert {"Python", "GPU", "Sandbox", "Fashion-MNIST"} <= whats
    assert all(one.remedy for one in conditions if not one.ok)


def test_the_doctor_works_without_a_course():
    """Does it still say what is wrong when it is called from somewhere else?"""
    conditions = doctor.examine(None)
    assert any(one.what == "Course" and not one.ok for one in conditions)


def test_the_bank_lists_its_answers():
    """Does a person see what each answer does differently, and which checks must fail?"""
    done = course("bank", "list", "04", COLUMNS="200")
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if " plain_relu " in line)
    assert all(words in line for words in ("forward", "wrong", "ReLU instead of the provided LeakyReLU", "train-mode"))
    assert "02-eda" not in done.stdout


def test_the_bank_shows_an_answer_to_paste():
    """Is it the whole cell as Python, with what it says above?"""
    done = course("bank", "show", "encoder", "plain_relu")
    assert done.returncode == 0
    assert done.stdout.startswith("# A wrong answer to forward. Uses ReLU instead")
    compile(done.stdout, "pasted", "exec")
    assert "class ConvEncoder" in done.stdout and "torch.relu" in done.stdout
