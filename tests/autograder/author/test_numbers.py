"""The numbers of assignments in texts."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.author.numbers import Renumbering, wrong_number
from autograder.base.course import Assignment

SWAP = Renumbering({"22-a": "23-a", "23-b": "22-b"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("as in 22-a", "as in 23-a"),
        ("[PCA](../23-b/b.ipynb)", "[PCA](../22-b/b.ipynb)"),
        ('tree / "23-b" / "b.ipynb"', 'tree / "22-b" / "b.ipynb"'),
        ("in assignment 23.", "in assignment 22."),
        ("Assignment\n22 shows it", "Assignment\n23 shows it"),
        ("assignments 22 and 23", "assignments 23 and 22"),
        ("assignments 22, 23, and 05 to 07", "assignments 23, 22, and 05 to 07"),
        ("assignment 222, 22-as, x22-a, 23-b-old", None),
        ("0.23, 2026-23-22, 23:22 and 23 %", None),
        ("assignment 04", None),
    ],
)
def test_a_text(before: str, after: str | None) -> None:
    """Is everything renumbered that names an assignment which moves, and nothing else?"""
    assert SWAP.text(before) == (before if after is None else after)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("PCA is linear. In assignment 23 we use it.", []),
        ("Hand in.\n\nNext: in assignment 23 PCA learns.", ["Next: in assignment 22 PCA learns."]),
        ("Compare assignments 22 to 04.", ["Compare assignments 23 to 04."]),
        ("Is that all (23)? No.", ["Is that all (23)?"]),
        ("First 0.23, then 2026-23-22.", []),
        ("The next one is assignment 05.", []),
    ],
)
def test_what_a_person_should_read(text: str, sentences: list[str]) -> None:
    """Are sentences named that speak of an order or of a number which may be an assignment's, and no others?"""
    assert list(SWAP.to_read(text)) == sentences


@pytest.mark.parametrize(
    ("title", "hand_in", "words"),
    [
        ("# 23 · PCA\n\nText.", "Upload it under assignment 23.", None),
        ("# PCA in 3 steps", "Upload it.", None),
        ("# 2026 in numbers", "Next: in assignment 04 …", None),
        ("# 22 · PCA", "", "cell 'title' calls itself assignment 22, expected 23 as in 23-b"),
        ("# 23 PCA", "Upload it\nunder assignment 22.", "cell 'hand-in' calls itself assignment 22"),
    ],
)
def test_a_notebook_with_another_number(title: str, hand_in: str, words: str | None) -> None:
    """Is a notebook told when its heading, or where it is handed in, has another number than its folder?"""
    cells = [
        new_markdown_cell(title, id="title"),
        new_markdown_cell(hand_in, id="hand-in", metadata={"tags": ["hand-in"]}),
    ]
    found = wrong_number(new_notebook(cells=cells), Assignment("23-b", "PCA", 12))
    assert found is None if words is None else found is not None and found.startswith(words)
