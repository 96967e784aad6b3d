"""Solution markers: in pairs, spelt as nbgrader reads them, and where an answer stands, around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from autograder.author.lint.finding import Finding
from autograder.author.lint.source import SourceCell

REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
SPELLINGS = [f"### {side} {region}" for region in REGIONS for side in ("BEGIN", "END")]
RIGHT = re.compile(rf"\s*### (BEGIN|END) ({'|'.join(REGIONS)})\s*")
READ = re.compile(rf"(BEGIN|END) ({'|'.join(REGIONS)})")  # wherever in a line: what nbgrader takes for a marker
COMMENT = re.compile(r"\s*(?:#|//|<!--)")
WORDS = frozenset({"BEGIN", "START", "END", "STOP", "SOLUTION", "HIDDEN", "SCHEME"})
ALIKE = 0.85  # "BEGIN SOLUTON" is, "The solution" is not
MOST_LETTERS, MOST_WORDS = 24, 4

#: Kind of region, and its first and last line, markers included, counted from 1.
Region = tuple[str, int, int]


def marker_findings(cell: SourceCell) -> Iterator[Finding]:
    """What is wrong with the markers of a cell."""
    for number, line in enumerate(cell.lines, start=1):
        if right := misspelt(line, in_code=cell.kind == "code"):
            yield cell.finding(f"{line.strip()!r} is no marker: expected {right!r} on a line of its own", number)
    yield from pairs(cell)[1]
    for region, first, _ in pairs(cell)[0]:
        if region == "SOLUTION" and not cell.is_solution:
            yield cell.finding("a solution in a cell that is none: in Create Assignment, say what the cell is", first)
        if region != "SOLUTION" and not cell.is_graded:
            yield cell.finding(f"{region} in a cell that gives no points: nbgrader would not release it", first)


def misspelt(line: str, *, in_code: bool) -> str | None:
    """The right spelling of a line that is meant for a marker; None for a right one, and for any other line.

    >>> misspelt("  ### BEGIN SOLUTON", in_code=True), misspelt("## end solution", in_code=False)
    ('### BEGIN SOLUTION', '### END SOLUTION')
    """
    if RIGHT.fullmatch(line):
        return None
    if found := READ.search(line):
        return f"### {found[0]}"
    words = re.findall(r"[A-Za-z]+", line)
    letters = "".join(words)
    if not words or len(letters) > MOST_LETTERS or not (COMMENT.match(line) or letters.isupper() or not in_code):
        return None
    letters_read = letters.upper().replace("START", "BEGIN").replace("STOP", "END")
    near = {right: SequenceMatcher(None, letters_read, re.sub(r"\W", "", right)).ratio() for right in SPELLINGS}
    best = max(near, key=lambda right: near[right])
    capitals = letters.isupper() and len(words) <= MOST_WORDS and bool(WORDS & set(words)) and "###" in line
    return best if near[best] >= ALIKE or capitals else None


def pairs(cell: SourceCell) -> tuple[list[Region], list[Finding]]:
    """The regions of a cell, and what is wrong with the order of its markers."""
    regions: list[Region] = []
    wrong: list[Finding] = []
    opened: tuple[str, int] | None = None
    for number, line in enumerate(cell.lines, start=1):
        marker = RIGHT.fullmatch(line)
        if not marker:
            continue
        side, region = marker.groups()
        if side == "BEGIN":
            if opened:
                wrong.append(
                    cell.finding(f"{marker[0].strip()!r} inside the region that begins in line {opened[1]}", number)
                )
            opened = opened or (region, number)
        elif opened is None:
            wrong.append(cell.finding(f"{marker[0].strip()!r} without '### BEGIN {region}' above it", number))
        elif opened[0] != region:
            wrong.append(
                cell.finding(f"{marker[0].strip()!r} ends '### BEGIN {opened[0]}' of line {opened[1]}", number)
            )
            opened = None
        else:
            regions.append((region, opened[1], number))
            opened = None
    if opened:
        wrong.append(cell.finding(f"'### BEGIN {opened[0]}' without '### END {opened[0]}' below it", opened[1]))
    return regions, wrong


def open_answers(cell: SourceCell) -> Iterator[Finding]:
    """Functions and classes of an answer cell of which nothing is hidden: students would get them as they are."""
    regions, wrong = pairs(cell)
    solutions = [(first, last) for region, first, last in regions if region == "SOLUTION"]
    if wrong or isinstance(cell.tree, SyntaxError):
        return
    if not solutions:
        yield cell.finding("no '### BEGIN SOLUTION' and '### END SOLUTION' around the answer of this solution cell")
        return
    for one in cell.definitions:
        if not any(one.lineno < first and last <= (one.end_lineno or 0) + 1 for first, last in solutions):
            yield cell.finding(
                f"{one.name!r} has no '### BEGIN SOLUTION' in it: it would be published as it stands; what is given "
                "belongs to a cell of its own",
                one.lineno,
            )
