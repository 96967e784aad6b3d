"""What only the grader checks in assignment 05: what the trained weights are worth.

The examiner rebuilds normal images that the answer has never seen with the weights that came back (`runs.learnt`), and
the error that is left must be below a floor that `course calibrate` measured with the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from waferlab.checks.core import Fault, Observation, array_of
from waferlab.checks.training.runs import LEARN_HELD, LEARN_TRAIN, LEARN_VAL

from autograder.judge.floors import Quantity, floor

#: What the reference leaves of the mean image's squared error; lower is better.
QUANTITIES = (Quantity("train_vae", "learn.left", "most"),)


def arrays(dataset: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Normal images of a data set, drawn anew for every run.

    Args:
        dataset: a `waferlab.data.WaferDataset` in the `smoke` profile (32 px).
        rng: drawn from the run's secret.

    Returns:
        `normals` (n, 1, 32, 32) float32 in [0, 1].
    """
    images = np.concatenate([dataset.train.images.numpy(), dataset.val.images.numpy()])
    chosen = rng.choice(len(images), size=LEARN_TRAIN + LEARN_VAL + LEARN_HELD, replace=False)
    return {"normals": images[chosen]}


def weights_fault(seen: Observation, expected: Observation) -> str | None:
    """Whether the trained model rebuilds images that it has not seen worse than a right answer's does."""
    left = array_of(seen, "learn.left")
    if left is None or left.ndim or not np.isfinite(left):
        return "the model's weights did not come back whole"
    return None if left <= floor("training", QUANTITIES[0]) else f"{left:.0%} of what the mean training image leaves"


FAULTS: dict[str, dict[str, Fault]] = {"train_vae": {"weights": weights_fault}}
