"""A source notebook as it lies on disk, read without nbformat, which invents ids where they are missing."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.author.lint.finding import Finding, Kind

MAGIC = re.compile(r"^(\s*)[%!].*", re.M)
MAX_BYTES = 50 * 2**20


@dataclass(frozen=True)
class SourceCell:
    """One cell.

    Attributes:
        notebook: how messages call the notebook.
        number: its place, from 1.
        id: empty where it has none that can be used.
        kind: `code`, `markdown` or `raw`.
        source: its text.
        tags: as in its metadata; only texts.
        grading: nbgrader's metadata, empty where there are none.
    """

    notebook: str
    number: int
    id: str
    kind: str
    source: str
    tags: tuple[str, ...] = ()
    grading: Mapping[str, Any] = field(default_factory=dict)

    def finding(self, what: str, line: int | None = None, kind: Kind = "mistake") -> Finding:
        """A sentence about this cell, or about one of its lines, counted from 1."""
        name = repr(self.id) if self.id else f"number {self.number}"
        return Finding(f"{self.notebook}, cell {name}" + (f", line {line}" if line else ""), what, kind)

    @property
    def grade_id(self) -> str:
        """The name under which nbgrader knows the cell; empty where it has none."""
        name = self.grading.get("grade_id")
        return name if isinstance(name, str) else ""

    @property
    def is_solution(self) -> bool:
        """Whether the student writes here, code or text."""
        return self.grading.get("solution") is True

    @property
    def is_graded(self) -> bool:
        """Whether the cell gives points."""
        return self.grading.get("grade") is True

    @property
    def is_answer(self) -> bool:
        """Whether the student writes code here."""
        return self.kind == "code" and self.is_solution

    @property
    def is_check(self) -> bool:
        """Whether the cell checks an answer."""
        return self.kind == "code" and self.is_graded and not self.is_solution

    @property
    def lines(self) -> list[str]:
        """Its text line by line, as nbgrader splits it."""
        return self.source.split("\n")

    @cached_property
    def tree(self) -> ast.Module | SyntaxError:
        """The parsed code; magics count for nothing."""
        for text in (self.source, MAGIC.sub(r"\1pass", self.source)):
            try:
                return ast.parse("" if text.lstrip().startswith("%%") else text)
            except (SyntaxError, ValueError, RecursionError) as error:
                first = error if isinstance(error, SyntaxError) else SyntaxError(str(error))
        return first

    @property
    def definitions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """The functions and classes at the cell's top level."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return [] if isinstance(self.tree, SyntaxError) else [one for one in self.tree.body if isinstance(one, kinds)]


@dataclass(frozen=True)
class SourceNotebook:
    """A notebook that could be read.

    Attributes:
        name: how messages call it: its path in the course.
        format: major and minor number.
        metadata: of the notebook.
        cells: in order.
    """

    name: str
    format: tuple[Any, Any]
    metadata: Mapping[str, Any]
    cells: tuple[SourceCell, ...]


def read_source(path: Path, name: str) -> SourceNotebook | Finding:
    """A notebook, or the sentence that says why it is none."""
    try:
        text = path.read_bytes()[: MAX_BYTES + 1].decode("utf-8")
        contents = json.loads(text)
        cells = tuple(_cells(contents["cells"], name))
        numbers = (contents.get("nbformat"), contents.get("nbformat_minor"))
        return SourceNotebook(name, numbers, _table(contents.get("metadata")), cells)
    except UnicodeDecodeError as error:
        return Finding(name, f"not text in UTF-8 ({error.reason} at byte {error.start})")
    except OSError as error:
        return Finding(name, f"cannot be read ({error.strerror})")
    except json.JSONDecodeError as error:
        conflict = re.search(r"^<{7} ", text, re.M)
        if conflict:
            line = text.count("\n", 0, conflict.start()) + 1
            return Finding(f"{name}, line {line}", "holds a merge conflict of git: keep one side of it")
        return Finding(f"{name}, line {error.lineno}", f"not valid JSON ({error.msg})")
    except (KeyError, TypeError, AttributeError, RecursionError):
        return Finding(
            name, "not a notebook: expected an object with a list of cells, each with type, metadata and source"
        )


def _cells(cells: list[dict[str, Any]], name: str) -> Iterator[SourceCell]:
    for number, cell in enumerate(cells, start=1):
        source, metadata = cell["source"], _table(cell.get("metadata"))
        marked, given = metadata.get("tags"), cell.get("id")
        yield SourceCell(
            notebook=name,
            number=number,
            id=given if isinstance(given, str) else "",
            kind=str(cell["cell_type"]),
            source=source if isinstance(source, str) else "".join(source),
            tags=tuple(str(tag) for tag in marked) if isinstance(marked, list) else (),
            grading=_table(metadata.get("nbgrader")),
        )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
