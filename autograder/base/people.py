"""The class: its roster, and who is meant by an id, an address or a name as platforms and people write them.

Nothing is guessed: whoever looks for a person gets the one who fits, nobody, or everybody who fits equally well.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import TypeVar

from autograder.base.course import Course, CourseError

COLUMNS = ("id", "name", "email", "canvas_id", "sis_id", "login", "section")
MAX_SHUFFLED = 4  # words of a name that may come in any order (24 orders); longer names are only turned around
Key = TypeVar("Key", bound=Hashable)
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


@dataclass(frozen=True)
class Person:
    """One row of the roster; all but `id` may be empty.

    Attributes:
        id: the course's own key of this person.
        name: as people read it.
        email, login: as the university gave them.
        canvas_id: Canvas's number of this user; it stands in the names of the files that Canvas exports.
        sis_id, section: as Canvas's gradebook has them.
    """

    id: str
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    section: str = ""

    @property
    def key(self) -> str:
        """The key of this person in records."""
        return f"roster:{self.id}"

    @property
    def title(self) -> str:
        """What to call this person in a sentence."""
        return self.name or self.id


def roster(course: Course) -> list[Person]:
    """The class as `roster` of `[lms]` in `course.toml` names it (a CSV beside it); empty where it names none.

    Raises:
        CourseError: it is missing, no CSV with a column `id`, or an id is empty or stands twice.
    """
    name = course.settings.lms.roster
    if not name:
        return []
    path = course.root / "course" / str(name)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"the roster {path} cannot be read ({error}): expected a CSV file in UTF-8") from error
    people = [Person(**{key: (row.get(key) or "").strip() for key in COLUMNS}) for row in rows]
    times = Counter(one.id for one in people)
    wrong = next((one for one, count in times.items() if not one or count > 1), None)
    if wrong is not None or not people:
        found = "no rows" if not people else f"the id {wrong!r}" + (" more than once" if wrong else "")
        raise CourseError(
            f"the roster {path} holds {found}: expected columns {', '.join(COLUMNS)}, and an id of its own in each row"
        )
    return people


@dataclass(frozen=True)
class Match:
    """Who of the roster may be meant.

    Attributes:
        people: everybody who fits equally well, in the roster's order; empty when nobody does.
    """

    people: tuple[Person, ...] = ()

    @property
    def person(self) -> Person | None:
        """The one person who is meant; None for nobody and for several."""
        return self.people[0] if len(self.people) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether several people fit."""
        return len(self.people) > 1


class Directory:
    """Finds a person of the roster by whatever a platform or a folder calls them.

    Args:
        people: the roster; it may be empty.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = tuple(people)
        self._platform = _index((person, _plain(person.canvas_id)) for person in self.people)
        self._levels = tuple(
            _index((person, key) for person in self.people for key in level(person))
            for level in (_sure, _local_parts, _names)
        )
        self._order = {person: place for place, person in enumerate(self.people)}
        self._by_key = {person.key: person for person in self.people}

    def find(self, *texts: str, platform_id: str = "") -> Match:
        """Who is meant.

        Args:
            texts: what is known of the person, the surest first: an id, a login, an e-mail address, or a name in any
                order of its words, with or without its accents, glued together or not. The first that anybody fits
                decides.
            platform_id: Canvas's number of the user, which goes before everything else. Somebody whose number in the
                roster is another one is never meant.

        Returns:
            Everybody who fits equally well: by number, else by id, login and address, else by the address's part
            before the `@`, else by name.
        """
        number = _plain(platform_id)
        if number and number in self._platform:
            return Match(self._platform[number])
        for text in texts:
            for level in self._levels:
                fitting = {person: None for key in _searched(text) for person in level.get(key, ())}
                if number:
                    fitting = {one: None for one in fitting if not one.canvas_id}
                if fitting:
                    return Match(tuple(sorted(fitting, key=self._order.__getitem__)))
        return Match()

    def find_each(self, wanted: Mapping[Key, tuple[str, str]]) -> dict[Key, Match]:
        """Who each of several different people is.

        Args:
            wanted: a name and Canvas's number, or an empty text, of each.

        Returns:
            Who is meant; nobody for those of different numbers whose name leads to the same person.
        """
        found = {key: self.find(name, platform_id=number) for key, (name, number) in wanted.items()}
        claimed = Counter(match.person for key, match in found.items() if wanted[key][1] and match.person)
        return {
            key: Match() if wanted[key][1] and match.person and claimed[match.person] > 1 else match
            for key, match in found.items()
        }

    def find_recorded(self, rows: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Match]:
        """Who the rows of a run belong to, should the roster have changed since.

        Args:
            rows: of each row, the key in its record (`roster:ID`, `canvas:ID`, `moodle:ID`, `name:NAME`, or none) and
                its readable name.
        """
        found, open_ = {}, {}
        for row in dict.fromkeys(rows):
            (kind, _, value), student = row[0].partition(":"), row[1]
            address = re.fullmatch(r".* <([^<>]+)>", value)
            if person := self._by_key.get(row[0]):
                found[row] = Match((person,))
            elif kind == "moodle":
                found[row] = Match()
            elif kind == "canvas":
                open_[row] = (student.removesuffix(f" ({value})"), value)
            else:
                open_[row] = (address[1] if address else value if kind == "name" else student, "")
        return found | self.find_each(open_)


def folded(text: str) -> str:
    """Text without case, accents and ligatures.

    >>> folded("Åsa Weiß-Jørgensen")
    'asa weiss-jorgensen'
    """
    split = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(char for char in split if not unicodedata.combining(char))


def _index(pairs: Iterable[tuple[Person, str]]) -> dict[str, tuple[Person, ...]]:
    found: dict[str, dict[Person, None]] = {}
    for person, key in pairs:
        if key:
            found.setdefault(key, {})[person] = None
    return {key: tuple(people) for key, people in found.items()}


def _plain(text: str) -> str:
    return text.strip().casefold()


def _sure(person: Person) -> Iterator[str]:
    """What is given to one person only."""
    for text in (person.id, person.canvas_id, person.sis_id, person.login, person.email):
        yield from (_plain(text), _glued(text))


def _local_parts(person: Person) -> Iterator[str]:
    for text in (person.email, person.login):
        if "@" in text:
            yield from (_plain(text.split("@")[0]), _glued(text.split("@")[0]))


def _names(person: Person) -> Iterator[str]:
    """A name in every order of its words, glued together."""
    for words in _spellings(person.name):
        if len(words) <= MAX_SHUFFLED:
            yield from ("".join(order) for order in permutations(words))
        else:
            yield from ("".join(words[turn:] + words[:turn]) for turn in range(len(words)))
            yield "".join(sorted(words))


def _searched(text: str) -> list[str]:
    """The keys by which a text is looked up."""
    keys = [_plain(text), _glued(text)]
    for words in _spellings(text):
        keys += ["".join(words), "".join(sorted(words))]
    return [key for key in dict.fromkeys(keys) if key]


def _spellings(text: str) -> list[list[str]]:
    """The words of a name: accents dropped, and as those write it who have no keys for them (Müller, Mueller)."""
    other = unicodedata.normalize("NFC", text.casefold()).translate(_UMLAUTS)
    return [re.findall(r"[^\W_]+", folded(one)) for one in dict.fromkeys((text, other))]


def _glued(text: str) -> str:
    """Folders say `a_lovelace` where a login says `a.lovelace`."""
    return "".join(char for char in folded(text) if char.isalnum() or char == "@")
