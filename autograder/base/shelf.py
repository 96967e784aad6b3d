"""Notebooks of a large class wait on disk, not in memory: packed in one temporary file, read when they are graded."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

LEVEL = 1  # of compression: a notebook is read once more at most


@dataclass(frozen=True)
class Packed:
    """A notebook as bytes, the form in which it travels to another process."""

    data: bytes

    def read(self) -> NotebookNode:
        """The notebook."""
        return nbformat.from_dict(json.loads(zlib.decompress(self.data)))


@dataclass(frozen=True)
class Shelved:
    """A notebook on a shelf.

    Attributes:
        shelf: which one.
        offset, size: where its bytes lie there.
        digest: of its contents.
    """

    shelf: Shelf
    offset: int
    size: int
    digest: str

    def pack(self) -> Packed:
        """Its bytes."""
        return Packed(self.shelf.bytes_at(self.offset, self.size))

    def read(self) -> NotebookNode:
        """The notebook."""
        return self.pack().read()

    def __reduce__(self) -> tuple[type[Packed], tuple[bytes]]:
        """Another process gets the bytes, not the place."""
        return Packed, (self.pack().data,)


class Shelf:
    """A temporary file without a name, which ends with the process; any number of notebooks."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="course-notebooks-")  # noqa: SIM115
        self._end = 0

    @property
    def bytes_kept(self) -> int:
        """How large the file is."""
        return self._end

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, notebook: NotebookNode) -> Shelved:
        """Keep a notebook."""
        text = json.dumps(notebook, sort_keys=True).encode()
        data = zlib.compress(text, LEVEL)
        place = Shelved(self, self._end, len(data), hashlib.sha256(text).hexdigest())
        self._file.write(data)
        self._end += len(data)
        return place

    def bytes_at(self, offset: int, size: int) -> bytes:
        """What lies at a place."""
        self._file.flush()
        return os.pread(self._file.fileno(), size, offset)


def digest_of(notebook: NotebookNode | Shelved | Packed | None) -> str:
    """A digest of a notebook's contents, the same for every form in which it is kept."""
    if isinstance(notebook, Shelved):
        return notebook.digest
    plain = notebook.read() if isinstance(notebook, Packed) else notebook
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
