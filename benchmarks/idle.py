"""A grader that has its result at hand, in a module of its own: the processes that it is handed out to import it."""

from __future__ import annotations

from autograder.base.records import Result, Work
from autograder.run.one import Grader
from autograder.wall.sandbox import Limits


class Idle(Grader):
    """Has the result at hand."""

    def __init__(self, result: Result) -> None:
        super().__init__({}, Limits())
        self.result = result

    def grade(self, work: Work) -> Result:
        """The result, without any work."""
        return self.result
