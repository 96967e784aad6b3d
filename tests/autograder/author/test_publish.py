"""`course publish`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbformat import NotebookNode

import autograder.author.publish as module
from autograder.author.executing import execute_notebook, run_environment
from autograder.author.export import export
from autograder.author.publish import MARKER, publish
from autograder.author.release import release
from autograder.author.solutions import DATASET
from autograder.author.trees import files_below
from autograder.base.course import Course, CourseError, find_course
from autograder.base.notebooks import read_notebook, region_lines, write_notebook


@pytest.fixture
def fresh(tiny_course: Course) -> Course:
    """The miniature course with its export and releases written."""
    export(tiny_course)
    release(tiny_course)
    return tiny_course


def _names(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in files_below(directory)}


def test_what_is_published(fresh: Course, tmp_path: Path) -> None:
    """Does the first publication hold the first notebook and its checks, and no answer at all?"""
    publish(fresh, tmp_path / "students", 1)
    assert _names(tmp_path / "students") == {
        MARKER,
        "README.md",
        "release/01-double/double.ipynb",
        "course/pyproject.toml",
        "course/waferlab/__init__.py",
        "course/waferlab/checks/__init__.py",
        "course/waferlab/checks/bench.py",
        "course/waferlab/checks/core.py",
        "course/waferlab/checks/double.py",
        "course/waferlab/checks/plain.py",
        "course/waferlab/checks/expected/double.json",
        "course/waferlab/reference/__init__.py",
    }


def test_earlier_answers_come_with_the_next(fresh: Course, tmp_path: Path) -> None:
    """Does the second publication bring the first answer and not the second, and keep the badge's path?"""
    publish(fresh, tmp_path / "students", 1)
    changes = publish(fresh, tmp_path / "students", 2)
    names = _names(tmp_path / "students")
    assert "course/waferlab/reference/double.py" in names and "course/waferlab/reference/half.py" not in names
    assert "release/02-half/half.ipynb" in names
    assert tmp_path / "students" / "README.md" in changes.written
    readme = (tmp_path / "students" / "README.md").read_text()
    assert "blob/main/release/01-double/double.ipynb" in readme and "Halving" in readme


def test_going_back_takes_away(fresh: Course, tmp_path: Path) -> None:
    """Is publishing less refused with a list, and does it, when asked for, remove what was written, and only that?"""
    directory = tmp_path / "students"
    publish(fresh, directory, 2)
    (directory / "release" / "02-half" / "notes.txt").write_text("mine")
    before = _names(directory)
    with pytest.raises(CourseError, match=r"take away what students have; --remove does so:\n(.*\n)*  release/02-half"):
        publish(fresh, directory, 1)
    assert _names(directory) == before
    asked: list[str] = []
    publish(fresh, directory, 1, may_remove=lambda names: not asked.extend(names))
    assert "release/02-half/half.ipynb" in asked
    assert not (directory / "release" / "02-half" / "half.ipynb").exists()
    assert not (directory / "course" / "waferlab" / "reference" / "double.py").exists()
    assert (directory / "release" / "02-half" / "notes.txt").read_text() == "mine"


def _paste(fresh: Course, name: str, text: str) -> None:
    path = fresh.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


ANSWER = "answer = FACTOR * x\nreturn answer\n"


@pytest.mark.parametrize("name", ["course/waferlab/tools.py", "course/case-study.md", "source/01-double/hints.txt"])
def test_an_answer_in_what_is_published_is_refused(fresh: Course, tmp_path: Path, name: str) -> None:
    """Is nothing written when an answer stands in a module, in the case study or in a file beside the notebook?"""
    _paste(fresh, name, ANSWER)
    with pytest.raises(
        CourseError, match=r"hold answers, and nothing is written:\n.*, line 1: the answer to 01-double"
    ):
        publish(fresh, tmp_path / "students", 1)
    assert not (tmp_path / "students").exists()


