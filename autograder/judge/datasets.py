"""The images of the hidden checks: which data set, and what each assignment draws from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from autograder.base.course import Assignment, CourseError
from autograder.judge.exam import derive_seed
from autograder.judge.marking import hidden_module

if TYPE_CHECKING:
    from waferlab.data import WaferDataset


def choose_dataset(name: str) -> str:
    """`auto` means real Fashion-MNIST when it is at hand (no download for grading), else synthetic wafers."""
    if name != "auto":
        return name
    from waferlab.data import fashion_mnist_available

    return "fashion-mnist" if fashion_mnist_available() else "synthetic-wafers"


def loaded(name: str) -> WaferDataset:
    """A data set in the smoke profile, which hidden checks and floors use.

    Raises:
        CourseError: it is not at hand, or there is none of that name.
    """
    from waferlab.data import DataError, load_dataset
    from waferlab.profiles import get_profile

    try:
        return load_dataset(name, get_profile("smoke"))
    except (DataError, ValueError) as error:
        raise CourseError(f"the images for the hidden checks cannot be loaded: {error}") from error


def draws(assignment: Assignment) -> bool:
    """Whether an assignment's probes get images."""
    return hasattr(hidden_module(assignment.module), "arrays")


def drawn(assignment: Assignment, dataset: WaferDataset, secret: bytes) -> dict[str, np.ndarray]:
    """The images that an assignment's probes get, with a seed that follows from the secret."""
    rng = np.random.default_rng(derive_seed(secret, assignment.slug, "arrays"))
    return hidden_module(assignment.module).arrays(dataset, rng)  # type: ignore[union-attr]


def probe_arrays(assignments: Sequence[Assignment], name: str, secret: bytes) -> dict[str, dict[str, np.ndarray]]:
    """The images that probes get, by assignment; the data set is loaded only when one asks for it.

    Raises:
        CourseError: it is not at hand, or there is none of that name.
    """
    wanted = [one for one in assignments if draws(one)]
    if not wanted:
        return {}
    dataset = loaded(name)
    return {one.slug: drawn(one, dataset, secret) for one in wanted}
