"""What a grader wants to know before anything is graded: how many people and files there are, and who is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.base.people import Person
from autograder.base.records import Submission
from autograder.intake.collect import SEVERAL

MAX_NAMED = 12  # people or files that one line names
MAX_CAUSES = 12  # causes that are shown


@dataclass(frozen=True)
class Intake:
    """Everything that was handed in.

    Attributes:
        submissions: readable or not.
        roster: the class; empty where it is not known.
    """

    submissions: Sequence[Submission]
    roster: Sequence[Person] = ()

    def lines(self) -> Iterator[str]:
        """The overview, a line each."""
        people = {one.person for one in self.submissions}
        readable = [one for one in self.submissions if one.is_readable]
        counts = Counter(one.assignment.slug for one in readable if one.assignment)
        notebooks = _counted(len(readable), "notebook", "notebooks")
        yield f"{_counted(len(people), 'person', 'people')}, {notebooks} to grade"
        yield from (f"  {slug}: {count}" for slug, count in sorted(counts.items()))
        yield from self._ungraded()
        yield from self._several()
        if self.roster:
            yield from self._unknown()
            yield from self._absent()

    def _ungraded(self) -> Iterator[str]:
        """What cannot be graded, by its cause."""
        causes: dict[str, list[Submission]] = {}
        for one in self.submissions:
            if not one.is_readable:
                causes.setdefault((one.cause or "").split(". ")[0].rstrip("."), []).append(one)
        if not causes:
            return
        yield f"{_counted(sum(map(len, causes.values())), 'file or folder', 'files or folders')} that cannot be graded"
        ordered = sorted(causes.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        for cause, ones in ordered[:MAX_CAUSES]:
            yield f"  {len(ones)} × {cause}: {_named(dict.fromkeys(one.student for one in ones))}"
        if rest := ordered[MAX_CAUSES:]:
            yield f"  {sum(len(ones) for _, ones in rest)} for other causes"

    def _several(self) -> Iterator[str]:
        """Whose file names hold several notebooks for one assignment: they may be several people's."""
        names = {one.student for one in self.submissions if any(SEVERAL in remark for remark in one.repairs)}
        if names:
            listed = _named(sorted(names))
            yield f"{len(names)} with several notebooks for one assignment, of which the newest is graded: {listed}"

    def _unknown(self) -> Iterator[str]:
        """Who is not in the roster, or could be several of it."""
        known = {one.key for one in self.roster}
        work = Counter(one.student for one in self.submissions if one.person not in known)
        if work:
            names = _named(sorted(work))
            yield f"warning: not known by the roster (graded, in no row of canvas.csv and moodle.csv): {names}"

    def _absent(self) -> Iterator[str]:
        here = {one.person for one in self.submissions}
        names = [f"{one.name} ({one.id})" if one.name else one.id for one in self.roster if one.key not in here]
        if names:
            yield f"{len(names)} of {len(self.roster)} in the roster without work under their name: {_named(names)}"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _named(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
