"""Regraft: rebuild a submission on the instructor's release, and take only the answers from it.

The release's `provided` cells are executed as they stand. From the submission come its solution cells and the code
cells that the student added. Everything else in it (metadata, points, check cells, outputs) plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.base.course import CourseError
from autograder.base.records import Cell, Graft
from autograder.rebuild.helpers import kept_definitions
from autograder.rebuild.matching import Match, Piece, Slot, match_all, slots_of
from autograder.rebuild.pysource import definition_keys, definitions, is_empty, tree_of
from autograder.wall.inside.magics import is_python, strip_magics

__all__ = ["from_answer", "regraft", "strip_magics"]

MAX_LISTED = 5  # cells or names that one sentence lists
Tasks = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Answer:
    """What is graded for one task.

    Attributes:
        slot: the task's cell in the release.
        pieces: the cells of the submission that make up the answer, none when it is missing or unchanged.
        home: the task in whose place the answer is executed, when one cell answers several.
    """

    slot: Slot
    pieces: tuple[Piece, ...] = ()
    home: str | None = None

    @property
    def source(self) -> str:
        """What is executed in the task's place."""
        if self.home is not None:
            return f"# This task is answered in the cell of {self.home}."
        return "\n\n".join(piece.source for piece in self.pieces) if self.pieces else self.slot.source


@dataclass
class _Work:
    """A submission on the bench.

    Attributes:
        slots: the release's cells.
        tasks: names that each task's cell defines.
        matches: what each cell of the submission is.
        repairs: sentences so far.
    """

    slots: list[Slot]
    tasks: Tasks
    matches: list[Match]
    repairs: list[str] = field(default_factory=list)

    def at(self, slot: Slot) -> list[Match]:
        """The cells of the submission that are this release cell, or copies of it."""
        return [match for match in self.matches if match.slot is slot]


def regraft(release: NotebookNode, submission: NotebookNode, tasks: Tasks) -> Graft:
    """Rebuild a submission on the release.

    Args:
        release: the instructor's notebook, as students get it.
        submission: a clean notebook, as intake makes it.
        tasks: for each task (the grade_id of its solution cell) the names that its cell defines.

    Returns:
        What to execute, in the release's order, with a sentence for everything that was mended. Never raises because
        of what a submission holds.
    """
    slots = slots_of(release)
    pieces = [Piece(place, cell) for place, cell in enumerate(submission.cells, start=1)]
    work = _Work(slots, tasks, match_all(slots, pieces, tasks))
    answers = _answers(work)
    written = _written(work)
    helpers = _helpers(work, answers)
    helpers += _kept(work, answers, helpers)
    _report_missing_signs(work)
    _report_provided(work)
    _report_order(work)
    cells = _in_order(work, answers, helpers)
    stubs = {slot.name: slot.source for slot in slots if slot.kind == "solution"}
    return Graft(cells, stubs, written, tuple(work.repairs))


# --- answers ---------------------------------------------------------------------------------------------------------


def _answers(work: _Work) -> dict[str, _Answer]:
    """For each task, what is graded; a cell that answers several tasks is executed once."""
    answers = {slot.name: _choose(work, slot) for slot in work.slots if slot.kind == "solution"}
    first: dict[int, str] = {}
    for name in sorted(answers, key=lambda name: not _at_home(work, answers[name])):
        for piece in answers[name].pieces:
            first.setdefault(piece.place, name)
    for name, answer in answers.items():
        elsewhere = {first[piece.place] for piece in answer.pieces} - {name}
        if answer.pieces and all(first[piece.place] != name for piece in answer.pieces):
            home = answers[sorted(elsewhere)[0]].slot
            work.repairs.append(f"{_start(answer.slot.label)} was empty; {home.label} answers both tasks.")
            answers[name] = _Answer(answer.slot, answer.pieces, home.label.removeprefix("the answer cell of "))
    return answers


def _at_home(work: _Work, answer: _Answer) -> bool:
    return any(match.piece in answer.pieces for match in work.at(answer.slot))


