"""Who stands where: one row a student, what was handed in, what is missing, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograder.base.course import Assignment
from autograder.base.records import Result
from autograder.report.similar import owner

EXPECTED = 0.25  # an assignment that such a share of the class handed in is expected of everybody


@dataclass(frozen=True)
class Row:
    """One student.

    Attributes:
        student: the name.
        cells: a result (or None) for each assignment.
        unplaced: files that belong to no assignment.
        missing: what was expected of everybody and is not there; nothing for somebody with a file that could not be
            placed, since it may be that one.
    """

    student: str
    cells: tuple[Result | None, ...]
    unplaced: tuple[Result, ...]
    missing: tuple[Assignment, ...] = ()

    @property
    def graded(self) -> list[Result]:
        """What could be read."""
        return [one for one in self.cells if one is not None and one.status == "graded"]

    @property
    def unreadable(self) -> list[Result]:
        """What was handed in and could not be read."""
        return [*(one for one in self.cells if one is not None and one.status != "graded"), *self.unplaced]


@dataclass(frozen=True)
class Class:
    """A class and its work.

    Attributes:
        assignments: those that anybody handed in, in the course's order.
        results: all of them, sorted by name and file.
    """

    assignments: tuple[Assignment, ...]
    results: tuple[Result, ...]

    @cached_property
    def graded(self) -> list[Result]:
        """What could be read."""
        return [one for one in self.results if one.status == "graded"]

    @cached_property
    def in_all(self) -> bool:
        """Whether totals are more than the automatic points: somebody has begun to mark, or something was late."""
        return any(one.is_adjusted for one in self.graded)

    def points(self, result: Result) -> tuple[float, float]:
        """Points and the most that can be had: of everything, or of what is marked automatically."""
        return (result.total, result.full) if self.in_all else (result.points, result.max_points)

    @cached_property
    def full(self) -> Mapping[str, float]:
        """The most that can be had in each assignment."""
        most: dict[str, float] = {}
        for one in self.graded:
            most[one.assignment or ""] = max(most.get(one.assignment or "", 0.0), self.points(one)[1])
        return most

    def sum_of(self, row: Row) -> tuple[float, float]:
        """What a student has in all, and could have so far; what could not be read is in neither."""
        points = [self.points(one) for one in row.graded]
        absent = sum(self.full.get(one.slug, 0.0) for one in row.missing)
        return sum(got for got, _ in points), sum(most for _, most in points) + absent

    @cached_property
    def rows(self) -> list[Row]:
        """One row a student, by name."""
        people: dict[str, list[Result]] = {}
        for result in self.results:
            people.setdefault(owner(result), []).append(result)
        slugs = [one.slug for one in self.assignments]
        cells = {key: [_best(own, slug) for slug in slugs] for key, own in people.items()}
        handed_in = [sum(cell is not None for cell in column) for column in zip(*cells.values(), strict=True)]
        expected = [count >= EXPECTED * len(people) for count in handed_in]
        return [self._row(own, cells[key], expected) for key, own in people.items()]

    def _row(self, own: Sequence[Result], cells: Sequence[Result | None], expected: Sequence[bool]) -> Row:
        slugs = {one.slug for one in self.assignments}
        unplaced = tuple(one for one in own if one.assignment not in slugs)
        places = zip(self.assignments, cells, expected, strict=True)
        missing = tuple(one for one, cell, wanted in places if wanted and cell is None and not unplaced)
        return Row(own[0].student, tuple(cells), unplaced, missing)


def _best(results: Sequence[Result], slug: str) -> Result | None:
    """The graded one, should there be unreadable files of the same assignment beside it."""
    return min((one for one in results if one.assignment == slug), key=lambda one: one.status != "graded", default=None)
