"""One truth: what is committed is what the commands make of the source notebooks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.author.export import export
from autograder.author.release import release
from autograder.author.solutions import solutions
from autograder.author.trees import LITTER, files_below
from autograder.base.course import Assignment, Course, find_course
from autograder.base.notebooks import read_notebook

COURSE = find_course(Path(__file__).parent)
MAX_SOLUTION_BYTES = 1_500_000
GENERATED = ("release", "solutions", "course/waferlab/reference", "course/waferlab/checks/expected")


@pytest.fixture
def clean_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The course without anything generated."""
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    for name in ("source", "course"):
        shutil.copytree(COURSE.root / name, tmp_path / name, ignore=shutil.ignore_patterns(*LITTER))
    for name in GENERATED:
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    return Course(tmp_path)


def _contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files_below(root)}


def _same_files(copy: Course, folder: str) -> None:
    made, committed = _contents(copy.root / folder), _contents(COURSE.root / folder)
    assert sorted(made) == sorted(committed), folder
    assert [name for name in made if made[name] != committed[name]] == [], folder


def test_reference_and_release_from_nothing(clean_copy: Course) -> None:
    """Does a copy without anything generated get the committed answers and releases back, byte for byte?"""
    export(clean_copy)
    release(clean_copy)
    _same_files(clean_copy, "course/waferlab/reference")
    _same_files(clean_copy, "release")


def test_export_is_fresh() -> None:
    """Are the committed answers and expectations those of the source notebooks, all computed anew?"""
    changes = export(COURSE, check=True, everything=True)
    assert not changes.stale, changes.diff


def test_release_is_fresh() -> None:
    """Are the committed releases those of the source notebooks, with no other file beside them?"""
    changes = release(COURSE, check=True)
    assert not changes.stale, changes.diff


def test_solutions_are_fresh() -> None:
    """Are the committed solutions those of the source notebooks? (`test_notebooks_run.py` runs them.)"""
    changes = solutions(COURSE, check=True, execute=False)
    assert not changes.stale, changes.diff


@pytest.mark.parametrize("assignment", COURSE.assignments, ids=lambda one: one.slug)
def test_solutions_show_figures_and_stay_small(assignment: Assignment) -> None:
    """Has every solution a figure, and is it small enough to open quickly?"""
    path = COURSE.notebook("solutions", assignment)
    outputs = [output for cell in read_notebook(path).cells for output in cell.get("outputs", ())]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert path.stat().st_size < MAX_SOLUTION_BYTES
