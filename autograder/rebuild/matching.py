"""Which cell of the release each cell of a submission is: by grade_id, by id, by the names it defines, by its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from nbformat import NotebookNode

from autograder.base.notebooks import grade_id, grading, is_answer, is_check, is_written, tags
from autograder.rebuild.pysource import blocks, definitions, likeness, same_code, same_text, words

SlotKind = Literal["provided", "solution", "check", "written", "other"]
ALIKE = 0.75  # words in common that make an edited copy; helper cells share far fewer with any release cell
ALIKE_ANSWER = 0.6  # an answer keeps its docstring but gains lines
MIN_WORDS = 12


@dataclass(frozen=True)
class Slot:
    """One cell of the release.

    Attributes:
        index: its place in the release, from 0.
        kind: `provided` cells are executed as they stand, `solution`, `check` and `written` cells are nbgrader's, and
            `other` cells (text, plots, data) play no part in grading.
        label: what people call it, for example "the answer cell of Task 1".
        cell: the cell itself.
    """

    index: int
    kind: SlotKind
    label: str
    cell: NotebookNode

    @property
    def source(self) -> str:
        """The release's own text."""
        return self.cell.source

    @property
    def name(self) -> str:
        """Its grade_id, else its id."""
        return grade_id(self.cell) or self.cell.get("id") or f"cell-{self.index + 1}"

    @property
    def marks(self) -> Mapping[str, object]:
        """nbgrader's metadata."""
        return grading(self.cell)

    @property
    def is_code(self) -> bool:
        """Whether it holds code."""
        return self.cell.cell_type == "code"

    @cached_property
    def key(self) -> str:
        """Equal for equal code."""
        return same_code(self.source) if self.is_code else same_text(self.source)

    @cached_property
    def text(self) -> str:
        """Its text without layout."""
        return same_text(self.source)

    @cached_property
    def words(self) -> Counter[str]:
        """Its words, for likeness."""
        return words(self.source)

    @cached_property
    def blocks(self) -> frozenset[str]:
        """Functions and classes that it defines."""
        return blocks(self.source) if self.is_code else frozenset()


@dataclass(frozen=True)
class Piece:
    """One cell of a submission.

    Attributes:
        place: where it stood, from 1, as people count.
        cell: the cell itself.
    """

    place: int
    cell: NotebookNode

    @property
    def source(self) -> str:
        """The student's text."""
        return self.cell.source

    @property
    def is_code(self) -> bool:
        """Whether the student left it a code cell."""
        return self.cell.cell_type == "code"

    @property
    def ids(self) -> set[str]:
        """Its ids: the notebook format's, and Colab's in the metadata."""
        return {one for one in (self.cell.get("id"), self.cell.metadata.get("id")) if one}

    @property
    def marks(self) -> Mapping[str, object]:
        """nbgrader's metadata, as far as it is left."""
        return grading(self.cell)

    @cached_property
    def key(self) -> str:
        """Equal for equal code."""
        return same_code(self.source)

    @cached_property
    def text(self) -> str:
        """Its text without layout."""
        return same_text(self.source)

    @cached_property
    def defines(self) -> frozenset[str]:
        """Names that it defines."""
        return definitions(self.source)

    @cached_property
    def blocks(self) -> frozenset[str]:
        """Functions and classes that it defines."""
        return blocks(self.source)


@dataclass(frozen=True)
class Match:
    """What a cell of a submission is.

    Attributes:
        piece: the cell.
        slot: the release cell that it is, or is a copy of; None for a cell that the student added.
        by: how that was told.
        offers: tasks whose names it defines, though it stands in for another cell or for none.
    """

    piece: Piece
    slot: Slot | None
    by: Literal["grade_id", "id", "source", "names", "likeness", "nothing"]
    offers: tuple[str, ...] = ()


def slots_of(release: NotebookNode) -> list[Slot]:
    """The release's cells with their kinds and names for people."""
    heading, slots = "", []
    for index, cell in enumerate(release.cells):
        if cell.cell_type == "markdown" and (found := re.findall(r"^#+ .*?\b(Task \d+\w*)", cell.source, re.MULTILINE)):
            heading = found[-1]
        kind = _kind(cell)
        slots.append(Slot(index, kind, _label(cell, kind, heading), cell))
    return slots