def _choose(work: _Work, slot: Slot) -> _Answer:
    """The answer to one task: of the changed candidates, the complete one nearest to the original place."""
    needed = set(work.tasks.get(slot.name, ()))
    matches = [match for match in work.matches if match.slot is slot or slot.name in match.offers]
    if not matches:
        work.repairs.append(f"{_start(slot.label)} is missing; the task counts as not answered.")
        return _Answer(slot)
    changed = [match for match in matches if match.piece.key != slot.key and not is_empty(match.piece.source)]
    if not changed:
        return _Answer(slot)
    complete = [match for match in changed if needed <= match.piece.defines]
    chosen = (_nearest(work, slot, complete),) if complete else _parts(work, slot, changed, needed)
    _report_choice(work, slot, matches, chosen, needed)
    return _Answer(slot, tuple(sorted((match.piece for match in chosen), key=lambda piece: piece.place)))


def _nearest(work: _Work, slot: Slot, matches: Sequence[Match]) -> Match:
    """The match nearest to the original place; a cell that still bears the task's signs goes before any other."""
    place = _original_place(work, slot)
    return min(matches, key=lambda one: (one.slot is not slot, abs(one.piece.place - place), -one.piece.place))


def _original_place(work: _Work, slot: Slot) -> float:
    """Where the release's cell stands in the submission, or would stand, by its neighbours."""
    own = [match.piece.place for match in work.at(slot) if slot.cell.get("id") in match.piece.ids]
    if len(own) == 1:
        return own[0]
    before = [
        (match.slot.index, match.piece.place) for match in work.matches if match.slot and match.slot.index < slot.index
    ]
    return max(before)[1] + 0.5 if before else 0.0


def _parts(work: _Work, slot: Slot, changed: Sequence[Match], needed: set[str]) -> tuple[Match, ...]:
    """The cells that together define what one cell should; without any, the nearest that bears the task's signs."""
    chosen: dict[int, Match] = {}
    for name in sorted(needed):
        if defining := [match for match in changed if name in match.piece.defines]:
            best = _nearest(work, slot, defining)
            chosen[best.piece.place] = best
    if chosen:
        return tuple(chosen.values())
    return (_nearest(work, slot, changed),)


def _report_choice(
    work: _Work, slot: Slot, matches: Sequence[Match], chosen: Sequence[Match], needed: set[str]
) -> None:
    places = [match.piece.place for match in chosen]
    at_home = any(match.slot is slot for match in chosen)
    others = [
        match.piece.place
        for match in matches
        if match.piece.place not in places
        and (match.piece.key != slot.key or at_home)
        and (match.slot is slot or match.piece.defines & needed)
        and not _is_part(match.piece, slot, needed)
    ]
    label = _start(slot.label)
    if len(chosen) > 1:
        work.repairs.append(f"{label} was split; its parts ({_cells(places)}) were put together.")
    if others:
        rule = "the changed copy nearest to the original place"
        work.repairs.append(
            f"{label} is there {len(others) + len(places)} times; {rule}, {_cells(places)}, is graded, "
            f"not {_cells(others)}."
        )
    if not at_home:
        work.repairs.append(f"The answer to {_task(slot)} was found in {_cells(places)} by the names it defines.")
    if any(not match.piece.is_code for match in chosen):
        work.repairs.append(f"{label} had become a text cell; its text was taken as code.")


def _is_part(piece: Piece, slot: Slot, needed: set[str]) -> bool:
    """Whether a cell that bears a task's signs is code of its own, split off from the answer, and no copy of it."""
    own = piece.is_code and piece.key != slot.key and not piece.defines & needed
    return bool(own and tree_of(piece.source) and not is_empty(piece.source))


# --- written answers -------------------------------------------------------------------------------------------------


def _written(work: _Work) -> dict[str, str]:
    """The student's text for each written answer; empty when the release's placeholder stands there unchanged."""
    texts = {}
    for slot in (slot for slot in work.slots if slot.kind == "written"):
        matches = work.at(slot)
        changed = [match for match in matches if match.piece.text != slot.text and match.piece.text]
        if changed:
            best = _nearest(work, slot, changed)
            texts[slot.name] = best.piece.source
            if len(changed) > 1:
                others = [match.piece.place for match in changed if match is not best]
                work.repairs.append(
                    f"{_start(slot.label)} is there {len(changed)} times; cell {best.piece.place} counts, "
                    f"not {_cells(others)}."
                )
        else:
            texts[slot.name] = "" if matches else _loose_text(work, slot)
    return texts


