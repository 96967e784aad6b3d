"""Moments of time as platforms and people write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from autograder.base.settings import Settings

#: Languages in which a date may be written, as Moodle does in its user's.
LANGUAGES = (
    *("ca", "cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it"),
    *("nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk"),
)
NO_TIME = "expected a date and a time, for example 2026-12-01 23:59"


@dataclass(frozen=True)
class Zone:
    """Where the clocks are that times without an offset were read from.

    Attributes:
        info: None where nobody says.
    """

    info: tzinfo | None

    @classmethod
    def of(cls, settings: Settings, slug: str) -> Zone:
        """That of `[late] timezone`, else the offset of an assignment's due date."""
        if settings.late.timezone:
            return cls(ZoneInfo(settings.late.timezone))
        due = settings.assignments[slug].due if slug in settings.assignments else None
        return cls(due.tzinfo if due else None)


def moment_of(text: str, zone: Zone, *, end_of_day: bool = False) -> datetime:
    """The moment that is meant, with its offset from UTC.

    Of the hour that a clock shows twice in autumn, the earlier is meant.

    >>> moment_of("Friday, 27 November 2026, 11:58 PM", Zone(ZoneInfo("Europe/Berlin"))).isoformat()
    '2026-11-27T23:58:00+01:00'

    Args:
        text: ISO 8601, or a date with the month's name in one of `LANGUAGES`, or digits.
        zone: for times without an offset.
        end_of_day: a date alone means its last second; else it is refused.

    Raises:
        ValueError: it is no moment, or could be two; with the end of a sentence for people.
    """
    words = re.sub(r"\s*(?:UTC|GMT)\Z", "+00:00", text.strip())
    found = _iso(words) or _named(words) or _digits(words)
    if found is None:
        raise ValueError(NO_TIME)
    day, clock = found
    if clock is None and not end_of_day:
        raise ValueError(f"{NO_TIME}: the time is missing")
    moment = datetime.combine(day, clock or time(23, 59, 59))
    if moment.tzinfo is None and zone.info is None:
        raise ValueError(
            "it has no offset from UTC: set timezone = 'Europe/Berlin', or yours, below [late] in course.toml"
        )
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone.info)
    if moment.astimezone(UTC).year < 2000:
        raise ValueError("it lies before the year 2000")
    return moment


Parts = tuple[datetime, time | None]


def _iso(text: str) -> Parts | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment, moment.timetz() if ":" in text or "T" in text else None


def _named(text: str) -> Parts | None:
    """`Friday, 27 November 2026, 11:58 PM`, `Freitag, 27. November 2026, 23:58`, `November 27, 2026, 11:58 PM`."""
    date, clock = _without_clock(unicodedata.normalize("NFC", text))
    words = re.findall(r"[^\W\d_]+|\d+", date)
    months = {month for word in words if (month := _months().get(word.casefold()))}
    numbers = [int(word) for word in words if word.isdecimal()]
    years, days = [one for one in numbers if one > 31], [one for one in numbers if one <= 31]
    if len(months) != 1 or len(years) != 1 or len(days) != 1:
        return None
    return _day(years[0], months.pop(), days[0]), clock


def _digits(text: str) -> Parts | None:
    """`27.11.2026 23:58`, and with strokes where only one number can be the day."""
    date, clock = _without_clock(text)
    found = re.fullmatch(r"\W*(\d{1,2})([./-])(\d{1,2})\2(\d{4})\W*", date)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12:
        return _day(year, second, first), clock
    if second > 12 or first == second:
        return _day(year, first, second), clock
    raise ValueError(f"{date.strip(' ,')} may be two days: write {year}-MM-DD")


def _day(year: int, month: int, day: int) -> datetime:
    try:
        return datetime(year, month, day)
    except ValueError:
        raise ValueError("there is no such day") from None


def _without_clock(text: str) -> tuple[str, time | None]:
    """The date, and the time of day at the end."""
    found = re.search(r"(\d{1,2})[:h](\d\d)(?::(\d\d))?(?:\s*([AaPp])\.?[Mm]\.?)?\s*\Z", text)
    if not found:
        return text, None
    hour, half = int(found[1]), (found[4] or "").casefold()
    if half and not 1 <= hour <= 12:
        raise ValueError("there is no such time of day")
    hour = hour % 12 + 12 * (half == "p") if half else hour
    try:
        return text[: found.start()], time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        raise ValueError("there is no such time of day") from None


@cache
def _months() -> dict[str, int]:
    """Months by their names; no name means two of them."""
    return {
        word: number
        for language in LANGUAGES
        for form in ("format", "stand-alone")
        for number, name in get_month_names("wide", form, language).items()
        for word in re.findall(r"[^\W\d_]+", name.casefold())[-1:]
    }
