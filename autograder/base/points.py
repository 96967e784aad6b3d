"""What is worth how much: the notebook's graded cells say it, and the checks of a task share out what its cell says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECK = "check-"  # a task's check cell has the task's name behind this
PARTS = 100  # a check is worth whole hundredths of a point
DIGITS = 6  # sums of hundredths, without the noise of binary numbers


def shares(weights: Sequence[float], total: float) -> list[float]:
    """What each check gives when they share out the points of their cell; together exactly those.

    Args:
        weights: the checks' own points.
        total: the cell's points.

    Returns:
        The weights themselves where they add up to the total, else whole hundredths of a point in their proportion.

    >>> shares([2, 1, 1], 4), shares([1, 1, 1], 2), shares([1, 1, 2, 5], 10)
    ([2, 1, 1], [0.67, 0.67, 0.66], [1.11, 1.11, 2.22, 5.56])
    """
    whole = math.fsum(weights)
    if math.isclose(whole, total, abs_tol=1e-9):
        return list(weights)
    if whole <= 0:
        weights, whole = [1.0] * len(weights), float(len(weights))
    exact = [PARTS * total * weight / whole for weight in weights]
    parts = [math.floor(part + 1e-9) for part in exact]
    first = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    left = round(PARTS * total) - sum(parts)
    for place in first[:left]:
        parts[place] += 1
    return [part / PARTS for part in parts]


def is_points(value: Any) -> bool:
    """Whether a value is a number of points: finite and not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def cell_points(notebook: Mapping[str, Any]) -> dict[str, float]:
    """The points of a notebook's graded cells, by grade_id; what is no number counts for nothing.

    Args:
        notebook: as JSON has it, or as nbformat does.
    """
    found: dict[str, float] = {}
    for cell in notebook.get("cells", ()):
        grading = cell.get("metadata", {}).get("nbgrader") or {}
        if grading.get("grade") and is_points(points := grading.get("points")):
            found[str(grading.get("grade_id"))] = points
    return found


def notebook_points(*places: Path) -> float:
    """The points of all graded cells of the first notebook that can be read; 0 where none can."""
    for path in places:
        try:
            points = math.fsum(cell_points(json.loads(path.read_bytes())).values())
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            continue  # the linter names what is wrong with it
        return int(points) if points.is_integer() else round(points, DIGITS)
    return 0