def test_an_answer_whose_time_is_over_may_be_shown(fresh: Course, tmp_path: Path) -> None:
    """May a module hold the answers of an earlier assignment that are published anyhow?"""
    _paste(fresh, "course/waferlab/tools.py", ANSWER)
    assert publish(fresh, tmp_path / "students", 2).written


def test_an_answer_that_is_still_asked_for(fresh: Course, tmp_path: Path) -> None:
    """Is the second assignment, which imports the first one's answer, published only by consent before the deadline?"""
    settings = fresh.root / "course" / "course.toml"
    settings.write_text(settings.read_text().replace('"Doubling"', '"Doubling"\ndue = 2026-12-01T23:59:00+00:00'))
    course, now = Course(fresh.root), datetime(2026, 11, 24, tzinfo=UTC)
    with pytest.raises(CourseError, match=r"half.ipynb, cell 'imports', line 2, needs the answers of 01-double"):
        publish(course, tmp_path / "students", 2, now=now)
    assert not (tmp_path / "students").exists()
    publish(course, tmp_path / "students", 2, answers_from=[1], now=now)
    assert publish(course, tmp_path / "students", 2, now=now).written == []  # it is out, and needs no consent again


def test_an_assignment_without_a_date_is_told(fresh: Course, tmp_path: Path) -> None:
    """Does the author hear that no date guards an answer that goes out?"""
    (told,) = publish(fresh, tmp_path / "students", 2).remarks
    assert "01-double" in told and "no due date" in told


def test_twice_is_once(fresh: Course, tmp_path: Path) -> None:
    """Does a second publication write nothing?"""
    publish(fresh, tmp_path / "students", 2)
    assert publish(fresh, tmp_path / "students", 2).written == []


def test_a_foreign_folder_is_refused(fresh: Course, tmp_path: Path) -> None:
    """Is a folder with somebody's files refused and left as it is?"""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("mine")
    with pytest.raises(CourseError, match=r"not empty \(chapter.tex\)"):
        publish(fresh, tmp_path / "thesis", 1)
    assert _names(tmp_path / "thesis") == {"chapter.tex"}


def test_an_empty_repository_is_welcome(fresh: Course, tmp_path: Path) -> None:
    """May the folder be a fresh git clone?"""
    (tmp_path / "students" / ".git").mkdir(parents=True)
    assert publish(fresh, tmp_path / "students", 1).written


def test_a_foreign_file_in_the_way(fresh: Course, tmp_path: Path) -> None:
    """Is a file that somebody added where a new one belongs named, and not overwritten?"""
    publish(fresh, tmp_path / "students", 1)
    mine = tmp_path / "students" / "release" / "02-half" / "half.ipynb"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(CourseError, match="in the way"):
        publish(fresh, tmp_path / "students", 2)
    assert mine.read_text() == "mine"


