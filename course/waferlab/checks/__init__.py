"""The visible checks, one module per assignment: `checks.pca`, `checks.encoder`, ….

Each module offers `TASKS` (for the grader) and one `check_<task>` function per task (for the notebook).
"""

from waferlab.checks.core import Case, CheckFailed, Finding, Task, when_answered

__all__ = ["Case", "CheckFailed", "Finding", "Task", "when_answered"]
