"""Points of assignment 04, task by task.

Checks that a careless answer passes by accident count only together with one that it cannot pass.
"""

from __future__ import annotations

from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "forward": (
        Check("shapes", 0.25, requires=("function",)),
        Check("function", 0.25, requires=("shapes",)),
        Check("train-mode", 1.0),
        Check("eval-mode", 1.0),
        Check("other-size", 1.0),
        Check("batch-of-one", 0.5),
        Check("gradients", 0.75),
        Check("unchanged", 0.25, requires=("eval-mode",)),
    ),
    "reparameterize": (
        Check("mean", 0.25, requires=("new-draw",)),
        Check("spread", 0.5),
        Check("normal", 0.25, requires=("spread",)),
        Check("independent", 0.5, requires=("mean", "new-draw")),
        Check("new-draw", 0.25, requires=("mean",)),
        Check("gradients", 0.75),
        Check("shapes", 0.25, requires=("mean", "new-draw")),
        Check("eval-mode", 0.25, requires=("spread",)),
    ),
    "kl_divergence": (
        Check("by-hand", 0.5),
        Check("values", 1.0),
        Check("batch-of-one", 0.25),
        Check("range", 0.5),
        Check("gradients", 0.75),
    ),
}
