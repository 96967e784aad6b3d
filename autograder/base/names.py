"""Names of people and files: what others wrote, made fit to be read and fit for a file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_NAME = 80
UNKNOWN = "unknown"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}


def clean_name(text: str) -> str:
    r"""A name as people write it, without anything that could mislead or break a page or a table.

    >>> clean_name("  Åsa\u202e\n Öberg ")
    'Åsa Öberg'
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    kept = "".join(" " if char.isspace() else char for char in text if char.isspace() or char.isprintable())
    return " ".join(kept.replace("/", " ").replace("\\", " ").split())[:MAX_NAME].strip() or UNKNOWN


def safe_name(text: str) -> str:
    """A file name for a student or an assignment: letters, digits, `.`, `-` and `_` only, never empty or hidden.

    Where that changes more than spaces, a short digest of the full name keeps different people apart.

    >>> safe_name("Alice Smith"), safe_name("04-encoder"), safe_name("../../etc")
    ('Alice_Smith', '04-encoder', 'etc-74ccf3')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^\w.-]+", "_", plain, flags=re.ASCII).strip("._-")[:60]
    if stem and stem == text.replace(" ", "_") and stem.split(".")[0].lower() not in _RESERVED:
        return stem
    return f"{stem or 'x'}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:6]}"
