"""`course publish`: the students' repository, up to one assignment.

    README.md                        badges, and how to work on one's own machine
    release/NN-slug/slug.ipynb       up to and including the assignment
    course/pyproject.toml            so that pip installs waferlab from the repository
    course/waferlab/                 checks up to the assignment; of the reference what these need (`staging.py`)

The layout is the one that badges and install cells point to. A marker file lists what the command wrote: at the next
publication it replaces those files and touches no other. Nothing is written in which the text of an answer stands that
students should not know yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from autograder.author.export import expected_folder, reference_is_stale, with_notebook
from autograder.author.leaks import answers_of, leaks, sentence
from autograder.author.release import badge_text, package_address, release, release_files
from autograder.author.staging import REFERENCE, Clock, consents, reference_path, stage
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


def publish(
    course: Course,
    directory: Path,
    through: int,
    *,
    answers_from: Collection[int] = (),
    may_remove: Callable[[Sequence[str]], bool] = lambda _: False,
    now: datetime | None = None,
) -> Changes:
    """Write the students' repository, or bring it up to date.

    Args:
        course: the course on disk; its releases and its export must be fresh.
        directory: a new or empty folder (a `.git` may be in it), or one that this command wrote before.
        through: number of the last assignment to publish.
        answers_from: numbers of assignments whose answers may be published although they can still be handed in.
        may_remove: asked, with their names, whether files that students have now may go.
        now: the time by which deadlines are judged; by default this moment.

    Raises:
        CourseError: the folder holds foreign files in the way, there is no such assignment, a tree is stale, an answer
            would be known too early, or files would go and may not.
    """
    before = _written_before(directory)
    clock = Clock(now or datetime.now(UTC), consents(course, answers_from, through), _known_answers(before))
    files, remarks = published_files(course, through, clock)
    _refuse_clashes(directory, files, before)
    gone = [name for name in sorted(before - files.keys()) if (directory / name).is_file()]
    if gone and not may_remove(gone):
        listed = "\n".join(f"  {name}" for name in gone)
        raise CourseError(f"this publication would take away what students have; --remove does so:\n{listed}")
    write_atomically(directory / MARKER, _marker(before | files.keys(), through))  # cut off here, it can be resumed
    changed = [name for name, contents in sorted(files.items()) if _read(directory / name) != contents]
    for name in changed:
        write_atomically(directory / name, files[name])
    for name in gone:
        (directory / name).unlink()
        remove_empty_folders((directory / name).parent, directory)
    write_atomically(directory / MARKER, _marker(files.keys(), through))
    written, removed = [directory / name for name in changed], [directory / name for name in gone]
    return Changes(written=written, removed=removed, remarks=list(remarks))


def _known_answers(before: Iterable[str]) -> frozenset[str]:
    """The reference modules that an earlier publication gave to students."""
    return frozenset(Path(name).stem for name in before if Path(name).parent.as_posix() == REFERENCE)


def published_files(course: Course, through: int, clock: Clock) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The contents of every published file, by path, and what the author should know.

    Args:
        course: the course on disk.
        through: number of the last assignment.
        clock: when, and which answers may be known whatever the time.

    Raises:
        CourseError: there is no such assignment, its release is missing, a tree is stale, or an answer would be known
            too early.
    """
    published = _published(course, through)
    _refuse_stale(course)
    slugs = {assignment.slug for assignment in published}
    releases = {f"release/{name}": contents for name, contents in release_files(course).items() if _slug(name) in slugs}
    files = {"README.md": readme(course, published).encode(), **releases, **package_files(course, through)}
    staged = stage(course, through, files, clock)
    for module in ("__init__", *sorted(staged.modules)):
        files[reference_path(module)] = (course.root / reference_path(module)).read_bytes()
    secret = [
        answer for one in with_notebook(course) if one.slug not in staged.open for answer in answers_of(course, one)
    ]
    if told := leaks(files, secret):
        raise CourseError(sentence(told, "the publication"))
    return files, staged.remarks


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
    """`course/` as students get it: no check of a later assignment; which answers go with it, `stage` decides.

    Raises:
        CourseError: `course/pyproject.toml` is missing.
    """
    package = course.root / "course"
    files = [path for path in files_below(package / "waferlab") if _is_public(course, path, through)]
    case_study = package / "case-study.md"
    if not (package / "pyproject.toml").is_file():
        raise CourseError("course/pyproject.toml is missing: students could not install waferlab")
    files += [package / "pyproject.toml", *([case_study] if case_study.is_file() else [])]
    return {path.relative_to(course.root).as_posix(): path.read_bytes() for path in files}


def _is_public(course: Course, path: Path, through: int) -> bool:
    """Whether students may have this file of the package by now."""
    reference = course.root / "course" / "waferlab" / "reference"
    if path.is_relative_to(reference):
        return False
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
