"""Whose each file is: what platforms and folders call people becomes people, each with one key and one readable name.

A person is known by Canvas's number, else by the roster, else by the name. Moodle draws a number for each person in
each assignment: it tells two people of one name apart within one export, and is no key over a term.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.base.names import UNKNOWN, safe_name
from autograder.base.people import Directory, Match, folded
from autograder.intake.students import Owner
from autograder.intake.worksheets import Participant

LOST = "it is graded, and in no row of canvas.csv and moodle.csv until the roster tells."


@dataclass(frozen=True)
class Claim:
    """Somebody who handed something in, as far as names tell; equal where two files are one person's.

    Attributes:
        name: fit for people to read.
        canvas: the user's number in Canvas.
        number: Moodle's number, where the name alone would take two people for one.
        address: e-mail address or ID number by Moodle's grading worksheet, where the name alone would.
        place: the file itself, where nothing on the way to it is a name.
    """

    name: str
    canvas: str = ""
    number: str = ""
    address: str = ""
    place: str = ""

    @property
    def key(self) -> str:
        """The key of somebody who is not found in the roster."""
        if self.canvas:
            return f"canvas:{self.canvas}"
        if self.number:
            return f"moodle:{self.number}"
        more = f" <{self.address}>" if self.address else f" [{self.place}]" if self.place else ""
        return f"name:{self.name}{more}"

    @property
    def suffix(self) -> str:
        """What tells this person from another of the same name."""
        return self.canvas or self.address or self.number or _digest(self.key)


@dataclass(frozen=True)
class Who:
    """The person behind a file.

    Attributes:
        person: the key that records hold.
        student: the readable name, which nobody else has.
        remark: what is not certain about it; empty where nothing is.
    """

    person: str
    student: str
    remark: str = ""


@dataclass
class Persons:
    """Tells people apart, over everything that one run reads.

    Attributes:
        directory: the roster.
        worksheets: who has which of Moodle's numbers.
        earlier: the names that an earlier run gave, by key: they stay, and nobody else gets them.
    """

    directory: Directory
    worksheets: Mapping[str, Participant] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)

    def tell(self, owners: Sequence[Owner], places: Sequence[str]) -> list[Who]:
        """Whose each file is.

        Args:
            owners: under which names the files were handed in.
            places: where each file lay.

        Returns:
            The people, in the order of the files.
        """
        claims = self._claims(owners, places)
        matches = self._matches(dict.fromkeys(claims))
        keys = {claim: match.person.key if match.person else claim.key for claim, match in matches.items()}
        names = self._names(matches, keys)
        remarks = {claim: self._remark(claim, match) for claim, match in matches.items()}
        return [Who(keys[one], names[keys[one]], remarks[one]) for one in claims]

    # --- who is claimed to have handed in ----------------------------------------------------------------------------

    def _claims(self, owners: Sequence[Owner], places: Sequence[str]) -> list[Claim]:
        """One claim a file. Two numbers of one name in one export are two people."""
        named = dict(sorted({(one.canvas, one.name) for one in owners}, reverse=True))  # who changed names has one
        numbers: dict[tuple[tuple[str, ...], str], set[str]] = {}
        for one in owners:
            if one.moodle:
                numbers.setdefault((one.export, folded(one.name)), set()).add(one.moodle)
        shared = {name for (_, name), found in numbers.items() if len(found) > 1}
        return [
            Claim(named[one.canvas], one.canvas)
            if one.canvas
            else self._by_name(one, place, folded(one.name) in shared)
            for one, place in zip(owners, places, strict=True)
        ]

    def _by_name(self, owner: Owner, place: str, shared: bool) -> Claim:
        participant = self.worksheets.get(owner.moodle)
        if participant and participant.address and (shared or self.directory.people):
            return Claim(owner.name, address=participant.address)
        if owner.moodle and shared:
            return Claim(owner.name, number=owner.moodle)
        lost = self.directory.people and not self.directory.find(owner.name).person
        if not owner.is_certain and (lost or owner.name == UNKNOWN):
            return Claim(owner.name, place=place)
        return Claim(owner.name)

    # --- who that is -------------------------------------------------------------------------------------------------

    def _matches(self, claims: Iterable[Claim]) -> dict[Claim, Match]:
        """Who of the roster each is; nobody where two different people would be the same one by their name."""
        claims = list(claims)
        plain = {one: (one.name, one.canvas) for one in claims if not (one.number or one.address)}
        found = self.directory.find_each(plain)
        return {one: found[one] if one in found else self._by_address(one) for one in claims}

    def _by_address(self, claim: Claim) -> Match:
        """Whoever has that address; by name only somebody without any."""
        if not claim.address:
            return Match()
        sure = self.directory.find(claim.address)
        others = [one for one in self.directory.find(claim.name).people if not one.email]
        return sure if sure.people else Match(tuple(others))

    def _remark(self, claim: Claim, match: Match) -> str:
        known, number = bool(self.directory.people), f" (number {claim.canvas})" if claim.canvas else ""
        if claim.number:
            said = f"Several people are called {claim.name}; Moodle's number {claim.number} tells them apart in this "
            return said + ("assignment only: " + LOST if known else "assignment only.")
        if match.person or not known:
            return ""
        if match.is_ambiguous:
            return f"The roster knows {len(match.people)} people who may be called {claim.name}{number}: {LOST}"
        if self.directory.find(claim.name).people:
            return f"The roster knows a person called {claim.name}, who need not be this one{number}: {LOST}"
        return f"The roster knows nobody called {claim.name}{number}: {LOST}"

    # --- what to call them -------------------------------------------------------------------------------------------

    def _names(self, matches: Mapping[Claim, Match], keys: Mapping[Claim, str]) -> dict[str, str]:
        """A name for each key, unlike all others even where case is ignored, and the same whoever else handed in."""
        wanted = {claim.key: (claim.name, claim.suffix) for claim, match in matches.items() if not match.person}
        pairs = sorted((claim.key, key) for claim, key in keys.items())
        names = {key: self.earlier[one] for own, key in pairs for one in (own, key) if one in self.earlier}
        now = dict(pairs)
        taken = {_look(name): now.get(key, key) for key, name in self.earlier.items()}
        roster = {one.key: (one.title, one.id) for one in self.directory.people}
        for group in (roster, wanted):
            looks = Counter(_look(name) for name, _ in group.values())
            for key, (name, suffix) in group.items():
                if key not in names:
                    alone = looks[_look(name)] == 1 and taken.get(_look(name), key) == key
                    name = name if alone else f"{name} ({suffix})"
                    names[key] = name if taken.get(_look(name), key) == key else f"{name} {_digest(key)}"
                taken.setdefault(_look(names[key]), key)
        return names


def _look(name: str) -> str:
    return safe_name(name).casefold()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
