"""Which cells of a submission answer each task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.rebuild import repairs
from autograder.rebuild.bench import Bench
from autograder.rebuild.matching import Match, Piece, Slot
from autograder.rebuild.pysource import is_empty


@dataclass(frozen=True)
class Answer:
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


def answers_of(bench: Bench) -> tuple[dict[str, Answer], list[str]]:
    """For each task, what is graded, and what to say about it; a cell that answers several is executed once."""
    answers, said = {}, []
    for slot in (slot for slot in bench.slots if slot.kind == "solution"):
        answers[slot.name], remarks = _choose(bench, slot)
        said += remarks
    first = _executed_for(bench, answers)
    for name, answer in answers.items():
        homes = {first[piece.place] for piece in answer.pieces}
        if answer.pieces and name not in homes:
            home = answers[min(homes)].slot
            said.append(repairs.answered_elsewhere(answer.slot, home))
            answers[name] = replace(answer, home=repairs.task(home))
    return answers, said


def _executed_for(bench: Bench, answers: Mapping[str, Answer]) -> dict[int, str]:
    """For each cell, by its place, the task in whose place it is executed: its own before any other."""

    def is_away(name: str) -> bool:
        own = [match.piece for match in bench.at(answers[name].slot)]
        return not any(piece in answers[name].pieces for piece in own)

    first: dict[int, str] = {}
    for name in sorted(answers, key=is_away):
        for piece in answers[name].pieces:
            first.setdefault(piece.place, name)
    return first


def _choose(bench: Bench, slot: Slot) -> tuple[Answer, list[str]]:
    """The answer to one task: of the changed candidates, the complete one nearest to the original place."""
    matches = [match for match in bench.matches if match.slot is slot or slot.name in match.offers]
    if not matches:
        return Answer(slot), [repairs.no_answer(slot)]
    changed = [match for match in matches if match.piece.key != slot.key and not is_empty(match.piece.source)]
    if not changed:
        return Answer(slot), []
    complete = [match for match in changed if bench.needed(slot) <= match.piece.defines]
    chosen = (bench.nearest(slot, complete),) if complete else _parts(bench, slot, changed)
    pieces = sorted((match.piece for match in chosen), key=lambda piece: piece.place)
    return Answer(slot, tuple(pieces)), repairs.choice(slot, chosen, _others(bench, slot, matches, chosen))


def _parts(bench: Bench, slot: Slot, changed: Sequence[Match]) -> tuple[Match, ...]:
    """The cells that together define what one cell should; without any, the nearest that bears the task's signs."""
    parts: dict[int, Match] = {}
    for name in sorted(bench.needed(slot)):
        if defining := [match for match in changed if name in match.piece.defines]:
            best = bench.nearest(slot, defining)
            parts[best.piece.place] = best
    return tuple(parts.values()) or (bench.nearest(slot, changed),)


def _others(bench: Bench, slot: Slot, matches: Sequence[Match], chosen: Sequence[Match]) -> list[int]:
    """Places of further answers to a task, which are not graded."""
    places = {match.piece.place for match in chosen}
    at_home = any(match.slot is slot for match in chosen)
    return [
        match.piece.place
        for match in matches
        if match.piece.place not in places
        and (match.piece.key != slot.key or at_home)
        and (match.slot is slot or match.piece.defines & bench.needed(slot))
        and not bench.is_part(match.piece, slot)
    ]
