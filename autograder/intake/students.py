"""Under which name a file was handed in, told from its folders and archives: never from what it says about itself.

The outermost name wins, so that nobody can hand in under another's name by nesting folders in an archive of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.base.course import Assignment
from autograder.base.names import UNKNOWN, clean_name
from autograder.intake.kinds import ENDING, kind_of

#: How learning platforms name what they export. Moodle's folders or files: its number is of one person in one
#: assignment. Canvas's files, those of text and links included: the first number is the user's and stays. Canvas's
#: files of an anonymous assignment. Blackboard's files, which bear the login.
PLATFORMS = (
    re.compile(r"(?P<name>[^_].*?)_(?P<moodle>\d{1,18})_assignsubmission_(?:file|onlinetext)(?:_.*)?"),
    re.compile(r"(?P<name>[^\W_][^_\s]*)_(?:LATE_)?(?P<canvas>\d{1,18})_(?:\d+_.+\.\w+|(?:text|link)\.html)"),
    re.compile(r"(?:LATE_)?(?P<name>anon_[^\W_]+)_\d+_.+\.\w+"),
    re.compile(r".+?_(?P<name>[^_]+)_attempt_\d{4}-.*"),
)
_COPY = re.compile(r"(?i)^(?:(?:copy|kopie|copie|copia) (?:of|von|de|di) |(?:copy|kopie) )+")
_NUMBER = re.compile(r"(?i)(?:\s*\((?P<a>\d{1,6})\)|[-_ ]copy(?P<b>\d{0,6})|[-_](?P<c>\d{1,2}))$")
_GENERIC = (
    "assignment", "exercise", "export", "files", "final", "graded", "handin", "handins", "homework", "hw", "notebook",
    "notebooks", "solution", "solved", "submission", "submissions", "submitted", "untitled", "upload", "uploads",
)  # fmt: skip


@dataclass(frozen=True)
class Owner:
    """Under which name a file was handed in.

    Attributes:
        name: fit for people to read.
        depth: how deep in the path the name stood; a name further out is the more to be trusted.
        canvas: the user's number in Canvas, where the name holds one.
        moodle: Moodle's number of the person in one assignment, where the name holds one.
        upload: the file's or folder's name as a platform gave it out; empty where none did.
        export: the way to what holds the name (one export of a platform, as a rule).
        is_certain: whether the name stood in the way to the file, and not only somewhere above all files.
    """

    name: str
    depth: int
    canvas: str = ""
    moodle: str = ""
    upload: str = ""
    export: tuple[str, ...] = ()
    is_certain: bool = True


def version_of(name: str) -> tuple[int, int]:
    """How new a file is by its name: copies are newer than originals, and higher numbers newer than lower ones.

    >>> version_of("encoder.ipynb") < version_of("encoder (1).ipynb") < version_of("Copy of encoder.ipynb")
    True
    """
    stem = ENDING.sub("", name)
    prefix = _COPY.match(stem)
    number = _NUMBER.search(stem)
    digits = next((found for found in number.groups() if found), "1") if number else "0"
    return (len(prefix[0].split()) if prefix else 0, int(digits))


def owners(
    root: Path,
    files: Sequence[tuple[str, ...]],
    assignments: Sequence[Assignment],
    notebooks: Sequence[tuple[str, ...]] = (),
    known: Callable[[str], bool] = lambda _: False,
) -> list[Owner]:
    """Tell under which name each file was handed in.

    Args:
        root: the path that the person at the keyboard named, resolved.
        files: the way from it to each file (for a single file: its name alone).
        assignments: the course's assignments; their names are no people's.
        notebooks: those of the files that tell how the folders are arranged; by default all.
        known: whether a name is one person's of the roster: below a folder of a section or a week, it is the owner's.

    Returns:
        The owners, in the order of the files. An archive with the work of one person bears that person's name,
        whatever its folders are called.
    """
    words = [word for one in assignments for word in (one.slug, one.notebook_name, one.module)]
    telling = notebooks or files
    if not root.name.lower().endswith(".zip"):
        skip = _wrapper(telling, words)
        return [_owner(root, parts, skip, words, known) for parts in files]
    if owner := _platform(root.name, 0, (), words):
        return [owner for _ in files]
    skip = _wrapper([parts[1:] for parts in telling], words)  # the archive itself is the path that was named
    found = [_inside(_owner(root, parts[1:], skip, words, known), parts[0]) for parts in files]
    own = person_in(root.name, words)
    alone = len({one.name for one in found}) == 1 and not any(one.upload for one in found)
    return [Owner(clean_name(own), 0) for _ in found] if own and alone else found


def _owner(
    root: Path, parts: tuple[str, ...], skip: int, words: Collection[str], known: Callable[[str], bool]
) -> Owner:
    for depth, part in enumerate(parts):
        if owner := _platform(part, depth, parts[:depth], words):
            return owner
    packed = next((depth for depth, part in enumerate(parts) if kind_of(part) == "archive"), len(parts))
    names = {depth: name for depth in range(skip, len(parts)) if (name := person_in(parts[depth], words))}
    trusted = (depth for depth, name in names.items() if depth <= packed and known(name))  # none inside an archive
    if names:
        depth = next(trusted, min(names))
        return Owner(clean_name(names[depth]), depth, export=parts[:depth])
    named = root if parts == (root.name,) else root / "file"
    for part in [*parts[:skip][::-1], *(folder.name for folder in named.parents)]:
        if name := person_in(part, words):
            return Owner(clean_name(name), len(parts), is_certain=False)
        if not any(word in part for word in words):
            break
    return Owner(UNKNOWN, len(parts), is_certain=False)


def _inside(owner: Owner, archive: str) -> Owner:
    """An owner that was told without the archive around everything."""
    return replace(owner, depth=owner.depth + 1, export=(archive, *owner.export))


def _platform(part: str, depth: int, export: tuple[str, ...], words: Collection[str]) -> Owner | None:
    """The owner by a platform's way of naming; a file like `encoder_2_1_final.ipynb` bears no name."""
    for pattern in PLATFORMS:
        if (found := pattern.fullmatch(part)) and person_in(found["name"], words):
            numbers = {key: value for key, value in found.groupdict().items() if key != "name"}
            return Owner(clean_name(found["name"]), depth, **numbers, upload=part, export=export)
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
    stem = _COPY.sub("", ENDING.sub("", part))
    stem = re.sub(r"(?i)\s*\(\d{1,6}\)$|[-_ ]copy\d{0,6}$", "", stem)
    named = "|".join(re.escape(word) for word in sorted({*words, *_GENERIC}, key=len, reverse=True))
    rest = re.sub(rf"(?i)(?<![^\W_])(?:{named})\d{{0,2}}(?![^\W_])", "\0", stem)
    if rest == stem:
        return "" if re.fullmatch(r"[\W_]*\d{0,2}[\W_]*", stem) else stem
    pieces = [re.sub(r"^[\W_]+|[\W_]+$", "", piece) for piece in rest.split("\0")]
    kept = [piece for piece in pieces if piece and not re.fullmatch(r"\d{1,2}", piece)]
    return " ".join(kept)