def _loose_text(work: _Work, slot: Slot) -> str:
    """Text cells without signs that stand where the written answer stood."""
    texts: list[str] = []
    inside = False
    for match in work.matches:
        if match.slot is not None:
            inside = match.slot.index == slot.index - 1
        elif inside and not match.piece.is_code:
            texts.append(match.piece.source)
    label = _start(slot.label)
    found = "was found by its place" if texts else "is missing; it counts as not answered"
    work.repairs.append(f"{label} {found}.")
    return "\n\n".join(texts)


# --- helper cells ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Helper:
    """Code of the student's beside the answers: where it goes in the release's order, and its source."""

    order: tuple[int, int, int]
    source: str


def _helpers(work: _Work, answers: Mapping[str, _Answer]) -> list[_Helper]:
    """Code cells that the student added, and parts split off from an answer, in the places where they stood."""
    taken = {piece.place for answer in answers.values() for piece in answer.pieces}
    helpers = []
    for match in work.matches:
        piece, slot = match.piece, match.slot
        if piece.place in taken or not piece.is_code or is_empty(piece.source) or match.offers:
            continue
        split = (
            slot is not None and slot.kind == "solution" and _is_part(piece, slot, set(work.tasks.get(slot.name, ())))
        )
        if slot is None or split:
            helpers.append(_Helper(_order_of(work, answers, piece), piece.source))
    return helpers


def _order_of(work: _Work, answers: Mapping[str, _Answer], piece: Piece) -> tuple[int, int, int]:
    """After the release cell that it stood after, but before every answer that it stood before."""
    anchor = -1
    places = {one.place: answer.slot.index for answer in answers.values() for one in answer.pieces}
    for match in work.matches[: piece.place - 1]:
        index = places.get(match.piece.place, match.slot.index if match.slot else None)
        anchor = anchor if index is None else index
    later = [
        answer.slot.index for answer in answers.values() if answer.pieces and answer.pieces[-1].place > piece.place
    ]
    return (min([anchor, *(index - 1 for index in later)]), 1, piece.place)


def _kept(work: _Work, answers: Mapping[str, _Answer], helpers: Sequence[_Helper]) -> list[_Helper]:
    """Definitions from other cells that an answer uses; those that the student wrote are reported."""
    sources = [answer.source for answer in answers.values() if answer.pieces] + [one.source for one in helpers]
    kept = kept_definitions(work.slots, work.matches, work.tasks, sources)
    names = sorted({name for one in kept if one.added for name in one.names})
    if names:
        work.repairs.append(
            f"Kept from cells that are otherwise taken from the release, since an answer uses it: {_list(names)}."
        )
    return [_Helper((one.slot.index, 2, number), one.source) for number, one in enumerate(kept)]


# --- reports ---------------------------------------------------------------------------------------------------------


def _report_missing_signs(work: _Work) -> None:
    graded = [match for match in work.matches if match.slot and match.slot.marks.get("grade_id")]
    if not graded and not work.matches:
        return
    if not any(match.by == "grade_id" for match in work.matches):
        ids = any(match.by == "id" for match in work.matches)
        how = "by their ids" if ids else "by what they define and by their text"
        work.repairs.append(f"nbgrader's metadata is missing from this notebook; its cells were found {how}.")
    changed = sorted({match.slot.label for match in work.matches if _points_changed(match)})
    if changed:
        work.repairs.append(f"The points of {_list(changed)} had been changed; the release's count.")


def _points_changed(match: Match) -> bool:
    if match.by != "grade_id" or match.slot is None or "points" not in match.slot.marks:
        return False
    return match.piece.marks.get("points", match.slot.marks["points"]) != match.slot.marks["points"]


def _report_provided(work: _Work) -> None:
    """Check cells and provided cells that were edited or deleted: the release's are used."""
    edited, missing = [], []
    for slot in (slot for slot in work.slots if slot.kind in ("provided", "check")):
        pieces = [match.piece for match in work.at(slot)]
        if not pieces:
            missing.append(slot.label)
        elif all(piece.key != slot.key for piece in pieces):
            edited.append(slot.label)
    for labels, what in ((edited, "edited"), (missing, "deleted")):
        if labels:
            verb = "were" if len(labels) > 1 else "was"
            work.repairs.append(f"{_start(_list(labels))} {verb} {what}; the release's own counts.")


