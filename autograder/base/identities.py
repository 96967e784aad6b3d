"""Who is who in rows that were written at different times: before and after there was a roster, week by week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """The people of some rows, each by the key that is known for them today.

    A roster may have come or grown since a row was written. A row of a Canvas number or of a name is a person of the
    roster where number or name say so; by name only as long as no other number and no other name claim that person.

    Args:
        directory: the class.
        rows: everybody that must be told apart.
    """

    def __init__(self, directory: Directory, rows: Iterable[Row]) -> None:
        self._directory = directory
        self._keys = self._lifted({(row.person, row.student) for row in rows})

    def key(self, row: Row) -> str:
        """The key of a row's person; of a row without one, a key of its name."""
        return self._keys.get((row.person, row.student)) or row.person or f"name:{row.student}"

    def person(self, row: Row) -> Person | None:
        """The row's person in the roster."""
        return self._directory.by_key(self.key(row))

    def _lifted(self, people: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        keys: dict[tuple[str, str], str] = {}
        claims: dict[str, set[str]] = {}
        by_name: dict[tuple[str, str], str] = {}
        for person, student in people:
            kind, _, text = person.partition(":")
            number = text if kind == "canvas" else ""
            match = self._directory.find(student if kind in ("canvas", "") else text, platform_id=number).person
            if match is None or kind == "roster":
                continue
            if number and match.canvas_id == number:
                keys[person, student] = match.key
            else:
                by_name[person, student] = match.key
                claims.setdefault(match.key, set()).add(person or f"name:{student}")
        return keys | {row: key for row, key in by_name.items() if len(claims[key]) == 1}
