"""The checks, one module (or one folder, a module a task) per assignment: `checks.pca`, `checks.encoder`, ….

Each offers `TASKS`: the notebook calls `TASKS["forward"].check(ConvEncoder)`, the grader probes and judges by the same.
"""

from waferlab.checks.core import Case, CheckFailed, Finding, Task, when_answered

__all__ = ["Case", "CheckFailed", "Finding", "Task", "when_answered"]