def _report_order(work: _Work) -> None:
    """Cells of the release that stand in another order than the release's."""
    places: dict[int, int] = {}
    for match in work.matches:
        if match.slot is not None and match.slot.kind != "other":
            places.setdefault(match.slot.index, match.piece.place)
    order = [places[index] for index in sorted(places)]
    if order != sorted(order):
        work.repairs.append("Cells had been moved; they were put back into the release's order.")


def _start(label: str) -> str:
    return label[:1].upper() + label[1:]


def _task(slot: Slot) -> str:
    return slot.label.removeprefix("the answer cell of ")


def _cells(places: Sequence[int]) -> str:
    """`cells 4 and 6`, counted from 1 as people do."""
    return ("cell " if len(places) == 1 else "cells ") + _list([str(place) for place in sorted(places)])


def _list(items: Sequence[str]) -> str:
    shown = list(items[:MAX_LISTED])
    if len(items) > MAX_LISTED:
        return ", ".join(shown) + f" and {len(items) - MAX_LISTED} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


# --- putting together ------------------------------------------------------------------------------------------------


def _in_order(work: _Work, answers: Mapping[str, _Answer], helpers: Sequence[_Helper]) -> tuple[Cell, ...]:
    cells: list[tuple[tuple[int, int, int], Cell]] = []
    for slot in work.slots:
        if slot.kind == "provided":
            cells.append(((slot.index, 0, 0), Cell("provided", slot.name, slot.source)))
        elif slot.kind == "solution":
            cells.append(((slot.index, 0, 0), Cell("solution", slot.name, answers[slot.name].source)))
    for number, helper in enumerate(sorted(helpers, key=lambda one: one.order), start=1):
        cells.append((helper.order, Cell("helper", f"helper-{number}", helper.source)))
    return tuple(cell for _, cell in sorted(cells, key=lambda pair: pair[0]))


# --- plain answer files ----------------------------------------------------------------------------------------------


def from_answer(release: NotebookNode, answer_source: str, tasks: Tasks) -> tuple[Graft, tuple[str, ...]]:
    """Put an answer file of plain Python in the place of the solution cells that it answers.

    The whole file is executed once, in the place of the first task that it answers; unanswered tasks keep the
    release's placeholder. A file that is no Python answers the tasks whose names it mentions, else all of them: they
    are then marked as wrong, with the error.

    Args:
        release: the instructor's notebook, as students get it.
        answer_source: the file's text.
        tasks: for each task the names that its solution cell defines.

    Returns:
        What to execute, and the tasks that the file answers, in the release's order.

    Raises:
        CourseError: the file defines none of the names that the tasks ask for.
    """
    slots = [slot for slot in slots_of(release) if slot.kind in ("provided", "solution")]
    answered = _answered_by(answer_source, {slot.name: slot for slot in slots if slot.kind == "solution"}, tasks)
    cells = []
    for slot in slots:
        source = slot.source
        if slot.name in answered:
            first = slot.name == answered[0]
            source = answer_source if first else f"# This task is answered in the cell of {answered[0]}."
        cells.append(Cell("provided" if slot.kind == "provided" else "solution", slot.name, source))
    stubs = {slot.name: slot.source for slot in slots if slot.kind == "solution"}
    return Graft(tuple(cells), stubs), answered


def _answered_by(source: str, slots: Mapping[str, Slot], tasks: Tasks) -> tuple[str, ...]:
    names = [name for name in slots if name in tasks]
    if not is_python(strip_magics(source)[0]):
        mentioned = set(re.findall(r"\w+", source))
        return tuple(name for name in names if mentioned & set(tasks[name])) or tuple(names)
    defined = definitions(source)
    answered = tuple(name for name in names if defined & set(tasks[name]))
    if not answered:
        expected = ", ".join(f"`{one}`" for name in names for one in tasks[name])
        found = ", ".join(f"`{one}`" for one in sorted(defined)[:MAX_LISTED]) or "nothing"
        raise CourseError(f"the answer defines {found}: expected at least one of {expected}")
    unchanged = [name for name in answered if _same_definitions(source, slots[name].source, tasks[name])]
    return tuple(name for name in answered if name not in unchanged) or answered


def _same_definitions(one: str, other: str, names: Sequence[str]) -> bool:
    """Whether two sources define these names alike: a placeholder that was copied along answers nothing."""
    mine, theirs = definition_keys(one), definition_keys(other)
    return all(mine.get(name) == theirs.get(name) for name in names)
