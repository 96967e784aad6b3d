"""What was mended in a submission, in words: for the student's page and for the person who marks."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.rebuild.bench import Bench
from autograder.rebuild.matching import Match, Slot

MAX_LISTED = 5  # cells or names that one sentence lists


# --- answers and written answers -------------------------------------------------------------------------------------


def no_answer(slot: Slot) -> str:
    """No cell answers this task."""
    return f"{_start(slot.label)} is missing; the task counts as not answered."


def answered_elsewhere(slot: Slot, home: Slot) -> str:
    """The cell of one task answers this one, too."""
    return f"{_start(slot.label)} was empty; {home.label} answers both tasks."


def choice(slot: Slot, matches: Sequence[Match], others: Sequence[int]) -> list[str]:
    """How the answer to a task was found, unless it is one code cell in its place.

    Args:
        slot: the task's cell in the release.
        matches: the cells that are graded.
        others: places of further answers, which are not.
    """
    places, said = [match.piece.place for match in matches], []
    if len(matches) > 1:
        said.append(f"{_start(slot.label)} was split; its parts ({_cells(places)}) were put together.")
    if others:
        rule = "the changed copy nearest to the original place"
        times = len(others) + len(places)
        said.append(
            f"{_start(slot.label)} is there {times} times; {rule}, {_cells(places)}, is graded, not {_cells(others)}."
        )
    if all(match.slot is not slot for match in matches):
        said.append(f"The answer to {task(slot)} was found in {_cells(places)} by the names it defines.")
    if any(not match.piece.is_code for match in matches):
        said.append(f"{_start(slot.label)} had become a text cell; its text was taken as code.")
    return said


def written_twice(slot: Slot, place: int, others: Sequence[int]) -> str:
    """Several cells hold a written answer, and one of them counts."""
    return f"{_start(slot.label)} is there {len(others) + 1} times; cell {place} counts, not {_cells(others)}."


def written_without_signs(slot: Slot, *, found: bool) -> str:
    """No cell bears the signs of a written answer; there may be text in its place."""
    return f"{_start(slot.label)} {'was found by its place' if found else 'is missing; it counts as not answered'}."


def kept(names: Sequence[str]) -> str:
    """The student wrote these into cells that are otherwise the release's."""
    return f"Kept from cells that are otherwise taken from the release, since an answer uses it: {_list(names)}."


# --- the notebook as a whole -----------------------------------------------------------------------------------------


def in_the_notebook(bench: Bench) -> list[str]:
    """What was wrong with the cells that are not the student's to change, and with the order of all."""
    return [*_missing_signs(bench), *_changed_points(bench), *_provided(bench), *_order(bench)]


def _missing_signs(bench: Bench) -> list[str]:
    if not bench.matches or any(match.by == "grade_id" for match in bench.matches):
        return []
    ids = any(match.by == "id" for match in bench.matches)
    how = "by their ids" if ids else "by what they define and by their text"
    return [f"nbgrader's metadata is missing from this notebook; its cells were found {how}."]


def _changed_points(bench: Bench) -> list[str]:
    changed = sorted({match.slot.label for match in bench.matches if match.slot and _points_changed(match, match.slot)})
    return [f"The points of {_list(changed)} had been changed; the release's count."] if changed else []


def _points_changed(match: Match, slot: Slot) -> bool:
    if match.by != "grade_id" or "points" not in slot.marks:
        return False
    return match.piece.marks.get("points", slot.marks["points"]) != slot.marks["points"]


def _provided(bench: Bench) -> list[str]:
    """Check cells and provided cells that were edited or deleted: the release's are used."""
    edited, missing = [], []
    for slot in (slot for slot in bench.slots if slot.kind in ("provided", "check")):
        pieces = [match.piece for match in bench.at(slot)]
        if not pieces:
            missing.append(slot.label)
        elif all(piece.key != slot.key for piece in pieces):
            edited.append(slot.label)
    return [
        f"{_start(_list(labels))} {'were' if len(labels) > 1 else 'was'} {what}; the release's own counts."
        for labels, what in ((edited, "edited"), (missing, "deleted"))
        if labels
    ]


def _order(bench: Bench) -> list[str]:
    """Cells of the release that stand in another order than the release's."""
    places: dict[int, int] = {}
    for match in bench.matches:
        if match.slot is not None and match.slot.kind != "other":
            places.setdefault(match.slot.index, match.piece.place)
    order = [places[index] for index in sorted(places)]
    moved = order != sorted(order)
    return ["Cells had been moved; they were put back into the release's order."] if moved else []


# --- words -----------------------------------------------------------------------------------------------------------


def task(slot: Slot) -> str:
    """`Task 1` for the answer cell of Task 1."""
    return slot.label.removeprefix("the answer cell of ")


def _start(label: str) -> str:
    return label[:1].upper() + label[1:]


def _cells(places: Sequence[int]) -> str:
    """`cells 4 and 6`, counted from 1 as people do."""
    return ("cell " if len(places) == 1 else "cells ") + _list([str(place) for place in sorted(places)])


def _list(items: Sequence[str]) -> str:
    shown = list(items[:MAX_LISTED])
    if len(items) > MAX_LISTED:
        return ", ".join(shown) + f" and {len(items) - MAX_LISTED} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
