"""Points of assignment 07, task by task.

Everything is compared exactly or to rounding: nothing random in a right answer can cost it points. The smallest gap
between two miss rates that must be told apart is 0.1; the pixel AUROC of an answer in float32 was within 2e-7 of that
in float64 over 200 seeds, and 1e-3 is allowed.
"""

from __future__ import annotations

from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "categorize_failure_modes": (
        Check("results", 0.25, requires=("counts",)),
        Check("counts", 0.5),
        Check("rates", 1.0),
        Check("hardest", 0.75),
        Check("few", 0.5),
        Check("false-alarms", 0.25),
        Check("order", 0.5),
        Check("unchanged", 0.25, requires=("counts",)),
    ),
    "error_heatmap": (
        Check("shape", 0.5, requires=("masks",)),
        Check("values", 1.0),
        Check("channels", 0.5),
        Check("batch-of-one", 0.25),
        Check("unchanged", 0.25, requires=("masks",)),
        Check("masks", 0.5),
    ),
}
