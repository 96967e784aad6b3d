"""Graders that do what a submission's name says, in real processes, which can import them, unlike a test module."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import nbformat

from autograder.base.course import Assignment
from autograder.base.records import Result, Submission, Work
from autograder.run.one import Grader
from autograder.wall.sandbox import Limits, WorkerError

ASSIGNMENT = Assignment("04-encoder", "Encoder", 14)


class Double(Grader):
    """Grades by name: `deadly` kills its process, `once` the first time only, `slow` takes a while.

    Args:
        log: a line is added to this file whenever a submission is begun.
    """

    def __init__(self, log: Path) -> None:
        super().__init__({}, Limits())
        self.log = log

    def grade(self, work: Work) -> Result:
        """The submission's row; its repairs name the process."""
        submission = work.submission
        seen = self.log.read_text().split() if self.log.exists() else []
        with self.log.open("a") as file:
            file.write(f"{submission.student}\n")
        kind = submission.student.split("-")[0]
        if kind == "deadly" or (kind == "once" and submission.student not in seen):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "unable":
            raise WorkerError("the grading worker did not start")
        time.sleep(0.5 if kind == "slow" else 0)
        return Result(submission.student, submission.file, ASSIGNMENT.slug, "graded", repairs=(str(os.getpid()),))


def work(*students: str) -> list[Work]:
    """One submission a student."""
    notebook = nbformat.v4.new_notebook()
    slug = ASSIGNMENT.slug
    return [Work(Submission(name, f"{name}.ipynb", ASSIGNMENT, notebook), name, exam=slug) for name in students]
