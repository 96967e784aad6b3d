"""Variants of an exam: whoever hands in again meets other inputs than the time before.

A variant has seeds and images of its own, which follow from the run's secret, and is prepared when somebody first needs
it. The same notebook always meets the variant that it met first, so that grading again gives the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.author.trees import write_atomically
from autograder.base.course import Assignment
from autograder.base.records import Submission

FILE = "attempts.json"
MOST = 8  # variants; a ninth attempt meets the first again
REMEMBERED = 64  # notebooks of one person for one assignment


@dataclass(frozen=True)
class Sitting:
    """An assignment in one variant.

    Attributes:
        assignment: which one.
        variant: counted from 0, which is everybody's first.
    """

    assignment: Assignment
    variant: int = 0

    @property
    def name(self) -> str:
        """Unique in a run: the slug, with the variant where it is not the first."""
        return self.assignment.slug if not self.variant else f"{self.assignment.slug} ({self.variant + 1})"


def secret_of(secret: bytes, variant: int) -> bytes:
    """The secret of a variant."""
    return hmac.new(secret, f"variant {variant}".encode(), hashlib.sha256).digest() if variant else secret


class Attempts:
    """Who met which variant with which notebook, in a run folder.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._known = _read(self._path)

    def sitting(self, submission: Submission, key: str) -> Sitting | None:
        """What a submission sits; None when it cannot be graded.

        Args:
            submission: of one person, for one assignment.
            key: its fingerprint.
        """
        if submission.assignment is None or not submission.is_readable:
            return None
        place = f"{submission.assignment.slug}/{submission.person or submission.student}"
        met = self._known.setdefault(place, {})
        if key not in met:
            met[key] = (list(met.values())[-1] + 1) % MOST if met else 0
            for oldest in list(met)[:-REMEMBERED]:
                del met[oldest]
        return Sitting(submission.assignment, met[key])

    def save(self) -> None:
        """Write down what is known, so that an interrupted run goes on with the same."""
        known = {place: self._known[place] for place in sorted(self._known)}
        write_atomically(self._path, json.dumps(known, indent=0).encode())


def _read(path: Path) -> dict[str, dict[str, int]]:
    """What was written down; what is damaged counts as unknown."""
    try:
        known: Any = json.loads(path.read_bytes())
        return {str(place): {str(key): int(one) % MOST for key, one in met.items()} for place, met in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def by_slug(sittings: Iterable[Sitting], of: Mapping[str, Any]) -> dict[str, Any]:
    """For each assignment what belongs to its lowest variant, from what belongs to each sitting by name."""
    ordered = sorted(sittings, key=lambda one: -one.variant)
    return {one.assignment.slug: of[one.name] for one in ordered}
