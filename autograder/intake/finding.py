"""Everything under the given paths: folders, single files, archives and archives in archives.

Nothing is ever unpacked to disk: members are read in memory, a piece at a time, under limits. No name from a submission
is used as a path. What cannot be read is found, too, with its cause: a PDF, a picture, an empty folder, a link. Only a
path that does not exist stops a run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from autograder.base.course import CourseError
from autograder.intake.kinds import EMPTY_ARCHIVE, EMPTY_FOLDER, IGNORED_FOLDERS, cause_of, kind_of
from autograder.intake.reading import IntakeLimits, Unreadable, too_big

CHUNK = 2**20
LINK = "it is a symbolic link; links are not followed. Hand in the file itself."
MAX_NAME = 255  # characters of a folder's or file's name, as file systems have it
MAX_DEPTH = 40  # folders in folders of an archive
MAX_REFUSALS = 20  # members of one archive whose names are refused; the rest is counted in one more
MAX_CAUSES = 20_000  # things of one archive on disk that cannot be read; the rest is counted in one more …
MAX_NESTED_CAUSES = 500  # … and of an archive in it, so that one person's cannot crowd out the others
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Found:
    """One thing that may be a submission.

    Attributes:
        parts: the way to it from the given path: folders, archives and the file itself (nothing for a folder).
        data: its bytes, None when they could not be had.
        cause: why not.
        is_other: whether it is no notebook and no archive that may hold one: it matters only where nothing readable
            lies beside it.
    """

    parts: tuple[str, ...]
    data: bytes | None = None
    cause: str | None = None
    is_other: bool = False


@dataclass
class Budget:
    """How much one archive file may still unpack to beyond the ordinary ratio, its nested archives included."""

    left: int


@dataclass
class Allowance:
    """How many bytes one member may unpack to, everything inside it included.

    Attributes:
        free: bytes that are this member's own.
        budget: what it draws on after that.
    """

    free: int
    budget: Budget

    def spend(self, size: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            Unreadable: that was too much.
        """
        own = min(size, self.free)
        self.free -= own
        self.budget.left -= size - own
        if size > own and self.budget.left < 0:
            raise Unreadable("the archive unpacks to absurd amounts of data (a zip bomb?); it was not read further.")


def find(path: Path, limits: IntakeLimits, seen: set[Path]) -> Iterator[Found]:
    """Find everything under a path, in a fixed order.

    Args:
        path: a folder, a notebook or a zip archive, named by the person at the keyboard.
        limits: what a submission may cost.
        seen: files found so far, by real path; a file is found once.

    Raises:
        CourseError: there is no such path.
    """
    if not path.exists():
        raise CourseError(f"{path} does not exist: expected a notebook (.ipynb), a folder or a zip archive")
    real = path.resolve()
    if real.is_dir():
        yield from _folder(real, limits, seen)
    else:
        yield from _file(real, (path.name,), limits, seen)


def _folder(root: Path, limits: IntakeLimits, seen: set[Path]) -> Iterator[Found]:
    """A folder's files; links are refused, never followed."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        try:
            entries = sorted(os.scandir(os.path.join(root, *parts)), key=lambda entry: entry.name)
        except OSError as error:
            yield Found((*parts, ""), cause=f"the folder cannot be read ({error.strerror}).")
            continue
        folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
        below = [entry.name for entry in entries if entry.name in folders - IGNORED_FOLDERS]
        files = [entry for entry in entries if entry.name not in folders and kind_of(entry.name)]
        if parts and not below and not files:
            yield Found((*parts, ""), cause=EMPTY_FOLDER, is_other=True)
        for entry in files:
            yield from _file(Path(entry.path), (*parts, entry.name), limits, seen)
        waiting += [(*parts, name) for name in reversed(below)]


def _file(path: Path, parts: tuple[str, ...], limits: IntakeLimits, seen: set[Path]) -> Iterator[Found]:
    """A file on disk: one notebook, whatever an archive holds, or something else."""
    if path in seen:
        return
    seen.add(path)
    kind = kind_of(path.name)
    try:
        if path.is_symlink():
            yield Found(parts, cause=LINK, is_other=kind != "notebook" and not path.is_dir())
        elif kind == "notebook":
            yield Found(parts, _read_file(path, limits))
        elif kind == "archive":
            with _open(path) as file:
                yield from _archive(file, parts, limits)
        else:
            yield Found(parts, cause=cause_of(path.name), is_other=True)
    except Unreadable as error:
        yield Found(parts, cause=str(error))
    except OSError as error:
        yield Found(parts, cause=f"the file cannot be read ({error.strerror or 'input error'}).")


def _open(path: Path) -> BinaryIO:
    """Open a regular file; a link or pipe that took its place in the meantime is refused, not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("it is not an ordinary file.")
    return os.fdopen(descriptor, "rb")