def test_an_interrupted_publication_can_be_resumed(
    fresh: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Does the command take up its own unfinished work?"""

    def fail_on_readme(path: Path, contents: bytes) -> None:
        if path.name == "README.md":
            raise KeyboardInterrupt
        write(path, contents)

    write = module.write_atomically
    monkeypatch.setattr(module, "write_atomically", fail_on_readme)
    with pytest.raises(KeyboardInterrupt):
        publish(fresh, tmp_path / "students", 1)
    monkeypatch.undo()
    assert publish(fresh, tmp_path / "students", 1).written


@pytest.mark.parametrize("number", [0, 3])
def test_no_such_assignment(fresh: Course, tmp_path: Path, number: int) -> None:
    """Does an unknown number name those there are?"""
    with pytest.raises(CourseError, match=f"no assignment 0{number}: expected one of 01, 02"):
        publish(fresh, tmp_path / "students", number)


def test_a_stale_tree_is_refused(fresh: Course, tmp_path: Path) -> None:
    """Is an edited notebook not published before its release is regenerated?"""
    path = fresh.notebook("source", fresh.assignment("01"))
    notebook = read_notebook(path)
    notebook.cells[1].source += "!"
    write_notebook(path, notebook)
    with pytest.raises(CourseError, match="course release"):
        publish(fresh, tmp_path / "students", 1)


def test_an_assignment_in_preparation_is_kept_back(fresh: Course, tmp_path: Path) -> None:
    """Do the checks of an assignment that has a source folder but no settings yet stay at home?"""
    (fresh.root / "source" / "03-later").mkdir()
    (fresh.root / "course" / "waferlab" / "checks" / "later.py").write_text("")
    (fresh.root / "course" / "waferlab" / "reference" / "draft.py").write_text("")
    with pytest.raises(CourseError, match="course export"):
        publish(fresh, tmp_path / "students", 2)
    (fresh.root / "course" / "waferlab" / "reference" / "draft.py").unlink()
    publish(fresh, tmp_path / "students", 2)
    assert "course/waferlab/checks/later.py" not in _names(tmp_path / "students")


def test_the_published_package_works(fresh: Course, tmp_path: Path) -> None:
    """Does the last notebook run from top to bottom, unanswered, with nothing but the published package?"""
    publish(fresh, tmp_path / "students", 2)
    notebook = read_notebook(tmp_path / "students" / "release" / "02-half" / "half.ipynb")
    program = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "students" / "course")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "Task 1: half: not yet answered.\n"), done.stderr


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed")
def test_pip_can_build_the_published_package(fresh: Course, tmp_path: Path) -> None:
    """Does the published folder build to a wheel that holds the checks' expectations?"""
    publish(fresh, tmp_path / "students", 1)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "wheels")]
    subprocess.run(command, cwd=tmp_path / "students" / "course", check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheels").glob("waferlab-*.whl")
    assert "waferlab/checks/expected/double.json" in zipfile.ZipFile(wheel).namelist()


REAL = find_course(Path(__file__).parent)


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real course, published through its last assignment."""
    directory = tmp_path_factory.mktemp("publication") / "students"
    publish(REAL, directory, REAL.assignments[-1].number)
    return directory


def _texts(directory: Path) -> dict[str, str]:
    """Every published file as a reader sees it: of a notebook, the sources of its cells."""
    return {path.relative_to(directory).as_posix(): _text(path) for path in files_below(directory)}


def _text(path: Path) -> str:
    if path.suffix == ".ipynb":
        return "\n".join(cell.source for cell in read_notebook(path).cells)
    return path.read_text(encoding="utf-8")


def test_the_real_publication_holds_no_later_answer(students: Path) -> None:
    """Is no line of the last assignment's answers anywhere in the students' repository, and no marker?"""
    last, texts = REAL.assignments[-1], _texts(students)
    sources = [cell.source for cell in read_notebook(REAL.notebook("source", last)).cells]
    answers = {line for source in sources for line in region_lines(source) if len(line.strip()) > 12}
    open_lines = {line for source in sources for line in set(source.split("\n")) - set(region_lines(source))}
    published = {line for text in texts.values() for line in text.split("\n")}
    assert answers and not (answers - open_lines) & published
    assert not [name for name, text in texts.items() if "BEGIN SOLUTION" in text]
    assert f"course/waferlab/reference/{last.module}.py" not in texts


def _printed(notebook: NotebookNode) -> str:
    return "\n".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))


def test_the_last_release_runs_on_the_publication(students: Path, tmp_path: Path) -> None:
    """Does the last notebook run from top to bottom, unanswered, with nothing but the published waferlab?"""
    last = REAL.assignments[-1]
    notebook = read_notebook(students / "release" / last.slug / f"{last.notebook_name}.ipynb")
    environment = run_environment(students / "course", DATASET, str(tmp_path))
    execute_notebook(notebook, tmp_path, environment, last.slug)
    assert "not yet answered" in _printed(notebook)
