"""What something generated depends on: the part of `waferlab` that a piece of Python imports, and a digest of it.

Only imports are read; nothing is run. Contents count, times of files do not, and neither do the versions of numpy or
torch, so that a fresh clone finds what is committed up to date. A module's docstring is prose and does not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from autograder.author.imports import imported
from autograder.author.trees import files_below
from autograder.base.course import Course

PACKAGE = "waferlab"
EXPECTED = f"{PACKAGE}/checks/expected"
#: Contents by path, from the folder that holds `waferlab`, with forward slashes.
Files = Mapping[str, bytes]


def package_files(course: Course, references: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Every file of the course's `waferlab`.

    Args:
        course: the course on disk.
        references: the contents of `waferlab/reference/`, by file name, in place of those on disk.
    """
    folder = course.root / "course"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_below(folder / PACKAGE)}
    if references is None:
        return files
    kept = {name: contents for name, contents in files.items() if not name.startswith(f"{PACKAGE}/reference/")}
    return kept | {f"{PACKAGE}/reference/{name}": contents for name, contents in references.items()}


def digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """A digest of named contents, in any order."""
    summary = "\n".join(f"{hashlib.sha256(contents).hexdigest()} {name}" for name, contents in sorted(parts))
    return hashlib.sha256(summary.encode()).hexdigest()


def used(files: Files, sources: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """What Python text uses of the package: the code that it imports, directly or not, and every data file.

    Text that is no Python (a cell with a line of shell) counts as using everything.

    Args:
        files: the package.
        sources: the texts.
    """
    reached: set[str] = set()
    waiting = [path for source in sources for path in _imports(files, source, "")]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += _imports(files, files[path], path)
    data = [name for name in files if not name.endswith(".py") and not name.startswith(f"{EXPECTED}/")]
    return [*((path, _code(files[path])) for path in reached), *((name, files[name]) for name in data)]


def expected_of(files: Files, parts: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The expectations that the check modules among these parts read when they are called."""
    modules = {path.removesuffix(".py").split("/")[2] for path, _ in parts if path.startswith(f"{PACKAGE}/checks/")}
    names = sorted(f"{EXPECTED}/{module}.json" for module in modules)
    return [(name, files[name]) for name in names if name in files]


def is_python(source: str) -> bool:
    """Whether a text is Python, without magics and shell lines."""
    return _parsed(source.encode()) is not None


def _imports(files: Files, source: bytes, path: str) -> Iterator[str]:
    """The files of the package that a text imports, those of the packages around them included."""
    names = _imported_names(source, path)
    if names is None:
        yield from (name for name in files if name.endswith(".py"))
        return
    for name in names:
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            place = "/".join(parts[:end])
            yield from (found for found in (f"{place}.py", f"{place}/__init__.py") if found in files)


@cache
def _imported_names(source: bytes, path: str) -> frozenset[str] | None:
    """Dotted names of `waferlab` that a text may import; None where it is no Python."""
    tree = _parsed(source)
    return None if tree is None else frozenset(imported(tree, path))


@cache
def _code(source: bytes) -> bytes:
    """A module's text after its docstring."""
    tree = _parsed(source)
    if tree is None or ast.get_docstring(tree, clean=False) is None:
        return source
    first, *others = tree.body
    if others and others[0].lineno == first.end_lineno:
        return source
    return b"\n".join(source.split(b"\n")[first.end_lineno :])


def _parsed(source: bytes) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None
