"""The student's text for each written answer."""

from __future__ import annotations

from autograder.rebuild import repairs
from autograder.rebuild.bench import Bench
from autograder.rebuild.matching import Slot


def written_of(bench: Bench) -> tuple[dict[str, str], list[str]]:
    """For each written answer its text, empty where the release's placeholder stands, and what to say about it."""
    texts, said = {}, []
    for slot in (slot for slot in bench.slots if slot.kind == "written"):
        texts[slot.name], remarks = _text_of(bench, slot)
        said += remarks
    return texts, said


def _text_of(bench: Bench, slot: Slot) -> tuple[str, list[str]]:
    matches = bench.at(slot)
    changed = [match for match in matches if match.piece.text != slot.text and match.piece.text]
    if not changed:
        return ("", []) if matches else _loose_text(bench, slot)
    best = bench.nearest(slot, changed)
    others = [match.piece.place for match in changed if match is not best]
    return best.piece.source, [repairs.written_twice(slot, best.piece.place, others)] if others else []


def _loose_text(bench: Bench, slot: Slot) -> tuple[str, list[str]]:
    """Text cells without signs that stand where the written answer stood."""
    texts: list[str] = []
    inside = False
    for match in bench.matches:
        if match.slot is not None:
            inside = match.slot.index == slot.index - 1
        elif inside and not match.piece.is_code:
            texts.append(match.piece.source)
    return "\n\n".join(texts), [repairs.written_without_signs(slot, found=bool(texts))]
