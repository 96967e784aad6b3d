"""What earlier runs left in a run folder: what a run replaces, and what stays.

Nothing vanishes by itself. What somebody hands in for an assignment replaces what they had handed in for it; all else
stays, whatever the paths of a run hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.base.identities import Identities
from autograder.base.people import Directory
from autograder.base.records import Result, Submission

MAX_NAMED = 8


@dataclass(frozen=True)
class Filing:
    """Whose work a row is, and of what.

    Attributes:
        slug: of the assignment; None where that could not be told.
        student, file, person: as in `Submission`; rows of older folders have no `person`.
    """

    slug: str | None
    student: str
    file: str
    person: str = ""

    @property
    def order(self) -> tuple[str, str, str]:
        """The order of all tables: assignment, student, file."""
        return (self.slug or "~", self.student, self.file)


def filing(one: Result | Submission) -> Filing:
    """What a row or a submission is filed as."""
    slug = one.assignment if isinstance(one, Result) else one.assignment.slug if one.assignment else None
    return Filing(slug, one.student, one.file, one.person)


def staying(earlier: Mapping[str, Filing], submissions: Sequence[Submission], directory: Directory) -> list[str]:
    """The keys of what these submissions do not replace.

    A notebook replaces what the same person had handed in for its assignment, under any file name. A file that cannot
    be read replaces only the row of that same file, so that it costs nobody an earlier mark.
    """
    who = Identities(directory, [*earlier.values(), *submissions])
    files = {(filing(one).slug, who.key(one), one.file) for one in submissions}
    notebooks = {(filing(one).slug, who.key(one)) for one in submissions if one.is_readable}
    files |= {(None, who.key(one), one.file) for one in submissions if one.is_readable}
    return [
        key
        for key, old in earlier.items()
        if (old.slug, who.key(old)) not in notebooks and (old.slug, who.key(old), old.file) not in files
    ]


def absent(stay: Sequence[str], earlier: Mapping[str, Filing], slugs: Iterable[str]) -> list[str]:
    """Of what stays, the work for the assignments of this run, and files of no assignment: they are gone today."""
    now = {*slugs, None}
    return [key for key in stay if earlier[key].slug in now]


def said(stay: Sequence[Filing], gone: Sequence[Filing], outdated: int, *, dropped: bool) -> list[str]:
    """What to say about rows of earlier runs.

    Args:
        stay: all that stays.
        gone: rows whose files are not under the paths of this run, though their assignment was graded.
        outdated: how many of those were judged by other checks, seeds or images than this run has.
        dropped: whether those are dropped.
    """
    lines, away = [], set(gone)
    if others := Counter(one.slug or "unplaced" for one in stay if one not in away):
        counts = ", ".join(f"{slug} ({count})" for slug, count in sorted(others.items()))
        lines.append(f"Earlier rows of other assignments stay as they are: {counts}.")
    if gone:
        names = list(dict.fromkeys(f"{one.student} ({one.slug or one.file})" for one in gone))
        listed = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if names[MAX_NAMED:] else "")
        rows = f"{len(gone)} earlier {'row' if len(gone) == 1 else 'rows'} whose files are not under these paths"
        older = f" {outdated} of them were judged by earlier checks, seeds or images." if outdated else ""
        lines.append(f"Dropped {rows}: {listed}." if dropped else f"Kept {rows}: {listed}.{older} --drop drops them.")
    return lines