def _kind(cell: NotebookNode) -> SlotKind:
    if is_answer(cell):
        return "solution"
    if is_written(cell):
        return "written"
    if is_check(cell):
        return "check"
    return "provided" if cell.cell_type == "code" and "reference" in tags(cell) else "other"


def _label(cell: NotebookNode, kind: SlotKind, heading: str) -> str:
    name = grade_id(cell) or cell.get("id", "")
    plain = name.removeprefix("check-").removeprefix("written-")
    names = {
        "solution": f"the answer cell of {heading or plain}",
        "check": f"the check cell of {heading or plain}",
        "written": f"the written answer “{plain}”",
        "provided": f"the provided cell “{plain}”",
        "other": f"the cell “{plain}”",
    }
    return names[kind]


def match_all(slots: Sequence[Slot], pieces: Sequence[Piece], tasks: Mapping[str, tuple[str, ...]]) -> list[Match]:
    """Tell of each cell of a submission which release cell it is."""
    finder = _Finder(slots, tasks)
    return [finder.match(piece) for piece in pieces]


class _Finder:
    """The release's cells, ready to be looked up.

    Args:
        slots: the release's cells.
        tasks: names that each task's cell defines.
    """

    def __init__(self, slots: Sequence[Slot], tasks: Mapping[str, tuple[str, ...]]) -> None:
        self.slots = slots
        self.tasks = tasks
        self.by_grade_id = {name: slot for slot in slots if (name := grade_id(slot.cell))}
        self.by_id = {slot.cell["id"]: slot for slot in slots if slot.cell.get("id")}
        self.by_text = {(slot.is_code, slot.text): slot for slot in reversed(slots) if slot.text}
        self.by_block = {name: slot for slot in slots if slot.kind == "provided" for name in slot.blocks}

    def match(self, piece: Piece) -> Match:
        """What this cell is, by the surest sign that it bears."""
        slot, by = self._signed(piece)
        offers = self._offers(piece, slot)
        if slot is not None and slot.kind == "solution" and offers and not self._answers(piece, slot):
            return Match(piece, None, "names", offers)  # a copy of one answer cell that now answers another task
        if slot is None and not offers:
            slot, by = self._resembled(piece)
        return Match(piece, slot, by if slot or not offers else "names", offers)

    def _signed(self, piece: Piece) -> tuple[Slot | None, str]:
        if slot := self.by_grade_id.get(grade_id(piece.cell) or ""):
            return slot, "grade_id"
        if slot := next((self.by_id[one] for one in sorted(piece.ids) if one in self.by_id), None):
            return slot, "id"
        if slot := self.by_text.get((piece.is_code, piece.text)):
            return slot, "source"
        return None, "nothing"

    def _offers(self, piece: Piece, slot: Slot | None) -> tuple[str, ...]:
        """Tasks that this cell answers besides the one whose cell it is."""
        if not piece.is_code:
            return ()
        own = slot.name if slot else None
        return tuple(
            task
            for task, names in self.tasks.items()
            if task != own and piece.defines & set(names) and not (slot and slot.blocks & set(names))
        )

    def _answers(self, piece: Piece, slot: Slot) -> bool:
        return bool(piece.defines & set(self.tasks.get(slot.name, ())))

    def _resembled(self, piece: Piece) -> tuple[Slot | None, str]:
        """An edited copy without any of its ids: by what it defines, else by its words."""
        if not piece.is_code:
            return None, "nothing"
        if named := [self.by_block[name] for name in sorted(piece.blocks) if name in self.by_block]:
            return named[0], "names"
        mine = words(piece.source)
        alike = [(likeness(mine, slot.words), slot) for slot in self.slots if slot.is_code]
        score, slot = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        enough = ALIKE_ANSWER if slot is not None and slot.kind == "solution" else ALIKE
        if slot is None or mine.total() < MIN_WORDS or score < enough:
            return None, "nothing"
        return slot, "likeness"
