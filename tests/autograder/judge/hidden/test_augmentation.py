"""Does the points table of assignment 01 tell right answers from wrong ones?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from answer_bank import JUNK, Bank

BANK = Bank("01-augmentation")
SEED = 20_240_607


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As in the grader's worker: results and times of one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("path", BANK.files("wrong"), ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    BANK.assert_caught(path, SEED)


@pytest.mark.filterwarnings("ignore:noisy")
@pytest.mark.parametrize("path", BANK.files("right"), ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points?"""
    BANK.assert_kept(path, SEED)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("gaussian_noise_nothing", 0.0, id="the image as it is"),
        pytest.param("create_augmented_transform_no_augmentation", 0.5, id="resized and converted, no more"),
    ],
)
def test_cheap_answers_collect_next_to_nothing(name: str, most: float) -> None:
    """Can points be had without an answer?"""
    assert BANK.points_of(name, SEED) <= most


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("gaussian_noise_variance", 2.0, id="a square root too many"),
        pytest.param("create_augmented_transform_no_vertical", 3.5, id="one flip forgotten"),
        pytest.param("create_augmented_transform_picture_instead", 2.5, id="conversion forgotten"),
        pytest.param("create_augmented_transform_no_noise", 3.0, id="noise forgotten"),
    ],
)
def test_one_mistake_leaves_the_rest(name: str, least: float) -> None:
    """Does a single mistake cost what belongs to it, and not everything?"""
    assert BANK.points_of(name, SEED) >= least


def test_points_match_the_notebook() -> None:
    """Do the points of each task sum to those of its check cell?"""
    BANK.assert_points_match()


def test_every_task_has_enough_answers_of_both_kinds() -> None:
    """Are there at least five mistakes and four other ways for each task?"""
    BANK.assert_enough()


def test_every_requirement_is_a_check() -> None:
    """Could a check never give points because it requires a finding that does not exist?"""
    BANK.assert_requirements_exist()


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("task", BANK.tasks)
def test_hostile_observations_get_nothing(task: str, junk: str) -> None:
    """Does the judge survive whatever comes out of a worker, without giving points for it?"""
    BANK.assert_survives(task, junk, SEED, most=0.0)
