"""Points of assignment 02, task by task.

Nothing here is left to chance: the images are random, the right statistics of given images are not. Measured over 200
seeds, the reference in float32 is off by at most 2e-7 (allowed: 1e-3), its AUROC by 6e-4 (0.003: two means may
be equal in float32), and no mean intensity lies nearer than 4e-4 to the edge of a bin. The texts get their
points for being there; a person marks what they say.
"""

from __future__ import annotations

from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "eda_statistics": (
        Check("keys", 0.25, requires=("means",)),
        Check("means", 0.5),
        Check("stds", 0.5),
        Check("mean-images", 0.5),
        Check("std-images", 0.75),
        Check("overlap", 0.75),
        Check("auroc", 0.5),
        Check("unchanged", 0.25, requires=("means",)),
    ),
    "answer_eda_questions": (
        Check("normals", 0.25),
        Check("anomalies", 0.25),
        Check("threshold", 0.25),
        Check("model", 0.25),
    ),
}
