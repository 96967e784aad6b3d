"""A generated tree: compare it with what should be there, or make it so."""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from autograder.base.course import Assignment, Course

#: Folders that editors and Python leave behind: no part of any tree.
LITTER = frozenset({"__pycache__", ".ipynb_checkpoints"})
MAX_DIFF_LINES = 60
MAX_DIFF_WIDTH = 160
MAX_LINE = 20_000  # characters; a longer one is no text for people

#: Told about each step of a long command, in words.
Progress = Callable[[str], None]


def quiet(step: str) -> None:
    """A progress callback that says nothing."""


@dataclass(frozen=True)
class Changes:
    """What a command found or did.

    Attributes:
        changed: files that are missing or differ; none are left once they have been written.
        extra: files that no command would have made; those of a generated kind are removed when writing.
        written: files written.
        removed: files removed.
        diff: what differed, as a unified diff, cut to a readable length.
        remarks: what a person should know beside that, a sentence each.
    """

    changed: list[Path] = field(default_factory=list)
    extra: list[Path] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    diff: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def stale(self) -> bool:
        """Whether the tree is (still) not what it should be."""
        return bool(self.changed or self.extra)

    def __add__(self, other: Changes) -> Changes:
        """Both together."""
        return Changes(
            self.changed + other.changed,
            self.extra + other.extra,
            self.written + other.written,
            self.removed + other.removed,
            self.diff + other.diff,
            self.remarks + other.remarks,
        )


def together(parts: Iterable[Changes]) -> Changes:
    """The sum of several changes."""
    return reduce(Changes.__add__, parts, Changes())


def files_below(root: Path) -> list[Path]:
    """Every file below a folder, sorted, without what editors and Python leave behind."""
    found = (path for path in root.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(path for path in found if not LITTER & set(path.relative_to(root).parts))


def side_files(course: Course, assignment: Assignment) -> dict[str, bytes]:
    """The other files of an assignment's source folder, by path in a generated tree; nbgrader copies them, too."""
    folder = course.root / "source" / assignment.slug
    others = [path for path in files_below(folder) if path.suffix != ".ipynb"]
    return {f"{assignment.slug}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in others}


def notebook_key(assignment: Assignment) -> str:
    """The path of an assignment's notebook in a generated tree."""
    return f"{assignment.slug}/{assignment.notebook_name}.ipynb"


def sync(root: Path, wanted: Mapping[str, bytes], *, check: bool) -> Changes:
    """Make a generated tree hold exactly the wanted files, or only say what differs.

    Writing removes extra files of a generated kind (the endings of the wanted files): a renamed assignment leaves none
    of its old self behind. It leaves any other file alone; such a file keeps the tree stale until somebody moves it.

    Args:
        root: the tree's folder; it need not exist.
        wanted: contents by path relative to `root`, with forward slashes.
        check: compare only; nothing on disk changes.
    """
    changed = [name for name in sorted(wanted) if _contents(root / name) != wanted[name]]
    extra = [path for path in files_below(root) if path.relative_to(root).as_posix() not in wanted]
    diff = "".join(_diff(root, name, wanted[name]) for name in changed) + "".join(_extra_line(path) for path in extra)
    if check:
        return Changes(changed=[root / name for name in changed], extra=extra, diff=diff)
    for name in changed:
        write_atomically(root / name, wanted[name])
    endings = {Path(name).suffix for name in wanted}
    removed = [path for path in extra if path.suffix in endings]
    for path in removed:
        path.unlink()
        remove_empty_folders(path.parent, root)
    left = [path for path in extra if path not in removed]
    return Changes(extra=left, written=[root / name for name in changed], removed=removed, diff=diff)


def write_atomically(path: Path, contents: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _contents(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


@contextmanager
def all_or_nothing(root: Path, places: Collection[Path]) -> Iterator[None]:
    """Put files back as they were, and remove new ones, when the block fails.

    Args:
        root: emptied folders below it go, too.
        places: files that the block may write or remove, and folders in which it may do so; none need exist.
    """
    before = {path: path.read_bytes() for path in _present(places)}
    try:
        yield
    except BaseException:
        new = _present(places) - before.keys()
        for path in new:
            path.unlink()
        for folder in sorted({path.parent for path in (*new, *places) if path.parent.is_dir()}):
            remove_empty_folders(folder, root)  # one that a file was to come into may be empty
        for path, contents in before.items():
            if not path.is_file() or path.read_bytes() != contents:
                write_atomically(path, contents)
        raise


def _present(places: Collection[Path]) -> set[Path]:
    """The files among these places and below them."""
    found = (path for place in places for path in (files_below(place) if place.is_dir() else [place]))
    return {path for path in found if path.is_file()}


def remove_empty_folders(folder: Path, root: Path) -> None:
    """Remove a folder and those above it, as far as they are empty, up to but not including `root`."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _extra_line(path: Path) -> str:
    return f"Only on disk, made by no command: {path}\n"


def _diff(root: Path, name: str, new: bytes) -> str:
    """A unified diff from what is on disk to what should be there."""
    old = _contents(root / name)
    if old is None:
        return f"Missing: {root / name}\n"
    lines = difflib.unified_diff(_text_lines(old), _text_lines(new), str(root / name), f"{name} (regenerated)", n=2)
    shown = [line[:MAX_DIFF_WIDTH].rstrip("\n") + "\n" for line in lines]
    cut = [f"… {len(shown) - MAX_DIFF_LINES} more lines\n"] if len(shown) > MAX_DIFF_LINES else []
    return "".join(shown[:MAX_DIFF_LINES] + cut)


def _text_lines(contents: bytes) -> list[str]:
    """The lines of a text; a long one in pieces, so that a diff shows the piece that differs, and a picture cut off."""
    lines = contents.decode("utf-8", errors="replace").splitlines(keepends=True)
    return [piece for line in lines for piece in _pieces(line)]


def _pieces(line: str) -> list[str]:
    if len(line) > MAX_LINE:
        digest = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()[:12]
        return [f"{line[: MAX_DIFF_WIDTH // 2]}… {len(line)} characters, digest {digest}\n"]
    width = MAX_DIFF_WIDTH - 1  # beside the sign
    return [line[start : start + width] for start in range(0, len(line), width)]