def _read_file(path: Path, limits: IntakeLimits) -> bytes:
    with _open(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limits.notebook_bytes:
            raise too_big(size, limits.notebook_bytes)
        return file.read(limits.notebook_bytes + 1)


# --- archives --------------------------------------------------------------------------------------------------------


def _archive(file: BinaryIO, parts: tuple[str, ...], limits: IntakeLimits) -> Iterator[Found]:
    """What an archive file on disk holds; each member has an allowance by its packed size."""
    budget = Budget(limits.slack)
    archive, members = _members(file, limits)
    with archive:
        found = _walk(
            archive, members, parts, limits, lambda one: Allowance(limits.ratio * one.compress_size + CHUNK, budget)
        )
        yield from _bounded(found, parts, MAX_CAUSES)


def _bounded(found: Iterator[Found], parts: tuple[str, ...], most: int) -> Iterator[Found]:
    """What an archive holds; of what cannot be read only so much, and the number of the rest."""
    causes = 0
    for one in found:
        causes += one.cause is not None
        if one.cause is None or causes <= most:
            yield one
    if causes > most:
        yield Found(parts, cause=f"{causes - most} more files of this archive cannot be read.")


def _nested(data: bytes, parts: tuple[str, ...], limits: IntakeLimits, allowance: Allowance) -> Iterator[Found]:
    """What an archive in an archive holds; everything in it draws on the outer member's allowance."""
    level = sum(kind_of(part) == "archive" for part in parts)
    if level > limits.nesting:
        raise Unreadable(f"archives are nested {level} deep, at most {limits.nesting} are opened.")
    archive, members = _members(io.BytesIO(data), limits)
    with archive:
        yield from _bounded(_walk(archive, members, parts, limits, lambda _: allowance), parts, MAX_NESTED_CAUSES)


def _members(file: BinaryIO, limits: IntakeLimits) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Open an archive after looking at how long its table of contents claims to be."""
    size = file.seek(0, os.SEEK_END)
    if _table_bytes(file, size) > limits.archive_members * 256:
        raise Unreadable(f"the archive holds more than {limits.archive_members} files. Hand in the notebook alone.")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError):
        raise Unreadable("the archive is damaged or no zip archive. Make it again, and hand it in once more.") from None
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > limits.archive_members:
        raise Unreadable(f"the archive holds {len(members)} files, at most {limits.archive_members} are read.")
    if sum(member.compress_size for member in members) > size:
        raise Unreadable("the archive's files overlap (a zip bomb?); it was not read.")
    return archive, members


def _table_bytes(file: BinaryIO, size: int) -> int:
    """Length of the table of contents by the archive's end record (APPNOTE 4.3.16, 4.3.14); 0 when there is none."""
    file.seek(max(0, size - 2**16 - 100))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 16:
        return 0
    claimed = struct.unpack_from("<L", tail, place + 12)[0]
    large = place - 20 - 56  # zip64's end record and its locator stand before the ordinary one
    if large >= 0 and tail[place - 20 : place - 16] == b"PK\x06\x07":
        claimed = max(claimed % 0xFFFFFFFF, struct.unpack_from("<Q", tail, large + 40)[0])
    return claimed


def _walk(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    parts: tuple[str, ...],
    limits: IntakeLimits,
    allowance_of: Callable[[zipfile.ZipInfo], Allowance],
) -> Iterator[Found]:
    """What an open archive holds, in the order of the members' names."""
    found, refused = False, 0
    for member in sorted(members, key=lambda one: one.filename):
        try:
            inside = _safe_parts(member)
        except Unreadable as error:
            refused += 1
            if refused <= MAX_REFUSALS:
                yield Found((*parts, _last_part(member.filename)), cause=str(error))
            continue
        for one in _member(archive, member, parts, inside, limits, allowance_of(member)):
            found = True
            yield one
    if refused > MAX_REFUSALS:
        yield Found(parts, cause=f"{refused - MAX_REFUSALS} more files of this archive were refused.")
    for folder in _empty_folders(archive):
        found = True
        yield Found((*parts, *folder, ""), cause=EMPTY_FOLDER, is_other=True)
    if not found and not refused:
        yield Found(parts, cause=EMPTY_ARCHIVE, is_other=True)


def _empty_folders(archive: zipfile.ZipFile) -> list[tuple[str, ...]]:
    """The folders of an archive in which nothing lies that somebody may have handed in."""
    filled: set[tuple[str, ...]] = set()
    folders = []
    for member in archive.infolist():
        with contextlib.suppress(Unreadable):
            inside = _safe_parts(member)
            if not IGNORED_FOLDERS.isdisjoint(inside):
                continue
            if member.is_dir():
                folders.append(inside)
                inside = inside[:-1]  # a folder that holds an empty one is not reported as well
            elif not kind_of(inside[-1]):
                folders.append(inside[:-1])
                inside = inside[:-2]
            else:
                inside = inside[:-1]
            filled.update(inside[:depth] for depth in range(1, len(inside) + 1))
    return sorted({folder for folder in folders if folder} - filled)


def _member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    parts: tuple[str, ...],
    inside: tuple[str, ...],
    limits: IntakeLimits,
    allowance: Allowance,
) -> Iterator[Found]:
    kind = kind_of(inside[-1])
    place = (*parts, *inside)
    if not kind or IGNORED_FOLDERS & set(inside):
        return
    if kind == "other":
        yield Found(place, cause=cause_of(inside[-1]), is_other=True)
        return
    try:
        data = _unpack(archive, member, limits.notebook_bytes if kind == "notebook" else limits.nested_bytes, allowance)
        if kind == "notebook":
            yield Found(place, data)
        else:
            yield from _nested(data, place, limits, allowance)
    except Unreadable as error:
        yield Found(place, cause=str(error))


def _safe_parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """A member's way inside its archive.

    Raises:
        Unreadable: it leads outside, or is a link.
    """
    name = member.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise Unreadable("its path leads outside the archive; it was not read.")
    if len(parts) > MAX_DEPTH or max(map(len, parts)) > MAX_NAME:
        raise Unreadable("its name is absurdly long; it was not read.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unreadable(LINK)
    return parts


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "unnamed"


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int, allowance: Allowance) -> bytes:
    """A member's bytes, read piece by piece; what its header claims about its size is not believed."""
    if member.flag_bits & 0x1:
        raise Unreadable("it is protected by a password. Hand it in without one.")
    if member.compress_type not in READABLE_METHODS:
        raise Unreadable("it is packed by a method that is not read here: make an ordinary zip archive.")
    pieces: list[bytes] = []
    size = 0
    try:
        with archive.open(member) as stream:
            while piece := stream.read(CHUNK):
                size += len(piece)
                if size > limit:
                    raise too_big(max(size, min(member.file_size, 2**40)), limit)
                allowance.spend(len(piece))
                pieces.append(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise Unreadable("the archive is damaged at this file. Make it again, and hand it in once more.") from None
    return b"".join(pieces)
