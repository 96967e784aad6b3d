"""The numbers of assignments in texts."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.author.numbers import Renumbering, wrong_number
from autograder.base.course import Assignment

SWAP = Renumbering({"02-eda": "03-eda", "03-pca": "02-pca"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("as in 02-eda", "as in 03-eda"),
        ("[PCA](../03-pca/pca.ipynb)", "[PCA](../02-pca/pca.ipynb)"),
        ('tree / "03-pca" / "pca.ipynb"', 'tree / "02-pca" / "pca.ipynb"'),
        ("in assignment 03.", "in assignment 02."),
        ("Assignment\n02 shows it", "Assignment\n03 shows it"),
        ("assignments 02 and 03", "assignments 03 and 02"),
        ("assignments 02, 03, and 05 to 07", "assignments 03, 02, and 05 to 07"),
        ("assignment 022, 02-edas, x02-eda, 03-pca-old", None),
        ("0.03, 2026-03-02, 03:02 and 03 %", None),
        ("assignment 04", None),
    ],
)
def test_a_text(before: str, after: str | None) -> None:
    """Is everything renumbered that names an assignment which moves, and nothing else?"""
    assert SWAP.text(before) == (before if after is None else after)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("PCA is linear. In assignment 03 we use it.", []),
        ("Hand in.\n\nNext: in assignment 03 PCA learns.", ["Next: in assignment 02 PCA learns."]),
        ("Compare assignments 02 to 04.", ["Compare assignments 03 to 04."]),
        ("Is that all (03)? No.", ["Is that all (03)?"]),
        ("First 0.03, then 2026-03-02.", []),
        ("The next one is assignment 05.", []),
    ],
)
def test_what_a_person_should_read(text: str, sentences: list[str]) -> None:
    """Are sentences named that speak of an order or of a number which may be an assignment's, and no others?"""
    assert list(SWAP.to_read(text)) == sentences


@pytest.mark.parametrize(
    ("title", "hand_in", "words"),
    [
        ("# 03 · PCA\n\nText.", "Upload it under assignment 03.", None),
        ("# PCA in 3 steps", "Upload it.", None),
        ("# 2026 in numbers", "Next: in assignment 04 …", None),
        ("# 02 · PCA", "", "cell 'title' calls itself assignment 02, expected 03 as in 03-pca"),
        ("# 03 PCA", "Upload it\nunder assignment 02.", "cell 'hand-in' calls itself assignment 02"),
    ],
)
def test_a_notebook_with_another_number(title: str, hand_in: str, words: str | None) -> None:
    """Is a notebook told when its heading, or where it is handed in, has another number than its folder?"""
    cells = [
        new_markdown_cell(title, id="title"),
        new_markdown_cell(hand_in, id="hand-in", metadata={"tags": ["hand-in"]}),
    ]
    found = wrong_number(new_notebook(cells=cells), Assignment("03-pca", "PCA", 12))
    assert found is None if words is None else found is not None and found.startswith(words)
