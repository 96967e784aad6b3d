"""The banks of wrong and right answers, and the proof of the checks with them."""

from autograder.banks.bank import Entry, entries, entry, is_draft

__all__ = ["Entry", "entries", "entry", "is_draft"]
