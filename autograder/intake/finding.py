"""Every notebook under the given paths: folders, single files, archives and archives in archives.

Nothing is ever unpacked to disk: members are read in memory, a piece at a time, under limits. No name from a submission
is used as a path. What cannot be read is found, too, with its cause; only a path that does not exist stops a run.
"""

from __future__ import annotations

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
from autograder.intake.reading import IntakeLimits, Unreadable, too_big

IGNORED_FOLDERS = frozenset({".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git", ".venv", "node_modules"})
NOTEBOOK = re.compile(r".+\.ipynb(\.txt|\.json)?", re.IGNORECASE)
OTHER_ARCHIVES = (".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")
CHUNK = 2**20
MAX_NAME = 255  # characters of a folder's or file's name, as file systems have it
MAX_DEPTH = 40  # folders in folders of an archive
MAX_REFUSALS = 20  # rows for refused members of one archive; the rest is counted in one more row
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Found:
    """One file that may be a submission.

    Attributes:
        parts: the way to it from the given path: folders, archives and the file itself.
        data: its bytes, None when they could not be had.
        cause: why not.
    """

    parts: tuple[str, ...]
    data: bytes | None = None
    cause: str | None = None


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
    """Find every notebook under a path, in a fixed order.

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
        yield from _file(real, (path.name,), limits, seen, named=True)


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
        below = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        for entry in entries:
            if entry not in below:
                yield from _file(Path(entry.path), (*parts, entry.name), limits, seen)
        waiting += [(*parts, entry.name) for entry in reversed(below) if entry.name not in IGNORED_FOLDERS]


def _file(
    path: Path, parts: tuple[str, ...], limits: IntakeLimits, seen: set[Path], *, named: bool = False
) -> Iterator[Found]:
    """A file on disk: nothing, one notebook, or whatever an archive holds."""
    if path in seen:
        return
    seen.add(path)
    try:
        if path.is_symlink():
            if path.is_dir() or _kind(path.name):
                yield Found(parts, cause="it is a symbolic link; links are not followed. Hand in the file itself.")
        elif _kind(path.name) == "notebook":
            yield Found(parts, _read_file(path, limits))
        elif _kind(path.name) == "archive":
            with _open(path) as file:
                yield from _archive(file, parts, limits)
        elif named or _kind(path.name):
            yield Found(parts, cause="only notebooks (.ipynb) and zip archives are read.")
    except Unreadable as error:
        yield Found(parts, cause=str(error))
    except OSError as error:
        yield Found(parts, cause=f"the file cannot be read ({error.strerror or 'input error'}).")


def _kind(name: str) -> str:
    """`notebook`, `archive`, `other` for archives that are not read, or nothing; macOS's shadow files are nothing."""
    if name.startswith("._"):
        return ""
    if NOTEBOOK.fullmatch(name):
        return "notebook"
    lower = name.lower()
    return "archive" if lower.endswith(".zip") else "other" if lower.endswith(OTHER_ARCHIVES) else ""


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
    """The notebooks of an archive file on disk; each member has an allowance by its packed size."""
    budget = Budget(limits.slack)
    archive, members = _members(file, limits)
    with archive:
        yield from _walk(
            archive, members, parts, limits, lambda one: Allowance(limits.ratio * one.compress_size + CHUNK, budget)
        )


def _nested(data: bytes, parts: tuple[str, ...], limits: IntakeLimits, allowance: Allowance) -> Iterator[Found]:
    """The notebooks of an archive in an archive; everything in it draws on the outer member's allowance."""
    level = sum(_kind(part) == "archive" for part in parts)
    if level > limits.nesting:
        raise Unreadable(f"archives are nested {level} deep, at most {limits.nesting} are opened.")
    archive, members = _members(io.BytesIO(data), limits)
    with archive:
        yield from _walk(archive, members, parts, limits, lambda _: allowance)


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
    """Every notebook of an open archive, in the order of the members' names."""
    refused = 0
    found = False
    for member in sorted(members, key=lambda one: one.filename):
        kind = _kind(member.filename.replace("\\", "/").rsplit("/", 1)[-1])
        for one in _member(archive, member, kind, parts, limits, allowance_of(member)):
            found = True
            refused += one.cause is not None
            if one.cause is None or refused <= MAX_REFUSALS:
                yield one
    if refused > MAX_REFUSALS:
        yield Found(parts, cause=f"{refused - MAX_REFUSALS} more files of this archive were refused.")
    if not found:
        yield Found(parts, cause="the archive holds no notebook (.ipynb).")


def _member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    kind: str,
    parts: tuple[str, ...],
    limits: IntakeLimits,
    allowance: Allowance,
) -> Iterator[Found]:
    try:
        inside = _safe_parts(member)
    except Unreadable as error:
        yield Found((*parts, _last_part(member.filename)), cause=str(error))
        return
    place = (*parts, *inside)
    if not kind or IGNORED_FOLDERS & set(inside):
        return
    try:
        if kind == "other":
            raise Unreadable("only notebooks (.ipynb) and zip archives are read.")
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
        raise Unreadable("it is a symbolic link; links are not followed. Hand in the file itself.")
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
