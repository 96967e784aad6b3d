"""Does an exam's digest change with every byte that decides a mark, and with nothing else?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from autograder.base.course import Assignment, find_course
from autograder.judge import exam as module
from autograder.judge.exam import Exam, code_digest

PCA = Assignment("03-pca", "PCA", 12)
IMAGES = {"train": np.arange(12, dtype=np.float32).reshape(3, 4), "labels": np.array([0, 1, 1])}


def exam(**changes: object) -> Exam:
    """A small exam of assignment 03, with some of its parts changed."""
    one = Exam(
        assignment=PCA,
        release=nbformat.v4.new_notebook(),
        seeds={"pca_anomaly_detection": 7},
        seconds={"pca_anomaly_detection": 8.0},
        expected={},
        arrays=IMAGES,
        written={},
        references=("eda",),
        answers="x = 1",
    )
    return replace(one, **changes)


def one_pixel() -> dict[str, np.ndarray]:
    """The same images with one value changed in its last digit."""
    train = IMAGES["train"].copy()
    train[1, 2] = np.nextafter(train[1, 2], np.float32(9))
    return IMAGES | {"train": train}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"arrays": one_pixel()}, id="one pixel, as another data set changes many"),
        pytest.param({"arrays": IMAGES | {"train": IMAGES["train"].astype(np.float64)}}, id="the type of the images"),
        pytest.param({"arrays": IMAGES | {"train": IMAGES["train"].reshape(4, 3)}}, id="the shape of the images"),
        pytest.param({"seeds": {"pca_anomaly_detection": 8}}, id="a seed"),
        pytest.param({"answers": "x = 2"}, id="the reference answer"),
        pytest.param({"given": {"pca_anomaly_detection": {"text": "a case study"}}}, id="what students were given"),
        pytest.param({"references": ()}, id="the answers that may be imported"),
        pytest.param({"release": nbformat.v4.new_notebook(metadata={"a": 1})}, id="the release"),
    ],
)
def test_what_decides_a_mark_changes_the_digest(changes: dict[str, object]) -> None:
    """Would a run into the same folder grade again after this change?"""
    assert exam(**changes).digest != exam().digest


def test_the_time_that_the_reference_took_changes_nothing() -> None:
    """Does a class that is graded again on another day keep its results?"""
    assert exam(seconds={"pca_anomaly_detection": 9.0}, expected={"a": {"b": 1}}).digest == exam().digest


def test_every_file_that_judges_is_covered() -> None:
    """Are floors, shared parts of the checks, the worker and the earlier answers in, and other assignments' not?"""
    found = {path.relative_to(root).as_posix() for root, path in module._deciding_files("pca", frozenset({"eda"}))}
    inside = ("autograder/judge/floors.json", "autograder/judge/marking.py", "autograder/judge/hidden/pca.py")
    inside += ("autograder/rebuild/matching.py", "autograder/wall/inside/border.py", "waferlab/reference/eda.py")
    inside += tuple(
        f"waferlab/checks/{name}.py" for name in ("core", "draws", "loaders", "pca/problems", "reading", "watching")
    )
    assert set(inside) <= found
    assert not [name for name in found if "reference/pca" in name or "hidden/training" in name or "checks/eda" in name]
    for one in find_course().assignments:
        mine = {path for _, path in module._deciding_files(one.module, frozenset())}
        assert any(one.module in (path.stem, path.parent.name) and "checks" in path.parts for path in mine), one.slug


def test_a_change_of_one_of_these_files_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is it contents that count, `floors.json` after `course calibrate` among them?"""
    floors = tmp_path / "floors.json"
    monkeypatch.setattr(module, "_deciding_files", lambda *_: [(tmp_path, floors)])
    floors.write_text('{"floor": 0.85}')
    before = code_digest("pca", ())
    floors.write_text('{"floor": 0.86}')
    assert code_digest("pca", ()) != before
