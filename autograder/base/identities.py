"""Who is who in rows that were written at different times: before and after there was a roster, week by week."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from autograder.base.people import Directory, Person


class Row(Protocol):
    """What a row says of its person, as `Submission` and `Result` do."""

    @property
    def student(self) -> str:
        """The readable name."""

    @property
    def person(self) -> str:
        """The key in records; empty in rows of older run folders."""


class Identities:
    """The people of some rows, each by the key that is known for them today: the roster may have grown since.

    Args:
        directory: the class.
        rows: everybody that must be told apart.
    """

    def __init__(self, directory: Directory, rows: Iterable[Row]) -> None:
        self._matches = directory.find_recorded((row.person, row.student) for row in rows)

    def key(self, row: Row) -> str:
        """The key of a row's person; of a row without one, a key of its name."""
        person = self.person(row)
        return person.key if person else row.person or f"name:{row.student}"

    def person(self, row: Row) -> Person | None:
        """The row's person in the roster."""
        return self._matches[row.person, row.student].person
