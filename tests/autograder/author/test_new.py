"""`course new`: does an assignment work from the moment it is there, and is nothing left behind when it cannot be?"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from waferlab.checks.core import Case, Task

from autograder.author import new as author
from autograder.author.export import export
from autograder.author.new import Split, new, with_assignment
from autograder.author.release import release
from autograder.author.trees import LITTER, files_below, remove_empty_folders
from autograder.base.course import Assignment, Course, CourseError, find_course
from autograder.base.notebooks import grade_id, read_notebook, without_markers

ROOT = find_course(Path(__file__).parent).root
SLUG, TITLE, POINTS = "10-lighting", 'The "lamp"  and\n$\\beta$', 8

GENERATED = ("reference/__init__.py", "reference/eda.py", "checks/expected/eda.json")


def copy_of_the_course(root: Path) -> Course:
    """The course with one of its notebooks, for the probes of all would take their time."""
    ignored = shutil.ignore_patterns(*LITTER, "reference", "expected")
    shutil.copytree(ROOT / "course", root / "course", ignore=ignored)
    for tree in ("source", "release"):
        shutil.copytree(ROOT / tree / "02-eda", root / tree / "02-eda", ignore=ignored)
    for name in ("pyproject.toml", *(f"course/waferlab/{kept}" for kept in GENERATED)):
        (root / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return Course(root)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The course before `new`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_ROOT", raising=False)
        yield copy_of_the_course(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def course(untouched: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course after `new`."""
    root = tmp_path_factory.mktemp("after") / "course"
    shutil.copytree(untouched.root, root)
    new(Course(root), SLUG, TITLE, POINTS)
    return Course(root)


