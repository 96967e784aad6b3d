"""Whether the text of an answer stands in what students get: in a notebook, a module, a file beside them.

Code is compared line by line, spacing and comments aside: three lines in a row, or a whole shorter answer. Prose is
compared word by word: twelve in a row. (No three lines of an answer of this course stand anywhere else in it.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.base.course import Assignment, Course
from autograder.base.notebooks import REGIONS, is_written, read_notebook, reference_cells, regions

LINES, WORDS = 3, 12  # as many in a row are no accident
SHORTEST = 24  # characters of an answer of fewer lines
MOST_TOLD = 10

Parts = tuple[str, ...]
Numbered = list[tuple[int, str]]  # a line of the file or cell, and a line or word of it as it is compared


@dataclass(frozen=True)
class Answer:
    """A text that students must not find.

    Attributes:
        slug: of the assignment.
        cell: where it stands in the source.
        parts: what gives it away, each a run of lines or of words.
    """

    slug: str
    cell: str
    parts: frozenset[Parts]


@dataclass(frozen=True)
class Passage:
    """A text that students get.

    Attributes:
        where: file, and cell of a notebook.
        text: what stands there.
    """

    where: str
    text: str


def answers_of(course: Course, assignment: Assignment) -> list[Answer]:
    """The answers of an assignment: solutions, hidden tests, mark schemes, and its reference module.

    Raises:
        CourseError: the source notebook cannot be read.
    """
    notebook = read_notebook(course.notebook("source", assignment))
    found = []
    for cell in notebook.cells:
        texts = [text for region in REGIONS for text in regions(cell.source, region)]
        if is_written(cell) and not texts:
            texts = [cell.source]
        runs = _word_runs if cell.cell_type == "markdown" else _line_runs
        parts = frozenset(part for text in texts for part in runs(text))
        if parts:
            found.append(Answer(assignment.slug, f"cell {cell.id!r}", parts))
    given = {part for cell in notebook.cells if not is_written(cell) for part in _open_lines(cell.source)}
    path = course.root / "course" / "waferlab" / "reference" / f"{assignment.module}.py"
    if path.is_file() and reference_cells(notebook):
        parts = frozenset(part for part in _line_runs(path.read_text(encoding="utf-8")) if not given & set(part))
        found.append(Answer(assignment.slug, f"waferlab.reference.{assignment.module}", parts))
    return found


def leaks(files: Mapping[str, bytes], answers: Sequence[Answer]) -> list[str]:
    """Where an answer stands in what students get, one sentence each, at most one a passage.

    Args:
        files: contents by path.
        answers: those that must not be found.
    """
    owners: dict[Parts, Answer] = {}
    for answer in answers:
        for part in answer.parts:
            owners.setdefault(part, answer)
    longest = {len(part) for part in owners}
    told = []
    for name, contents in sorted(files.items()):
        for passage in passages(name, contents):
            found = _first(passage.text, owners, longest)
            if found:
                line, part = found
                quoted = part[0] if len(part) < WORDS else " ".join(part)
                answer = owners[part]
                told.append(
                    f"{passage.where}, line {line}: the answer to {answer.slug}, {answer.cell}: {quoted[:80]!r}"
                )
    return told


def sentence(told: Sequence[str], what: str) -> str:
    """All of it as the text of an error."""
    more = [f"… and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
    return "\n".join([f"{what} would hold answers, and nothing is written:", *told[:MOST_TOLD], *more])


def passages(name: str, contents: bytes) -> Iterator[Passage]:
    """The texts of a file: cells and outputs of a notebook, any other text whole, nothing of a picture."""
    try:
        text = contents.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        cells = [dict(cell) for cell in json.loads(text)["cells"]] if name.endswith(".ipynb") else None
    except (ValueError, KeyError, TypeError):
        cells = None
    if cells is None:
        yield Passage(name, text)
        return
    for cell in cells:
        where = f"{name}, cell {cell.get('id')!r}"
        yield Passage(where, _joined(cell.get("source", "")))
        for output in cell.get("outputs", ()):
            for shown in (output.get("text"), *output.get("data", {}).values()):
                yield Passage(f"{where}, its output", _joined(shown or ""))


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _first(text: str, owners: Mapping[Parts, Answer], lengths: set[int]) -> tuple[int, Parts] | None:
    """The first run of lines or words of a text that is part of an answer, with its line."""
    for numbered in (_lines(text), _words(text)):
        parts = [part for _, part in numbered]
        for place, (line, _) in enumerate(numbered):
            for length in lengths:
                run = tuple(parts[place : place + length])
                if run in owners:
                    return line, run
    return None


def _lines(text: str) -> Numbered:
    """The lines of code that say something: no comment, no lone bracket; spacing does not matter."""
    lines = ((number, " ".join(line.split())) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, line) for number, line in lines if len(line) > 1 and not line.startswith("#")]


def _words(text: str) -> Numbered:
    lines = enumerate(text.splitlines(), start=1)
    return [(number, word) for number, line in lines for word in re.findall(r"\w+", line.casefold())]


def _line_runs(text: str) -> list[Parts]:
    lines = [line for _, line in _lines(text)]
    if len(lines) < LINES:
        return [tuple(lines)] if sum(map(len, lines)) >= SHORTEST else []
    return [tuple(lines[place : place + LINES]) for place in range(len(lines) - LINES + 1)]


def _word_runs(text: str) -> list[Parts]:
    words = [word for _, word in _words(text)]
    return [tuple(words[place : place + WORDS]) for place in range(len(words) - WORDS + 1)]


def _open_lines(source: str) -> set[str]:
    """The lines of a cell that the release shows."""
    hidden = {line for region in REGIONS for text in regions(source, region) for _, line in _lines(text)}
    return {line for _, line in _lines(source)} - hidden
