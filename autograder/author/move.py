"""`course move`: an assignment gets another number, and all that names it follows, or nothing does.

A slug's number stands in folders, in `course.toml`, in headings, links and sentences of notebooks, and in whatever else
of the project names an assignment; its name stays, and with it all modules. Sentences that speak of an order (`Next: in
assignment 06 …`) are renumbered and then named, for only a person can tell whether they are still true.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from autograder.author.export import expected_folder, export, reference_folder, reference_modules, with_notebook
from autograder.author.inputs import is_python, package_files, used
from autograder.author.numbers import Renumbering
from autograder.author.release import release
from autograder.author.solutions import solutions
from autograder.author.trees import Changes, Progress, all_or_nothing, files_below, quiet, together, write_atomically
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import notebook_text, read_notebook

TREES = ("source", "release", "solutions")
#: What may name an assignment: kinds of files in the root, and in these folders.
KINDS = frozenset({".md", ".py", ".toml", ".j2"})
FOLDERS = ("course", "autograder", "tests", "benchmarks", "docs")
MOST_REMARKS = 40


def move(course: Course, name: str, number: int, progress: Progress = quiet) -> Changes:
    """Give an assignment another number; when that is taken, it and all up to the old place give way by one.

    Args:
        course: the course on disk.
        name: slug, number or name of the assignment.
        number: the new one, from 1 to 99.
        progress: told the name of each step.

    Returns:
        What was written, and as remarks what a person should read again. After an error nothing has changed.

    Raises:
        CourseError: there is no such assignment, a folder is in the way, or one would use the answer of a later one.
    """
    new = Renumbering(new_slugs(course, course.assignment(name), number))
    if not new.slugs:
        return Changes()
    _refuse_folders_in_the_way(course, new)
    _refuse_later_answers(course, new)
    notebooks, texts = _notebooks(course, new), _texts(course, new)
    remarks = [*_moved(new), *_to_read(course, new, notebooks)]
    generated = (reference_folder(course), expected_folder(course))
    try:
        with all_or_nothing(course.root, [*(course.root / tree for tree in TREES), *generated, *texts]):
            written = _write(course, new, notebooks, texts)
            return Changes(written=written, remarks=remarks) + _regenerated(Course(course.root), progress)
    except OSError as error:
        raise CourseError(f"the assignments could not be renumbered: {error}") from error


def new_slugs(course: Course, assignment: Assignment, number: int) -> dict[str, str]:
    """The new slug of every assignment that gets another number, by the old one.

    Raises:
        CourseError: there is no number below 1 or above 99.
    """
    if not 1 <= number <= 99:
        raise CourseError(f"{number} is no number for an assignment: expected 1 to 99")
    if number not in {one.number for one in course.assignments if one is not assignment}:
        pairs = {assignment.slug: f"{number:02}-{assignment.notebook_name}"}
    else:
        places = [one.number for one in course.assignments]
        order = [one for one in course.assignments if one is not assignment]
        order.insert(places.index(number), assignment)
        pairs = {one.slug: f"{place:02}-{one.notebook_name}" for one, place in zip(order, places, strict=True)}
    return {old: new for old, new in pairs.items() if old != new}


def _refuse_folders_in_the_way(course: Course, new: Renumbering) -> None:
    """An assignment in preparation, which no setting knows, may have the number."""
    for slug in new.slugs.values():
        for tree in TREES:
            for path in sorted((course.root / tree).glob(f"{slug[:2]}-*")):
                if path.name not in new.slugs:
                    raise CourseError(f"{path.relative_to(course.root)} is in the way: {slug} would get its number")


def _refuse_later_answers(course: Course, new: Renumbering) -> None:
    """No notebook, answer or check may import the answer of an assignment that comes later.

    Raises:
        CourseError: names the two.
    """
    files = package_files(course, reference_modules(course))  # those on disk may be stale
    slugs = {one.module: new.slugs.get(one.slug, one.slug) for one in course.assignments}
    for one in with_notebook(course):
        cells = read_notebook(course.notebook("source", one)).cells
        sources = [cell.source for cell in cells if cell.cell_type == "code" and is_python(cell.source)]
        sources.append(f"import waferlab.checks.{one.module}, waferlab.reference.{one.module}")
        for path, _ in sorted(used(files, [source.encode() for source in sources])):
            module = Path(path).stem if path.startswith("waferlab/reference/") else one.module
            if module != one.module and module in slugs and slugs[module] > slugs[one.module]:
                raise CourseError(
                    f"{one.notebook_name} uses the answer of {slugs[module][3:]}, and as {slugs[one.module]} it "
                    f"would come before {slugs[module]}: nothing was moved"
                )


def _notebooks(course: Course, new: Renumbering) -> dict[str, tuple[NotebookNode, NotebookNode]]:
    """Every source notebook by its old slug, as it is and as it will be."""
    found = {}
    for one in with_notebook(course):
        path = course.notebook("source", one)
        old, changed = read_notebook(path), read_notebook(path)
        new.notebook(changed, one.slug)
        found[one.slug] = (old, changed)
    return found


def _texts(course: Course, new: Renumbering) -> dict[Path, str]:
    """The new contents of every other file that names an assignment which moves."""
    settings = course.root / "course" / "course.toml"
    changed = {}
    for path in _text_files(course):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        after = new.text(text)
        if after != text:
            changed[path] = rows_in_order(after) if path.suffix == ".md" else after
    if settings in changed:
        changed[settings] = tables_in_order(changed[settings])
    return changed


def _text_files(course: Course) -> Iterator[Path]:
    """Every text of the project that a person wrote, notebooks aside."""
    left = (reference_folder(course), course.root / "benchmarks" / "results")  # these were measured under old names
    places = [*sorted(course.root.glob("*")), *(path for name in FOLDERS for path in files_below(course.root / name))]
    for path in places:
        is_ours = path.suffix in KINDS and not any(path.is_relative_to(folder) for folder in left)
        if is_ours and path.is_file() and not path.is_symlink():
            yield path


def rows_in_order(text: str) -> str:
    """Markdown whose tables of assignments, rows as `| [04-encoder](…) |`, are in the order of numbers.

    >>> rows_in_order("| [03-b](x) |\\n| [02-a](y) |\\n\\n| [01-z](x) |\\n")
    '| [02-a](y) |\\n| [03-b](x) |\\n\\n| [01-z](x) |\\n'
    """
    row = r"\| \[\d\d-[^\n]*\n"
    return re.sub(rf"^(?:{row})+", lambda found: "".join(sorted(re.findall(row, found[0]))), text, flags=re.MULTILINE)


def tables_in_order(text: str) -> str:
    """`course.toml` with its tables of assignments in the order of numbers, each with the comments right above it.

    Where other tables stand between them, or the text would come to mean something else, it stays as it is.
    """
    header = r"(?:^#[^\n]*\n)*^\[assignments\.\"?(\d\d-[a-z0-9-]+)"
    starts = [(found.start(), found[1]) for found in re.finditer(header, text, flags=re.MULTILINE)]
    if not starts:
        return text
    rest = text[starts[0][0] :]
    other = re.search(r"(?:^#[^\n]*\n)*^\[(?!assignments\.)", rest, flags=re.MULTILINE)
    end = starts[0][0] + other.start() if other else len(text)
    ends = [start for start, _ in starts[1:]] + [end]
    blocks = [(slug, text[start:stop].strip("\n")) for (start, slug), stop in zip(starts, ends, strict=True)]
    after = "\n\n" + text[end:] if text[end:].strip() else "\n"
    ordered = text[: starts[0][0]] + "\n\n".join(block for _, block in sorted(blocks, key=lambda one: one[0])) + after
    return ordered if starts[-1][0] < end and tomllib.loads(ordered) == tomllib.loads(text) else text


def _write(
    course: Course, new: Renumbering, notebooks: dict[str, tuple[NotebookNode, NotebookNode]], texts: dict[Path, str]
) -> list[Path]:
    """Rename folders, write source notebooks and texts; returns what was written."""
    for old, slug in new.slugs.items():
        for tree in TREES:
            if (course.root / tree / old).is_dir():
                (course.root / tree / old).rename(course.root / tree / slug)
    contents = dict(texts)
    for old, (before, after) in notebooks.items():
        if notebook_text(before) != notebook_text(after):
            contents[course.root / "source" / new.slugs.get(old, old) / f"{old[3:]}.ipynb"] = notebook_text(after)
    for path, text in contents.items():
        write_atomically(path, text.encode())
    return sorted(contents)


def _regenerated(course: Course, progress: Progress) -> Changes:
    """Everything generated, but for solutions that would have to run."""
    exported, released = export(course, progress=progress), release(course, progress=progress)
    rewritten = solutions(course, execute=False)
    return together([exported, released, rewritten])


def _moved(new: Renumbering) -> list[str]:
    said = [f"{old} is now {slug}" for old, slug in sorted(new.slugs.items(), key=lambda one: one[1])]
    return [*said, "what is published or graded keeps the old numbers: move between terms, then publish again"]


def _to_read(course: Course, new: Renumbering, notebooks: dict[str, tuple[NotebookNode, NotebookNode]]) -> list[str]:
    """Sentences in notebooks and in Markdown that only a person can judge, each with its place."""
    found = []
    for old, (before, _) in notebooks.items():
        place = f"source/{new.slugs.get(old, old)}/{old[3:]}.ipynb"
        for cell in before.cells:
            if cell.cell_type == "markdown":
                found += [f"read again: {place}, cell {cell.id!r}: {sentence}" for sentence in new.to_read(cell.source)]
    for path in [*sorted(course.root.glob("*.md")), *sorted((course.root / "course").glob("*.md"))]:
        sentences = new.to_read(path.read_text(encoding="utf-8"))
        found += [f"read again: {path.relative_to(course.root)}: {sentence}" for sentence in sentences]
    more = [f"and {len(found) - MOST_REMARKS} more sentences of that kind"] if len(found) > MOST_REMARKS else []
    return found[:MOST_REMARKS] + more
