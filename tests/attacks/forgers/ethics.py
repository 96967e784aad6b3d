"""Forgers of 09: texts that nobody wrote. Words without sense get the program's point, and a person gives the others."""

from __future__ import annotations

import random
from typing import Any

from waferlab.checks.ethics import LITTLE_WORDS, brief
from waferlab.reference.ethics import ethical_impact_assessment

Said = tuple[Any, list[Any]]
MODEL = ethical_impact_assessment().split()


def senseless(question: dict[str, Any], values: list[Any]) -> Said:
    """Little words, and words of no language, in any order."""
    words = [*sorted(LITTLE_WORDS) * 4, *(f"qu{number}x" for number in range(60))]
    return " ".join(random.Random(0).sample(words, 380)), []


def shuffled(question: dict[str, Any], values: list[Any]) -> Said:
    """The model answer's words in another order."""
    return " ".join(random.Random(0).sample(MODEL, len(MODEL))), []


def copied(question: dict[str, Any], values: list[Any]) -> Said:
    """The questions, again and again."""
    return brief() * 4, []


def of_one_letter(question: dict[str, Any], values: list[Any]) -> Said:
    """As many words as it takes."""
    return "a " * 400, []


WAYS = {"ethical_impact_assessment": {way.__name__: way for way in (senseless, shuffled, copied, of_one_letter)}}
