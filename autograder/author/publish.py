"""`course publish`: the students' repository, up to one assignment.

    README.md                        badges, and how to work on one's own machine
    release/NN-slug/slug.ipynb       up to and including the assignment
    course/pyproject.toml            so that pip installs waferlab from the repository
    course/waferlab/                 reference answers of EARLIER assignments only, checks up to the assignment

The layout is the one that badges and install cells point to. A marker file lists what the command wrote: at the next
publication it replaces those files and touches no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.author.export import expected_folder, reference_is_stale
from autograder.author.release import badge_text, package_address, release, release_files
from autograder.author.trees import Changes, files_below, remove_empty_folders, write_atomically
from autograder.base.course import Assignment, Course, CourseError

MARKER = ".published.json"
README = """\
# {title}

Open an assignment in Google Colab with its badge, switch the GPU on (Runtime > Change runtime type > T4 GPU), and run
it from top to bottom. The last cell tells how to hand in.

| | assignment | |
|---|---|---|
{rows}

## On your own machine

With Python 3.11 or newer, inside a copy of this repository:

    python -m venv .venv
    .venv/bin/pip install jupyterlab ./course
    .venv/bin/jupyter lab release

When a new assignment comes out, pull this repository and install `./course` again: later notebooks use the package's
newer parts. Without a local copy, `pip install --force-reinstall --no-deps "{address}"` does the same.
"""


def publish(course: Course, directory: Path, through: int) -> Changes:
    """Write the students' repository, or bring it up to date.

    Args:
        course: the course on disk; its releases and its export must be fresh.
        directory: a new or empty folder (a `.git` may be in it), or one that this command wrote before.
        through: number of the last assignment to publish.

    Raises:
        CourseError: the folder holds foreign files in the way, there is no such assignment, or a tree is stale.
    """
    files = published_files(course, through)
    before = _written_before(directory)
    _refuse_clashes(directory, files, before)
    write_atomically(directory / MARKER, _marker(before | files.keys(), through))  # cut off here, it can be resumed
    changed = [name for name, contents in sorted(files.items()) if _read(directory / name) != contents]
    for name in changed:
        write_atomically(directory / name, files[name])
    removed = [directory / name for name in sorted(before - files.keys()) if (directory / name).is_file()]
    for path in removed:
        path.unlink()
        remove_empty_folders(path.parent, directory)
    write_atomically(directory / MARKER, _marker(files.keys(), through))
    return Changes(written=[directory / name for name in changed], removed=removed)


def published_files(course: Course, through: int) -> dict[str, bytes]:
    """The contents of every published file, by path.

    Raises:
        CourseError: there is no such assignment, its release is missing, or a tree is stale.
    """
    published = _published(course, through)
    _refuse_stale(course)
    slugs = {assignment.slug for assignment in published}
    releases = {f"release/{name}": contents for name, contents in release_files(course).items() if _slug(name) in slugs}
    return {"README.md": readme(course, published).encode(), **releases, **package_files(course, through)}


def _published(course: Course, through: int) -> list[Assignment]:
    numbers = [assignment.number for assignment in course.assignments]
    if through not in numbers:
        known = ", ".join(f"{number:02}" for number in numbers)
        raise CourseError(f"there is no assignment {through:02}: expected one of {known}")
    return [assignment for assignment in course.assignments if assignment.number <= through]


def _refuse_stale(course: Course) -> None:
    if reference_is_stale(course):
        raise CourseError("the exported reference is stale: run `course export` first")
    if release(course, check=True).stale:
        raise CourseError("release/ is stale: run `course release` first")


def _slug(name: str) -> str:
    return name.split("/", 1)[0]


def package_files(course: Course, through: int) -> dict[str, bytes]:
    """`course/` as students get it: no answer of this or a later assignment, no check of a later one."""
    package = course.root / "course"
    files = [path for path in files_below(package / "waferlab") if _is_public(course, path, through)]
    case_study = package / "case-study.md"
    files += [package / "pyproject.toml", *([case_study] if case_study.is_file() else [])]
    return {path.relative_to(course.root).as_posix(): path.read_bytes() for path in files}


def _is_public(course: Course, path: Path, through: int) -> bool:
    """Whether students may have this file of the package by now."""
    reference = course.root / "course" / "waferlab" / "reference"
    if path.is_relative_to(reference):
        earlier = {assignment.module for assignment in course.assignments if assignment.number < through}
        return path.parent == reference and (path.name == "__init__.py" or path.stem in earlier)
    checks = expected_folder(course).parent
    if path.is_relative_to(checks):  # `encoder.py`, `encoder/forward.py`, `expected/encoder.json`
        first, *rest = path.relative_to(checks).parts
        module = Path(rest[0] if first == "expected" else first).stem
        return path.suffix != ".pyc" and module not in _later_modules(course, through)
    return path.suffix != ".pyc"


def _later_modules(course: Course, through: int) -> set[str]:
    """Module names of later assignments, those in preparation (a source folder, no settings yet) among them."""
    folders = [path.name for path in (course.root / "source").glob("[0-9][0-9]-*")]
    known = {assignment.slug: assignment for assignment in course.assignments}
    all_of_them = [known.get(slug) or Assignment(slug, slug, 0) for slug in {*known, *folders}]
    return {assignment.module for assignment in all_of_them if assignment.number > through}


def readme(course: Course, published: list[Assignment]) -> str:
    """The students' first page."""
    rows = [f"| {one.number:02} | {one.title} | {badge_text(course, one)} |" for one in published]
    return README.format(title=course.settings.title, rows="\n".join(rows), address=package_address(course))


def _written_before(directory: Path) -> set[str]:
    """The files that an earlier publication wrote; none for a new folder.

    Raises:
        CourseError: the folder is not empty, and no publication wrote it.
    """
    if directory.exists() and not directory.is_dir():
        raise CourseError(f"{directory} is not a folder")
    marker = directory / MARKER
    if marker.is_file():
        try:
            return set(json.loads(marker.read_text(encoding="utf-8"))["files"])
        except (ValueError, KeyError, TypeError) as error:
            raise CourseError(f"{marker} is damaged: publish to a new folder") from error
    foreign = [path.name for path in sorted(directory.glob("*")) if path.name != ".git"]
    if foreign:
        raise CourseError(f"{directory} is not empty ({foreign[0]}), and no publication wrote it: name a new folder")
    return set()


def _refuse_clashes(directory: Path, files: Mapping[str, bytes], before: set[str]) -> None:
    for name in sorted(files.keys() - before):
        if (directory / name).exists() and _read(directory / name) != files[name]:
            raise CourseError(f"{directory / name} is in the way, and no publication wrote it: move it first")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _marker(files: Iterable[str], through: int) -> bytes:
    contents = {"written by": "course publish", "through": through, "files": sorted(files)}
    return (json.dumps(contents, indent=1) + "\n").encode()
