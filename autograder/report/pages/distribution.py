"""How points are distributed: histograms of the assignments, and of all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median

from autograder.report.pages import common as pages
from autograder.report.pages.standing import Class

BINS = 10
WIDTH, HEIGHT, BASE = 320, 84, 104  # of the histogram: drawing width, tallest bar, line that the bars stand on


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram, in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float
    count: int

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Tick:
    """A number under the histogram's line."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """The distribution of one assignment's points.

    Attributes:
        title: of the assignment.
        most: the points that could be had.
        points: in any order.
        counted: what a bar counts.
    """

    title: str
    most: float
    points: tuple[float, ...]
    counted: str = "submissions"

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(self.points)

    @property
    def median(self) -> float:
        """Median of the points."""
        return median(self.points)

    @property
    def mean(self) -> float:
        """Mean of the points."""
        return fmean(self.points)

    @property
    def counts(self) -> list[int]:
        """Submissions in each of `BINS` equal parts of the scale; full marks lie in the last."""
        parts = [min(int(BINS * max(one, 0.0) / self.most), BINS - 1) if self.most else 0 for one in self.points]
        return [parts.count(number) for number in range(BINS)]

    @property
    def bars(self) -> list[Bar]:
        """The drawing."""
        step, tallest = WIDTH / BINS, max(self.counts)
        heights = [round(HEIGHT * count / tallest, 1) for count in self.counts]
        return [
            Bar(round(number * step + 2, 1), round(BASE - height, 1), step - 4, height, count)
            for number, (height, count) in enumerate(zip(heights, self.counts, strict=True))
        ]

    @property
    def ticks(self) -> list[Tick]:
        """Zero, half and full points."""
        places = ((0, 0.0, "start"), (WIDTH / 2, self.most / 2, "middle"), (WIDTH, self.most, "end"))
        return [Tick(x, pages.number(value), anchor) for x, value, anchor in places]

    @property
    def spoken(self) -> str:
        """The histogram in words."""
        edges = [pages.number(self.most * number / BINS) for number in range(BINS + 1)]
        return ", ".join(
            f"{edges[number]} to {edges[number + 1]}: {count}" for number, count in enumerate(self.counts) if count
        )


def charts(group: Class) -> list[Chart]:
    """One chart for each assignment with anything graded, and before them one of all together."""
    found = []
    for assignment in group.assignments:
        own = [group.points(one)[0] for one in group.graded if one.assignment == assignment.slug]
        if own:
            found.append(Chart(assignment.title, group.full[assignment.slug], tuple(sorted(own))))
    sums = [group.sum_of(row) for row in group.rows]
    most = max((most for _, most in sums), default=0.0)
    if len(found) > 1:
        points = tuple(sorted(got for got, could in sums if could))
        found.insert(0, Chart("Course total so far", most, points, "students"))
    return found
