"""A submission laid beside the release: what every step of rebuilding looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.rebuild.matching import Match, Piece, Slot
from autograder.rebuild.pysource import is_empty, tree_of

Tasks = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Bench:
    """A submission beside the release.

    Attributes:
        slots: the release's cells.
        tasks: names that each task's cell defines.
        matches: what each cell of the submission is.
    """

    slots: Sequence[Slot]
    tasks: Tasks
    matches: Sequence[Match]

    def at(self, slot: Slot) -> list[Match]:
        """The cells of the submission that are this release cell, or copies of it."""
        return [match for match in self.matches if match.slot is slot]

    def needed(self, slot: Slot) -> set[str]:
        """The names that the answer in this cell defines."""
        return set(self.tasks.get(slot.name, ()))

    def nearest(self, slot: Slot, matches: Sequence[Match]) -> Match:
        """The match nearest to the original place; a cell that still bears the task's signs goes before any other."""
        place = self._original_place(slot)
        return min(matches, key=lambda one: (one.slot is not slot, abs(one.piece.place - place), -one.piece.place))

    def is_part(self, piece: Piece, slot: Slot) -> bool:
        """Whether a cell that bears a task's signs is code of its own, split off from the answer, and no copy of it."""
        own = piece.is_code and piece.key != slot.key and not piece.defines & self.needed(slot)
        return bool(own and tree_of(piece.source) and not is_empty(piece.source))

    def _original_place(self, slot: Slot) -> float:
        """Where the release's cell stands in the submission, or would stand, by its neighbours."""
        own = [match.piece.place for match in self.at(slot) if slot.cell.get("id") in match.piece.ids]
        if len(own) == 1:
            return own[0]
        before = [(one.slot.index, one.piece.place) for one in self.matches if one.slot and one.slot.index < slot.index]
        return max(before)[1] + 0.5 if before else 0.0
