"""Does the points table of assignment 03 tell right answers from wrong ones?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waferlab.checks.core import Case, Finding
from waferlab.checks.pca import TASKS, auroc_of, image_k_values
from waferlab.data import load_dataset
from waferlab.profiles import PROFILES

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.judge.hidden.pca import CHECKS, IMAGE_ATOL, MAX_ANOMALY, MAX_NORMAL, MAX_TRAIN, arrays, judge, sharpened
from autograder.judge.marking import findings_for, give_points

NOTEBOOK = Path(__file__).resolve().parents[4] / "source" / "03-pca" / "pca.ipynb"
TASK = TASKS["pca_anomaly_detection"]
TABLE = CHECKS[TASK.name]
SEEDS = (1, 20_240_607, 2**47 + 5)
WRONG = answers("pca", "wrong")
RIGHT = answers("pca", "right")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As in the grader's worker: results and times of one core."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def images(seed: int) -> dict[str, np.ndarray]:
    """The grader's images, small ones."""
    dataset = load_dataset("synthetic-wafers", PROFILES["smoke"], image_size=16)
    return arrays(dataset, np.random.default_rng(seed))


def provided() -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells."""
    names: dict[str, Any] = {"__name__": "answers"}
    for cell in reference_cells(read_notebook(NOTEBOOK)):
        exec(without_markers(cell.source), names)
    return names


@cache
def expectation(seed: int) -> dict[str, Any]:
    """What the reference gives in float64."""
    return TASK.probe(provided(), Case(seed, "float64", images(seed)))


@cache
def mark(path: Path, seed: int) -> tuple[list[Finding], float]:
    """Findings and points for one answer."""
    names = provided()
    exec(path.read_text(encoding="utf-8"), names)
    findings = findings_for("pca", TASK, TASK.probe(names, Case(seed, "float32", images(seed))), expectation(seed))
    return findings, sum(mark.points for mark in give_points(TABLE, findings))


def wrong(name: str) -> Path:
    """The file of one wrong answer."""
    return next(path for path in WRONG if path.stem == f"pca_anomaly_detection_{name}")


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points, whatever the seed?"""
    expected = set(must_fail(path.read_text(encoding="utf-8")))
    assert expected
    for seed in SEEDS:
        findings, points = mark(path, seed)
        failed = {finding.name for finding in findings if not finding.passed}
        assert expected <= failed, (sorted(expected - failed), seed)
        assert points < sum(check.points for check in TABLE)


@pytest.mark.filterwarnings("ignore:randomised")
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points, for every seed?"""
    for seed in SEEDS:
        findings, points = mark(path, seed)
        assert [finding for finding in findings if not finding.passed] == []
        assert points == sum(check.points for check in TABLE)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("constant", 0.0, id="one score for all"),
        pytest.param("labels", 0.0, id="the labels as scores"),
        pytest.param("random", 1.0, id="noise, with its AUROC computed correctly"),
        pytest.param("brightness", 1.0, id="another score, with its AUROC computed correctly"),
    ],
)
def test_cheap_answers_collect_next_to_nothing(name: str, most: float) -> None:
    """Can points be had without PCA?"""
    assert all(mark(wrong(name), seed)[1] <= most for seed in SEEDS)


@pytest.mark.parametrize("name", ["sum", "root", "norm"])
def test_right_order_on_the_wrong_scale_keeps_half(name: str) -> None:
    """Does somebody who understood PCA and forgot a mean or a square keep about half of the points?"""
    assert all(mark(wrong(name), seed)[1] == 5.0 for seed in SEEDS)


@pytest.mark.parametrize("name", ["fitted_on_test", "fitted_on_both", "test_mean", "normalised"])
def test_looking_at_test_data_is_named(name: str) -> None:
    """Does the message say that test data were used?"""
    found = next(finding.found for finding in mark(wrong(name), SEEDS[0])[0] if finding.name == "train-only")
    assert "PCA was fitted on test data?" in found


def test_points_match_the_notebook() -> None:
    """Do the points of the task sum to those of its check cell?"""
    cells = read_notebook(NOTEBOOK).cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    assert sum(check.points for check in TABLE) == graded[f"check-{TASK.name}"]["points"]


def test_every_requirement_is_a_check() -> None:
    """Could a check never give points because it requires a finding that does not exist?"""
    names = {check.name for check in TABLE}
    assert all(set(check.requires) <= names for check in TABLE)


def test_images_are_a_fresh_sample_in_range() -> None:
    """Are the probe's images other ones for each seed, in [0, 1], with both labels?"""
    first, again, other = images(1), arrays(load_small(), np.random.default_rng(1)), images(2)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["test"], other["test"])
    assert first["train"].shape == (MAX_TRAIN, 256) and first["test"].shape == (MAX_NORMAL + MAX_ANOMALY, 256)
    assert np.bincount(first["labels"]).tolist() == [MAX_NORMAL, MAX_ANOMALY]
    assert min(first["train"].min(), first["test"].min()) >= 0 and max(first["train"].max(), first["test"].max()) <= 1


def load_small() -> Any:
    """The data set behind `images`."""
    return load_dataset("synthetic-wafers", PROFILES["smoke"], image_size=16)


def exact_scores(train: np.ndarray, test: np.ndarray, k: int) -> np.ndarray:
    """Reconstruction MSE by a full SVD in float64."""
    mean = train.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
    centred = test - mean
    return ((centred - centred @ axes.T @ axes) ** 2).mean(axis=1)


def test_sharpening_changes_no_auroc() -> None:
    """Does PCA on the probe's images give what it gives on the raw ones?"""
    dataset = load_small()
    train, test = dataset.train.images.flatten(1).numpy()[:300], dataset.test.images.flatten(1).numpy()
    labels = dataset.test.labels.numpy()
    sharp = sharpened(train, test)
    for k in image_k_values(train.shape):
        raw = auroc_of(labels, exact_scores(train, test, k))
        assert abs(auroc_of(labels, exact_scores(sharp["train"], sharp["test"], k)) - raw) < IMAGE_ATOL / 4


def test_a_run_without_images_has_no_hidden_findings() -> None:
    """Does the verdict stay quiet where there is nothing to compare with?"""
    assert judge(TASK.name, {}, {}) == []
