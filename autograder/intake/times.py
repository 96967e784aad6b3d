"""When a file was handed in, where its surroundings tell.

nbgrader writes `timestamp.txt` beside the notebook when it takes a submission. Inside an archive, or in the folder of
a learning platform, a file of that name may be the student's own, and is not believed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from autograder.intake.students import PLATFORMS
from autograder.report.late import parse_time

FILE = "timestamp.txt"
MAX_BYTES = 200
_CANVAS_LATE = re.compile(r"[^\W_][^_\s]*_LATE_\d+_\d+_.+\.\w+")


def handed_in(path: Path, parts: Sequence[str], now: datetime | None = None) -> tuple[str | None, tuple[str, ...]]:
    """When a file was handed in, as ISO 8601 in UTC, and remarks.

    Args:
        path: the path that the person at the keyboard named.
        parts: the way from it to the file (for a single file: its name alone).
        now: nothing is handed in later; by default the present.
    """
    remarks = ()
    if any(_CANVAS_LATE.fullmatch(part) for part in (path.name, *parts)):
        remarks = ("Canvas marked it as late; its name tells no time, so nothing is taken off for that here.",)
    text = _timestamp(path.resolve(), parts)
    if not text:
        return None, remarks
    try:
        return parse_time(text, now or datetime.now(UTC)).isoformat(), remarks
    except ValueError as error:
        return None, (*remarks, f"When it was handed in is not known: {error}.")


def _timestamp(root: Path, parts: Sequence[str]) -> str | None:
    """The contents of nbgrader's file, if there is one that nbgrader must have written."""
    folders = parts[:-1]
    names = (*root.parts[-3:], *parts)
    archives = any(part.lower().endswith(".zip") for part in names)
    if archives or any(pattern.fullmatch(part) for part in names for pattern in PLATFORMS):
        return None
    folder = root.joinpath(*folders) if root.is_dir() else root.parent
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read(MAX_BYTES).decode("utf-8-sig", "replace")
