"""What `course/course.toml` says: a wrong key or value is one sentence that names it and what was expected."""

from __future__ import annotations

import keyword
import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
NotNegative = Annotated[float, Field(ge=0)]
Title = Annotated[str, Field(pattern=r"^\s*\S[^\r\n]*$")]


FIRST_YEAR = 2000  # earlier dates are typing mistakes, and the first of all has no time in UTC
SLUG = r"\d\d-[a-z][a-z0-9]*(-[a-z0-9]+)*"
NO_LONGER = "is no longer set here: the cells of the notebook say what each is worth, and this line can go"


class SettingsError(ValueError):
    """The settings cannot be used; the text is one sentence a line, one for each mistake."""


class Table(BaseModel):
    """A table of the file: no key that is not named here, no text where a number belongs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class AssignmentSettings(Table):
    """`[assignments.NN-slug]`.

    Attributes:
        title: as people read it.
        due: when it is due, with an offset from UTC; without it nothing is late.
        canvas_id: of the assignment in Canvas (the number at the end of its address, and in the title of its column in
            Canvas's gradebook export), whose column is then updated in place of a new one.
        weight: share in the course's total, compared with the others'; by default as many as its points.
    """

    title: Title
    due: datetime | None = None
    canvas_id: int | str | None = None
    weight: NotNegative | None = None

    @field_validator("canvas_id", mode="before")
    @classmethod
    def _is_one_word(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise PydanticCustomError("canvas_id", "is {found}: expected a number", {"found": repr(value)})
        return value

    @field_validator("due", mode="before")
    @classmethod
    def _has_offset(cls, value: Any) -> Any:
        if not isinstance(value, datetime) or value.tzinfo is None or value.year < FIRST_YEAR:
            found = value.isoformat() if hasattr(value, "isoformat") else repr(value)
            raise PydanticCustomError(
                "due",
                "is {found}: expected a date and time with an offset from UTC and no quotes, for example "
                "due = 2026-12-01T23:59:00+01:00",
                {"found": found},
            )
        return value


class Grading(Table):
    """`[grading]`: what a question may use.

    Attributes:
        time_factor: a question may take this many times what the reference takes …
        min_seconds: … and never less than this; beyond …
        long_seconds: … this …
        long_factor: … only so many times.
        max_memory_gb: address space of a question's process, in GiB.
        max_output_mb: what a question may send back, in MiB.
        dataset: images for the hidden checks: `auto`, `fashion-mnist`, `synthetic-wafers` or `folder:PATH`.
    """

    time_factor: Positive = 20
    min_seconds: Positive = 6
    long_seconds: Positive = 20
    long_factor: Positive = 5
    max_memory_gb: Positive = 6
    max_output_mb: Positive = 16
    dataset: str = "auto"

    @field_validator("dataset")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in ("auto", "fashion-mnist", "synthetic-wafers") and not re.match("folder:.", value):
            raise PydanticCustomError(
                "dataset",
                "is {found}: expected auto, fashion-mnist, synthetic-wafers or folder:PATH",
                {"found": repr(value)},
            )
        return value


class Gradebook(Table):
    """`[gradebook]`: an SQLAlchemy address, or empty for `gradebook.db` in the run folder."""

    url: str = ""


class Late(Table):
    """`[late]`: what a late submission costs.

    Attributes:
        per_day: share of an assignment's full points that each started day costs, from 0 to 1.
        grace_minutes: so much later than due is not late yet.
        most: no lateness costs a larger share than this, from 0 to 1.
        accept_days: later than this many days, a submission gets no points at all; None accepts any.
        extensions: a CSV file beside `course.toml` with those who have longer, or empty.
        timezone: where clocks are that files of times were written by, for example `Europe/Berlin`; by default as in
            the due dates.
    """

    per_day: Share = 0.0
    grace_minutes: NotNegative = 0.0
    most: Share = 1.0
    accept_days: NotNegative | None = None
    extensions: str = ""
    timezone: str = ""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            return value and ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            words = {"found": repr(value)}
            raise PydanticCustomError(
                "timezone", "is {found}: expected a zone, for example Europe/Berlin", words
            ) from None


class Platform(Table):
    """`[lms]`: grades for learning platforms.

    Attributes:
        roster: a CSV file beside `course.toml`, or empty.
        missing: what stands where nothing was handed in.
    """

    roster: str = ""
    missing: Literal["empty", "zero"] = "empty"


class Term(Table):
    """`[term]`: the course's total.

    Attributes:
        drop_lowest: so many assignments of everybody are left out, those with the smallest share of their points.
    """

    drop_lowest: Annotated[int, Field(ge=0)] = 0


class Settings(Table):
    """The whole file.

    Attributes:
        title: of the course.
        repository: owner/name on GitHub, where badges and install cells point to.
        branch: of that repository.
    """

    title: Title
    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    branch: Annotated[str, Field(pattern=r"^[\w./-]+$")]
    grading: Grading = Grading()
    gradebook: Gradebook = Gradebook()
    late: Late = Late()
    lms: Platform = Platform()
    term: Term = Term()
    assignments: dict[Annotated[str, Field(pattern=f"^{SLUG}$")], AssignmentSettings] = {}

    @field_validator("assignments")
    @classmethod
    def _are_different(cls, value: dict[str, AssignmentSettings]) -> dict[str, AssignmentSettings]:
        """No two assignments of one number or one name: badges, modules and folders are told apart by both.

        The name is a Python module's, too.
        """
        if reserved := next((slug for slug in value if keyword.iskeyword(slug.split("-", 1)[1])), None):
            raise PydanticCustomError("same", "{slug} has the name of a word of Python", {"slug": reserved})
        for part, what in ((0, "number"), (1, "name")):
            first: dict[str, str] = {}
            for slug in value:
                key = slug.split("-", 1)[part]
                if first.setdefault(key, slug) != slug:
                    words = {"what": what, "one": first[key], "other": slug}
                    raise PydanticCustomError("same", "{one} and {other} have the same {what}", words)
        return value


def read_settings(path: Path) -> Settings:
    """The settings in a file.

    Raises:
        SettingsError: it is missing, no TOML, or holds keys or values that cannot be used.
    """
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({error}): expected a TOML file in UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError("\n".join(f"{path}: {one}" for one in _sentences(error.errors()))) from error


def _sentences(errors: Sequence[ErrorDetails]) -> list[str]:
    """The mistakes in the order of the file's tables; a typo leaves its key missing, which goes without saying."""
    typed = {one["loc"][:-1] for one in errors if one["type"] == "extra_forbidden" and one["loc"][-1] != "points"}
    told = [one for one in errors if one["type"] != "missing" or one["loc"][:-1] not in typed]
    return list(dict.fromkeys(_sentence(one) for one in told))


def _sentence(error: ErrorDetails) -> str:
    """One mistake in the words of the file.

    >>> _sentence({"type": "missing", "loc": ("assignments", "04-encoder", "title"), "msg": "", "input": {}})
    '[assignments.04-encoder] title is missing'
    """
    *tables, key = [str(part) for part in error["loc"] if part != "[key]"]
    place = f"[{'.'.join(tables)}] {key}" if tables else key
    kind, found = error["type"], error["input"]
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden" and tables[:1] == ["assignments"] and key == "points":
        return f"{place} {NO_LONGER}"
    if kind == "extra_forbidden":
        named = f"[{key}]" if isinstance(found, dict) and not tables else place
        return f"{named} is unknown: {_instead(key, tables)}"
    if kind in ("due", "dataset", "canvas_id", "timezone"):
        return f"{place} {error['msg']}"
    if kind == "same":
        return f"[{key}] {error['msg']}: expected another one"
    if kind in ("model_type", "dict_type"):
        return f"{place} is {_short(found)}: expected a table [{'.'.join([*tables, key])}]"
    if "[key]" in error["loc"]:
        return f"[{'.'.join(tables)}] {key!r}: expected the form NN-slug, for example 04-encoder"
    return f"{place} is {_short(found)}: expected {_expected(key, kind, error['msg'])}"


def _instead(key: str, tables: list[str]) -> str:
    """What could be meant by an unknown key."""
    known = _known(tables)
    near, listed = get_close_matches(key, known, n=1), f"one of {', '.join(known)}"
    return f"did you mean {near[0]}? Expected {listed}" if near else f"expected {listed}"


def _short(found: Any) -> str:
    """A value as Python writes it, as much as fits a sentence."""
    text = repr(found)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _expected(key: str, kind: str, message: str) -> str:
    if kind == "string_pattern_mismatch":
        known = {"repository": "owner/name, as on GitHub", "branch": "a branch of the repository, for example 'main'"}
        return known.get(key, "one line of text")
    if kind in ("float_type", "int_type"):
        return "a number, without quotes and unit"
    words = message.removeprefix("Input should be ").removeprefix("String should ")
    return f"a number {words}" if kind.startswith(("greater", "less")) else words


def _known(tables: list[str]) -> list[str]:
    """The keys of a table, by its name in the file."""
    fields: Any = Settings.model_fields
    if tables[:1] == ["assignments"]:
        return list(AssignmentSettings.model_fields)
    for name in tables:
        fields = fields[name].annotation.model_fields
    return list(fields)
