"""Results on disk: JSON lines as they finish (an interrupted run resumes), then sorted JSON lines."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.base.course import CourseError
from autograder.base.records import Mark, Result, Submission, TaskResult, WrittenResult
from autograder.base.shelf import digest_of
from autograder.judge.exam import Exam

RESULTS = "results.jsonl"
SECRET = "secret"
SYNC_SECONDS = 5.0  # between two calls that make the disk itself hold what was written


def run_secret(folder: Path) -> bytes:
    """The secret of a run folder, drawn when the folder is first used; readable by its owner only."""
    path = folder / SECRET
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    try:
        return bytes.fromhex(path.read_text())
    except ValueError as error:
        raise CourseError(
            f"{path} does not hold a run's secret (64 hexadecimal digits): remove it to draw anew"
        ) from error


@contextlib.contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Hold a run folder against a second run; the lock ends with the process, however that ends.

    Raises:
        CourseError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CourseError(f"another run is writing to {folder}: wait for its end, or choose another folder") from None


def fingerprint(submission: Submission, exam: Exam | None) -> str:
    """What a result depends on: the notebook, the release and the seeds; after a dot, the code that judged it."""
    parts = [submission.student, submission.file, submission.cause, digest_of(submission.notebook)]
    if submission.submitted_at:
        parts.append(submission.submitted_at)
    text = json.dumps([*parts, exam.digest if exam else None])
    handed_in = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{handed_in}.{exam.digest[:12]}" if exam else handed_in


def same_work(key: str) -> str:
    """The part of a fingerprint that stays when only the judging code changes."""
    return key.split(".")[0]


class Journal(Mapping[str, Result]):
    """The run's results so far by fingerprint, one JSON line each, in the file as soon as they are known.

    Only their places are kept in memory. A line is handed to the system at once, so that killing the run loses
    nothing; a failing machine loses what was graded in its last seconds. A line that was cut off is removed when the
    journal is opened again; of several lines with one fingerprint the last counts.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RESULTS
        self.graded: set[str] = set()
        self._places: dict[str, tuple[tuple[str, str, str], int, int]] = {}  # order, offset and size of each line
        self._file = self.path.open("a+b")
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._synced = 0.0
        self._read()

    def _read(self) -> None:
        self._file.seek(0)
        whole = 0
        for line in self._file:
            whole += len(line) if line.endswith(b"\n") else 0
            try:
                entry = json.loads(line)
                key = entry.pop("fingerprint")
                self._note(key, result_from(entry), len(line))
            except (ValueError, KeyError, TypeError):
                pass  # damaged; it is graded again
            self._end += len(line)
        self._file.truncate(whole)
        self._end = whole

    def _note(self, key: str, result: Result, size: int) -> None:
        self._places[key] = (sort_key(result), self._end, size)
        self.graded.add(key) if result.is_whole else self.graded.discard(key)

    def __getitem__(self, key: str) -> Result:
        return _parse(self._line_of(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _line_of(self, key: str) -> bytes:
        _, offset, size = self._places[key]
        return os.pread(self._file.fileno(), size, offset)

    def add(self, key: str, result: Result) -> None:
        """Append one result."""
        line = _line(key, result).encode("ascii") + b"\n"
        self._file.write(line)
        self._file.flush()
        self._note(key, result, len(line))
        self._end += len(line)
        if time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def finish(self, keys: Iterable[str]) -> list[Result]:
        """Rewrite the file with the results of this run only, sorted; returns them in that order."""
        part = self.path.with_suffix(".part")
        order = sorted(set(keys), key=lambda key: (self._places[key][0], key))
        with part.open("wb") as file:
            file.writelines(self._line_of(key) for key in order)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        return [self[key] for key in order]


def _parse(line: bytes) -> Result:
    entry = json.loads(line)
    del entry["fingerprint"]
    return result_from(entry)


def sort_key(result: Result) -> tuple[str, str, str]:
    """The order of all tables: assignment, student, file."""
    return (result.assignment or "~", result.student, result.file)


def _line(key: str, result: Result) -> str:
    return json.dumps({"fingerprint": key, **result.as_dict()}, ensure_ascii=True)


def result_from(entry: dict[str, Any]) -> Result:
    """The result that `Result.as_dict` wrote."""
    tasks = tuple(
        TaskResult(**{**task, "checks": tuple(Mark(**mark) for mark in task["checks"])}) for task in entry["tasks"]
    )
    written = tuple(WrittenResult(**answer) for answer in entry["written"])
    lists = {name: tuple(entry[name]) for name in ("repairs", "warnings")}
    return Result(**{**entry, **lists, "tasks": tasks, "written": written})
