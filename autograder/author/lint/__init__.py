"""The linter of notebooks and settings: all mistakes at once, each with notebook, cell and line (`course check`)."""

from autograder.author.lint.course import lint, refuse_mistakes
from autograder.author.lint.finding import Finding

__all__ = ["Finding", "lint", "refuse_mistakes"]
