"""Whatever a class handed in becomes a list of submissions, each readable or with the cause why not."""

from autograder.intake.collect import collect
from autograder.intake.overview import Intake
from autograder.intake.reading import IntakeLimits

__all__ = ["Intake", "IntakeLimits", "collect"]
