"""Who handed a file in, told from the names of its folders and archives: never from what the file says about itself.

The outermost name wins, so that nobody can hand in under another's name by nesting folders in an archive of their own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.base.course import Assignment
from autograder.base.names import UNKNOWN, clean_name

#: How learning platforms name what they export: Moodle's folders (or files), Canvas's files, Blackboard's files.
PLATFORMS = (
    re.compile(r"(?P<name>[^_].*?)_\d+_assignsubmission_(?:file|onlinetext)(?:_.*)?"),
    re.compile(r"(?P<name>[^\W_][^_\s]*)_(?:LATE_)?\d+_\d+_.+\.\w+"),
    re.compile(r".+?_(?P<name>[^_]+)_attempt_\d{4}-.*"),
)
_COPY = re.compile(r"(?i)^(?:(?:copy|kopie|copie|copia) (?:of|von|de|di) |(?:copy|kopie) )+")
_NUMBER = re.compile(r"(?i)(?:\s*\((?P<a>\d{1,6})\)|[-_ ]copy(?P<b>\d{0,6})|[-_](?P<c>\d{1,2}))$")
_ENDING = re.compile(r"(?i)(?:\.ipynb(?:\.txt|\.json)?|\.zip)$")
_GENERIC = (
    "assignment", "exercise", "export", "files", "final", "graded", "handin", "handins", "homework", "hw", "notebook",
    "notebooks", "solution", "solved", "submission", "submissions", "submitted", "untitled", "upload", "uploads",
)  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Whose file it is.

    Attributes:
        student: the name, fit for people to read.
        depth: how deep in the path the name stood; a name further out is the more to be trusted.
    """

    student: str
    depth: int


def version_of(name: str) -> tuple[int, int]:
    """How new a file is by its name: copies are newer than originals, and higher numbers newer than lower ones.

    >>> version_of("encoder.ipynb") < version_of("encoder (1).ipynb") < version_of("Copy of encoder.ipynb")
    True
    """
    stem = _ENDING.sub("", name)
    prefix = _COPY.match(stem)
    number = _NUMBER.search(stem)
    digits = next((found for found in number.groups() if found), "1") if number else "0"
    return (len(prefix[0].split()) if prefix else 0, int(digits))


def owners(root: Path, files: Sequence[tuple[str, ...]], assignments: Sequence[Assignment]) -> list[Owner]:
    """Tell whose each file is.

    Args:
        root: the path that the person at the keyboard named, resolved.
        files: the way from it to each file (for a single file: its name alone).
        assignments: the course's assignments; their names are no people's.

    Returns:
        The owners, in the order of the files. An archive with the work of one person bears that person's name,
        whatever its folders are called.
    """
    words = [word for one in assignments for word in (one.slug, one.notebook_name, one.module)]
    if not root.name.lower().endswith(".zip"):
        skip = _wrapper(files, words)
        return [_owner(root, parts, skip, words) for parts in files]
    if name := _platform(root.name):
        return [Owner(clean_name(name), 0) for _ in files]
    inner = [parts[1:] for parts in files]  # the archive itself is the path that was named
    skip = _wrapper(inner, words)
    found = [_owner(root, parts, skip, words) for parts in inner]
    own = person_in(root.name, words)
    alone = len({one.student for one in found}) == 1 and not any(_platform(part) for parts in inner for part in parts)
    return [Owner(clean_name(own), 0) for _ in found] if own and alone else found


def _owner(root: Path, parts: tuple[str, ...], skip: int, words: Collection[str]) -> Owner:
    for depth, part in enumerate(parts):
        if name := _platform(part):
            return Owner(clean_name(name), depth)
    for depth, part in enumerate(parts[skip:], start=skip):
        if name := person_in(part, words):
            return Owner(clean_name(name), depth)
    named = root if parts == (root.name,) else root / "file"
    for part in [*parts[:skip][::-1], *(folder.name for folder in named.parents)]:
        if name := person_in(part, words):
            return Owner(clean_name(name), len(parts))
        if not any(word in part for word in words):
            break
    return Owner(UNKNOWN, len(parts))


def _platform(part: str) -> str | None:
    for pattern in PLATFORMS:
        if found := pattern.fullmatch(part):
            return found["name"]
    return None


def _wrapper(files: Sequence[tuple[str, ...]], words: Collection[str]) -> int:
    """How many outer folders hold everything: when several people's work lies below, they are nobody's name."""
    skip = 0
    while all(len(parts) > skip + 1 for parts in files) and len({parts[: skip + 1] for parts in files}) == 1:
        below = {person_in(parts[skip + 1], words) for parts in files} - {""}
        skip += 1
        if len(below) > 1:
            return skip
    return 0


def person_in(part: str, words: Collection[str]) -> str:
    """What is left of a file or folder name without assignment names, copy marks and generic words.

    >>> person_in("Copy of encoder_jdoe (1).ipynb", ["04-encoder", "encoder"]), person_in("encoder.ipynb", ["encoder"])
    ('jdoe', '')
    """
    stem = _COPY.sub("", _ENDING.sub("", part))
    stem = re.sub(r"(?i)\s*\(\d{1,6}\)$|[-_ ]copy\d{0,6}$", "", stem)
    named = "|".join(re.escape(word) for word in sorted({*words, *_GENERIC}, key=len, reverse=True))
    rest = re.sub(rf"(?i)(?<![^\W_])(?:{named})\d{{0,2}}(?![^\W_])", "\0", stem)
    if rest == stem:
        return "" if re.fullmatch(r"[\W_]*\d{0,2}[\W_]*", stem) else stem
    pieces = [re.sub(r"^[\W_]+|[\W_]+$", "", piece) for piece in rest.split("\0")]
    kept = [piece for piece in pieces if piece and not re.fullmatch(r"\d{1,2}", piece)]
    return " ".join(kept)