def contents(root: Path) -> dict[str, bytes]:
    """Every file, by path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files_below(root)}


def module_at(path: Path) -> ModuleType:
    """A module of the copy, which this process cannot import by its name."""
    spec = importlib.util.spec_from_file_location(f"copied_{path.parent.name}_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_everything_is_fresh(course: Course) -> None:
    """Do `course export --check` and `course release --check` find nothing to do?"""
    for changes in (export(course, check=True), release(course, check=True)):
        assert not changes.stale, changes.diff


def test_only_new_files_and_the_settings(course: Course, untouched: Course) -> None:
    """Does every other file stay as it was, down to the comments of course.toml?"""
    before, after = contents(untouched.root), contents(course.root)
    assert [name for name in before if after.get(name) != before[name]] == ["course/course.toml"]
    assert sorted(after.keys() - before.keys()) == [
        "autograder/banks/lighting/brightness.toml",
        "course/waferlab/checks/expected/lighting.json",
        "course/waferlab/checks/lighting.py",
        "course/waferlab/reference/lighting.py",
        "release/10-lighting/lighting.ipynb",
        "source/10-lighting/lighting.ipynb",
        "tests/waferlab/checks/test_lighting.py",
    ]
    assert after["course/course.toml"].startswith(before["course/course.toml"])


def test_every_rule_for_notebooks_and_its_own_tests_hold(course: Course) -> None:
    """Does the notebook pass what every source notebook must, and the check module the tests that come with it?"""
    files = [ROOT / "tests/course/test_source_notebooks.py", course.root / "tests/waferlab/checks/test_lighting.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-k", "lighting", "-p", "no:cacheprovider", "-c"]
    environment = {
        **os.environ,
        "COURSE_ROOT": str(course.root),
        "PYTHONPATH": os.pathsep.join(map(str, (course.root / "course", ROOT))),
    }
    done = subprocess.run(
        [*command, ROOT / "pyproject.toml", *files], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.rsplit("\n", 2)[-2].split(" passed")[0]) > 15


def test_it_is_written_as_ruff_would(course: Course) -> None:
    """Do lint and format accept every file, the cells of the notebook included?"""
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=course.root, capture_output=True)
        assert done.returncode == 0, done.stdout.decode()


@pytest.fixture(scope="module")
def task(course: Course) -> Task:
    """The new task."""
    return module_at(course.root / "course/waferlab/checks/lighting.py").TASKS["brightness"]


def failed(task: Task, source: str, course: Course) -> set[str]:
    """The checks that an answer fails with a seed that no student has seen."""
    names: dict[str, object] = {}
    exec("from torch import Tensor\n" + source, names)
    reference = module_at(course.root / "course/waferlab/reference/lighting.py")
    expected = task.probe(vars(reference), Case(71, "float64"))
    return {finding.name for finding in task.judge(task.probe(names, Case(71)), expected) if not finding.passed}


@pytest.mark.parametrize("kind", ["wrong", "right"])
def test_the_bank_proves_the_check(course: Course, task: Task, kind: str) -> None:
    """Is the reference right, and does each entry of the bank change it once and lose just what it names?"""
    cells = read_notebook(course.root / "source/10-lighting/lighting.ipynb").cells
    source = without_markers(next(cell.source for cell in cells if grade_id(cell) == "brightness"))
    bank = tomllib.loads((course.root / "autograder/banks/lighting/brightness.toml").read_text())
    assert failed(task, source, course) == set()
    for entry in bank[kind].values():
        assert source.count(entry["old"]) == 1
        assert failed(task, source.replace(entry["old"], entry["new"]), course) == set(entry.get("fails", []))


def test_the_title_is_one_line_and_escaped(course: Course) -> None:
    """Do quotes, a backslash and a line break survive, or do they break what they are written into?"""
    assert course.assignment(SLUG).title == 'The "lamp" and $\\beta$'
    title = read_notebook(course.root / "source/10-lighting/lighting.ipynb").cells[1].source
    assert title.splitlines()[0] == '# 10 · The "lamp" and $\\beta$'
    assert module_at(course.root / "course/waferlab/reference/lighting.py").__doc__.startswith(
        'Reference answers of 10-lighting: The "lamp" and $\\beta$.'
    )


@pytest.mark.parametrize(
    ("slug", "title", "points", "words"),
    [
        ("lighting", "A", 8, "expected two digits and words, as 10-lighting"),
        ("10_lighting", "A", 8, "expected two digits"),
        ("10-Lighting", "A", 8, "expected two digits"),
        ("00-lighting", "A", 8, "expected two digits"),
        ("10-../x", "A", 8, "expected two digits"),
        ("02-lighting", "A", 8, "number 02 is taken by 02-eda"),
        ("10-eda", "A", 8, "'eda' is taken by 02-eda"),
        ("10-class", "A", 8, "a word of Python's own"),
        ("10-core", "A", 8, "course/waferlab/checks/core.py is there already"),
        ("10-watching", "A", 8, "watching.py is there already"),
        ("10-lighting", " \n", 8, "the title is empty"),
        ("10-lighting", "A\x07", 8, "cannot be shown"),
        ("10-lighting", "A", 0, "0 points cannot be divided"),
        ("10-lighting", "A", -3, "-3 points"),
        ("10-lighting", "A", 1, "expected 2 to 100, in steps of half a point"),
        ("10-lighting", "A", 7.3, "7.3 points"),
        ("10-lighting", "A", float("nan"), "nan points"),
        ("10-lighting", "A", float("inf"), "inf points"),
    ],
)
def test_what_does_not_do_is_one_sentence(untouched: Course, slug: str, title: str, points: float, words: str) -> None:
    """Is the reason named, and nothing written?"""
    before = contents(untouched.root)
    with pytest.raises(CourseError) as caught:
        new(untouched, slug, title, points)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert contents(untouched.root) == before


@pytest.mark.parametrize(
    "path",
    [
        "source/10-other/notes.txt",
        "release/10-lighting/x.txt",
        "course/waferlab/reference/lighting.py",
        "course/waferlab/checks/lighting/__init__.py",
        "autograder/banks/lighting/old.toml",
        "autograder/judge/hidden/lighting.py",
        "tests/waferlab/checks/test_lighting.py",
    ],
)
def test_a_name_on_disk_is_taken(untouched: Course, path: str) -> None:
    """Is a file or folder of that name left alone, wherever it lies?"""
    in_the_way = untouched.root / path
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_text("mine")
    before = contents(untouched.root)
    try:
        with pytest.raises(CourseError, match="is there already"):
            new(untouched, SLUG, TITLE, POINTS)
        assert contents(untouched.root) == before
    finally:
        in_the_way.unlink()
        remove_empty_folders(in_the_way.parent, untouched.root)


def folders(root: Path) -> set[Path]:
    """Every folder."""
    return {path for path in root.rglob("*") if path.is_dir() and path.name not in LITTER}


@pytest.mark.parametrize("step", ["write_atomically", "release"])
def test_half_an_assignment_is_removed_again(untouched: Course, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Is everything as it was when a write, or the last step, fails?"""
    before, before_folders, original = contents(untouched.root), folders(untouched.root), getattr(author, step)
    calls: list[object] = []

    def full_disk(*arguments: object, **options: object) -> object:
        calls.append(arguments)
        if step == "write_atomically" and len(calls) < 3:
            return original(*arguments, **options)
        monkeypatch.undo()
        raise OSError("no space left on device")

    monkeypatch.setattr(author, step, full_disk)
    with pytest.raises(CourseError, match="could not be written: no space"):
        new(untouched, SLUG, TITLE, POINTS)
    assert calls and contents(untouched.root) == before and folders(untouched.root) == before_folders


@pytest.mark.parametrize("points", [2, 2.5, 3, 8, 9.5, 100])
def test_points_are_divided_without_a_rest(points: float) -> None:
    """Do the written answer and the checks make up the whole, each with more than nothing, in quarters of a point?"""
    split = Split(points)
    parts = (split.written, split.values, split.share, split.share)
    assert sum(parts) == points
    assert all(part > 0 and (4 * part).is_integer() for part in map(float, parts))


SETTINGS = """\
title = "A course"  # seen by all

[assignments.01-a]
title = "A"
due = 2026-12-01T23:59:00+01:00   # a Tuesday

# The hard one.
[assignments.05-e]
title = "E"

[late]
per_day = 0.1
"""


@pytest.mark.parametrize(
    ("slug", "above"), [("02-b", "# The hard one."), ("07-g", "[late]"), ("00-z", "[assignments.01-a]")]
)
def test_settings_keep_order_and_comments(slug: str, above: str) -> None:
    """Do the new lines stand among the others by number, and not between a table and its comment?"""
    text = with_assignment(SETTINGS, Assignment(slug, "New", 4))
    block = f'[assignments.{slug}]\ntitle = "New"\n\n'
    assert text == SETTINGS.replace(above, block + above, 1)


def test_settings_in_another_form_are_left_to_a_person() -> None:
    """Is an inline table refused instead of broken?"""
    with pytest.raises(CourseError, match="by hand"):
        with_assignment('assignments = { 01-a = { title = "A" } }\n', Assignment("02-b", "B", 4))
