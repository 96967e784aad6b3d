"""A submission becomes a notebook that can be graded: the instructor's release, with the student's answers in it."""

from autograder.rebuild.plain import from_answer
from autograder.rebuild.rebuild import regraft

__all__ = ["from_answer", "regraft"]
