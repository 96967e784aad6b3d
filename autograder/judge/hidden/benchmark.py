"""Points of assignment 08, task by task.

Times are judged by bounds, not by windows around an expected value: a clock that is read before a call and after its
work shows at least the time between the stub's own notes of both, and at most the time from the end of the work before
to whatever the answer does next. A right answer meets both on every machine, however busy; what is left is rounding,
and clocks that differ by less than one in a thousand. So its chance to fail is not measured but nil. Wrong answers are
caught about as well on a busy machine as on a quiet one: a stub notes its own time after it has slept, so that what a
busy machine adds to a sleep is in the bounds, too.

The 50 ms are judged where there is a GPU only (`real-model`): there P99 at batch 1 must not exceed them.
"""

from __future__ import annotations

from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "benchmark_inference": (
        Check("results", 0.25, requires=("mean",)),
        Check("calls", 0.5),
        Check("eval-mode", 0.25),
        Check("mode-restored", 0.25, requires=("eval-mode",)),
        Check("mean", 0.75),
        Check("p99", 0.5),
        Check("per-image", 0.25, requires=("mean",)),
        Check("synchronise", 0.5),
        Check("memory", 0.25),
        Check("parameters", 0.25),
        Check("real-model", 0.25, requires=("mean",)),
    ),
    "export_model": (
        Check("files", 0.25, requires=("torchscript",)),
        Check("torchscript", 0.5),
        Check("torch-export", 0.5),
        Check("batch-sizes", 0.25),
        Check("verified", 0.25, requires=("files", "torchscript")),
        Check("unchanged", 0.25, requires=("torchscript",)),
    ),
}
