"""What the linter says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: A mistake stops the commands; what is stale is made anew by one of them; a warning is something to be done, a remark
#: something to know.
Kind = Literal["mistake", "stale", "warning", "remark"]


@dataclass(frozen=True)
class Finding:
    """One sentence.

    Attributes:
        where: file, cell and line.
        what: what is wrong, what was expected.
        kind: how much it matters.
    """

    where: str
    what: str
    kind: Kind = "mistake"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"
