"""What a file is, by its name: a notebook, an archive, something that nobody hands in, or anything else, in words."""

from __future__ import annotations

import re

NOTEBOOK = re.compile(r".+\.ipynb(\.txt|\.json)?", re.IGNORECASE)
EXPECTED = "expected the notebook (.ipynb)."
EMPTY_FOLDER = "the folder is empty; " + EXPECTED
EMPTY_ARCHIVE = "the archive holds no notebook (.ipynb)."
IGNORED_FOLDERS = frozenset({".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git", ".venv", "node_modules"})
_IGNORED_FILES = frozenset({"timestamp.txt", "thumbs.db", "desktop.ini", "icon\r"})

#: What files of other kinds are called in a cause, by their endings.
_OTHERS = {
    "a PDF": ("pdf",),
    "a picture": ("png", "jpg", "jpeg", "gif", "bmp", "heic", "webp", "tif", "tiff", "svg"),
    "a Word document": ("doc", "docx"),
    "a text document": ("odt", "rtf", "pages", "tex"),
    "a text file": ("txt", "md"),
    "Python source": ("py",),
    "a web page": ("html", "htm", "mhtml"),
    "a link": ("url", "webloc", "lnk", "desktop"),
    "a table": ("csv", "xls", "xlsx", "ods", "tsv"),
    "slides": ("ppt", "pptx", "odp", "key"),
    "a video": ("mp4", "mov", "avi", "mkv", "webm"),
    "data": ("npy", "npz", "pt", "pth", "pkl", "json", "h5", "safetensors", "onnx"),
    "an archive that is not read here (only .zip is)": ("7z", "rar", "tar", "tgz", "gz", "bz2", "xz", "zst"),
}
_WORDS = {ending: words for words, endings in _OTHERS.items() for ending in endings}
ENDING = re.compile(rf"(?i)(?:\.ipynb(?:\.txt|\.json)?|\.zip|\.(?:{'|'.join(_WORDS)}))$")


def kind_of(name: str) -> str:
    """`notebook`, `archive`, `other`, or nothing for what systems leave behind and nobody hands in."""
    if NOTEBOOK.fullmatch(name) and not name.startswith("._"):
        return "notebook"
    lower = name.lower()
    if lower in _IGNORED_FILES or lower.startswith((".", "~$")):
        return ""
    return "archive" if lower.endswith(".zip") else "other"


def cause_of(name: str) -> str:
    """Why a file of another kind cannot be graded.

    >>> cause_of("report.pdf"), cause_of("smithjohn_111_link.html"), cause_of("scaling")
    ('a PDF; expected the notebook (.ipynb).', 'a link; expected the notebook (.ipynb).', \
'a file without an ending; expected the notebook (.ipynb).')
    """
    _, dot, ending = name.rpartition(".")
    if name.lower().endswith("_link.html"):  # how Canvas exports an address that was handed in
        ending = "url"
    if not dot:
        return f"a file without an ending; {EXPECTED}"
    plain = "".join(char for char in ending if char.isalnum())[:10]
    return f"{_WORDS.get(ending.lower(), f'a file of another kind (.{plain})')}; {EXPECTED}"
