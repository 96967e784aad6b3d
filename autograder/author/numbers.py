"""The numbers of assignments where people read them: headings, `assignment 04`, `04-encoder` in a text or a link."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.base.course import Assignment
from autograder.base.notebooks import tags

HEADING = re.compile(r"\A(\s*#\s+)(\d\d)(?=\s)")
HAND_IN = re.compile(r"under\s+assignment\s+(\d\d)\b")
#: `assignment 04`, `assignments 04 and 05`, `Assignments 05 to 07`, over the end of a line, too.
NAMED = re.compile(
    r"\b(assignments?\s+)(\d\d(?:(?:\s*[,–-]\s*|,?\s+(?:and|or|to|through)\s+)\d\d)*)(?!\d)", re.IGNORECASE
)
#: A number that may be an assignment's, with nothing that says so: `(06)`.
BARE = re.compile(r"(?<![\w.,:/%-])\d\d(?![\w:/%-]|[.,]\d)")
ORDER = re.compile(r"\b(next|previous|earlier|later|following|before|after|first|last)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.?!])\s+|\n\s*\n|\n(?=[-*#|]|\d+\. )")


def wrong_number(notebook: NotebookNode, assignment: Assignment) -> str | None:
    """What is wrong with the numbers that a source notebook gives itself; None when they are its folder's, or none.

    Args:
        notebook: of which the title is the first heading; the cell tagged `hand-in` says under which number it goes.
        assignment: what its folder says.
    """
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        heading = HEADING.match(cell.source)
        for found in (heading and heading[2], *(HAND_IN.findall(cell.source) if "hand-in" in tags(cell) else ())):
            if found and int(found) != assignment.number:
                return (
                    f"cell {cell.get('id', '?')!r} calls itself assignment {found}, expected {assignment.number:02} as "
                    f"in {assignment.slug} (`course move` gives an assignment another number, with all that names it)"
                )
    return None


@dataclass(frozen=True)
class Renumbering:
    """New numbers for some assignments.

    Attributes:
        slugs: the new slug by the old one; all at once, so that two may change places.
    """

    slugs: Mapping[str, str]

    @property
    def numbers(self) -> dict[str, str]:
        """The new number by the old one, two digits each."""
        return {old[:2]: new[:2] for old, new in self.slugs.items()}

    def text(self, text: str) -> str:
        """A text with its slugs and its `assignment NN` renumbered.

        >>> swap = Renumbering({"22-a": "23-a", "23-b": "22-b"})
        >>> swap.text("See [23-b](../23-b/b.ipynb), assignments" + " 22, 23 and 25; 0.23.")
        'See [22-b](../22-b/b.ipynb), assignments 23, 22 and 25; 0.23.'
        """
        slugs = "|".join(map(re.escape, self.slugs))
        text = re.sub(rf"(?<![\w-])({slugs})(?![\w-])", lambda found: self.slugs[found[1]], text)
        return NAMED.sub(lambda found: found[1] + self._numbers_in(found[2]), text)

    def _numbers_in(self, text: str) -> str:
        return re.sub(r"\d\d", lambda found: self.numbers.get(found[0], found[0]), text)

    def notebook(self, notebook: NotebookNode, slug: str) -> None:
        """Renumber a source notebook in place: the texts of its cells, and the heading that is its title.

        Args:
            notebook: ids, metadata and all that is not text stay.
            slug: its old slug.
        """
        for cell in notebook.cells:
            cell.source = self.text(cell.source)
            heading = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
            if heading and heading[2] == slug[:2]:
                cell.source = heading[1] + self.numbers.get(slug[:2], slug[:2]) + cell.source[heading.end() :]

    def to_read(self, before: str) -> Iterator[str]:
        """Sentences that a person should read again, as they stand after the change.

        These speak of an assignment that moved and of an order (`Next: in assignment 06 …`, `assignments 04 to 07`), or
        hold a number that may be an assignment's.

        Args:
            before: a text for people as it was.
        """
        for sentence in SENTENCE.split(HEADING.sub("# ", before)):
            named = {number for found in NAMED.finditer(sentence) for number in re.findall(r"\d\d", found[2])}
            ranges = any(re.search(r"to|through|–|-", found[2]) for found in NAMED.finditer(sentence))
            moved = bool(named & self.numbers.keys()) or any(slug in sentence for slug in self.slugs)
            bare = self.numbers.keys() & set(BARE.findall(NAMED.sub("", sentence)))
            if bare or ranges or (moved and ORDER.search(sentence)):
                yield " ".join(self.text(sentence).split())
