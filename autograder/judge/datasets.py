"""The images of the hidden checks: which data set, and what each assignment draws from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.base.course import Assignment, CourseError
from autograder.judge.exam import derive_seed
from autograder.judge.marking import hidden_module


def choose_dataset(name: str) -> str:
    """`auto` means real Fashion-MNIST when it is at hand (no download for grading), else synthetic wafers."""
    if name != "auto":
        return name
    from waferlab.data import fashion_mnist_available

    return "fashion-mnist" if fashion_mnist_available() else "synthetic-wafers"


def probe_arrays(assignments: Sequence[Assignment], name: str, secret: bytes) -> dict[str, dict[str, np.ndarray]]:
    """The images that probes get, by assignment; the data set is loaded only when one asks for it."""
    draws = {one.slug: getattr(hidden_module(one.module), "arrays", None) for one in assignments}
    wanted = {slug: draw for slug, draw in draws.items() if draw}
    if not wanted:
        return {}
    from waferlab.data import DataError, load_dataset
    from waferlab.profiles import get_profile

    try:
        dataset = load_dataset(name, get_profile("smoke"))
    except (DataError, ValueError) as error:
        raise CourseError(f"the images for the hidden checks cannot be loaded: {error}") from error
    return {
        slug: draw(dataset, np.random.default_rng(derive_seed(secret, slug, "arrays"))) for slug, draw in wanted.items()
    }
