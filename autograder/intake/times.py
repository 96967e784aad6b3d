"""When a file was handed in, where its surroundings tell.

nbgrader writes `timestamp.txt` beside the notebook when it takes a submission. Inside an archive, or in the folder of
a learning platform, a file of that name may be the student's own, and is not believed. Other times come with the
reports (`report/times.py`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.intake.students import PLATFORMS

FILE = "timestamp.txt"
MAX_BYTES = 200
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS = timedelta(minutes=10)  # by which two machines' clocks may differ


def handed_in(path: Path, parts: Sequence[str], now: datetime | None = None) -> tuple[str | None, tuple[str, ...]]:
    """When a file was handed in, as ISO 8601 in UTC, and remarks.

    Args:
        path: the path that the person at the keyboard named.
        parts: the way from it to the file (for a single file: its name alone).
        now: nothing is handed in later; by default the present.
    """
    text = _timestamp(path.resolve(), parts)
    if not text:
        return None, ()
    try:
        return parse_time(text, now or datetime.now(UTC)).isoformat(), ()
    except ValueError as error:
        return None, (f"When it was handed in is not known: {error}.")


def parse_time(text: str, now: datetime) -> datetime:
    """When something was handed in, in UTC, from the words of nbgrader's `timestamp.txt`.

    As in `nbgrader.utils.parse_utc`, a zone may be an offset or a name, and a time without one is UTC. In the hour that
    a clock shows twice in autumn, the earlier is meant.

    >>> parse_time("2026-03-29 03:30:00 Europe/Berlin", datetime(2027, 1, 1, tzinfo=UTC)).isoformat()
    '2026-03-29T01:30:00+00:00'

    Args:
        text: the file's contents; nobody vouches for them.
        now: nothing is handed in later than this.

    Raises:
        ValueError: with a sentence for people.
    """
    words = text.split()
    zone = words.pop() if len(words) > 1 and words[-1][0].isalpha() and words[-1] != "Z" else None
    try:
        time = datetime.fromisoformat("T".join(words[:2]) + "".join(words[2:]))
        if ":" not in text or (zone and time.tzinfo):
            raise ValueError
        time = time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone or "UTC"))
        time = time.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        raise ValueError("its timestamp is no date and time, or names an unknown time zone") from None
    if not EARLIEST <= time <= now + CLOCKS:
        raise ValueError("its timestamp lies in the future" if time > now else "its timestamp is before the year 2000")
    return time


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
