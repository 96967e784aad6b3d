"""Moodle's grading worksheet: whose number stands in the names of Moodle's folders.

It lies beside the submissions, as Moodle gives it out (Assignment > Download grading worksheet): the first column holds
`Participant 11`, the second the name; one column holds e-mail addresses, one, perhaps, ID numbers. The language of its
words does not matter here; `run/worksheets.py` reads hand-in times from it.
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 5 * 2**20
_NUMBER = re.compile(r"\D{2,40}?(\d{1,18})")
_ID_HEADER = re.compile(r"(?i)id[ -]?(?:number|nummer)|número de id|numéro d.identification")


@dataclass(frozen=True)
class Participant:
    """One row: who has a number in one assignment."""

    name: str
    email: str = ""
    id_number: str = ""

    @property
    def address(self) -> str:
        """What is this person's alone."""
        return self.email or self.id_number


def worksheets_in(path: Path) -> dict[Path, dict[str, Participant]]:
    """The grading worksheets at a path that a person named: itself, or directly in that folder.

    Returns:
        By file, who has which number; a table of another kind is not in it.
    """
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        return {}
    tables = {one.resolve(): _read(one) for one in files if one.suffix.lower() == ".csv" and not one.is_symlink()}
    return {file: table for file, table in tables.items() if table}


def _read(path: Path) -> dict[str, Participant]:
    try:
        if not path.is_file() or os.path.getsize(path) > MAX_BYTES:
            return {}
        header, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError, csv.Error):
        return {}
    rows = [row for row in rows if len(row) == len(header) > 2]
    numbers = [_NUMBER.fullmatch(row[0].strip()) for row in rows]
    if not rows or not all(numbers):
        return {}
    emails = [place for place in range(2, len(header)) if all("@" in row[place] or not row[place] for row in rows)]
    email = next((place for place in emails if any(row[place] for row in rows)), None)
    own = next((place for place, name in enumerate(header) if _ID_HEADER.fullmatch(name.strip())), None)
    return {
        number[1]: Participant(
            row[1].strip(), row[email].strip() if email else "", row[own].strip() if own is not None else ""
        )
        for number, row in zip(numbers, rows, strict=True)
        if number
    }
