"""A run folder's memory: what was graded is on disk as soon as it is known, so that an interrupted run goes on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.base.course import CourseError
from autograder.base.points import DIGITS
from autograder.base.records import Result, Submission, TaskResult
from autograder.base.shelf import digest_of
from autograder.judge.exam import Exam
from autograder.run.earlier import Filing, filing
from autograder.run.selection import Selection

JOURNAL = "journal.jsonl"
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

    A new folder is kept out of git: it will hold names and grades, whatever it is called.

    Raises:
        CourseError: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        (folder / ".gitignore").write_text("# names and grades of students\n*\n", encoding="utf-8")
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


def fingerprint(submission: Submission) -> str:
    """What a submission's results are filed under: all that was handed in, and nothing of how it is judged."""
    parts = [submission.student, submission.file, submission.cause, digest_of(submission.notebook)]
    slug = submission.assignment.slug if submission.assignment else None
    text = json.dumps([*parts, slug, submission.submitted_at, submission.person, submission.upload])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class _Line:
    """Where a line of the journal lies, and which exam judged it."""

    exam: str
    offset: int
    size: int


@dataclass
class _Filed:
    """What the journal knows of one submission.

    Attributes:
        about: whose it is, and of what.
        row: where its row lies.
        names: the tasks of its assignment, in order.
        tasks: where the outcomes lie of those that were asked about.
    """

    about: Filing
    row: _Line
    names: tuple[str, ...]
    tasks: dict[str, _Line]

    @property
    def lines(self) -> Iterator[_Line]:
        """All its lines, the row first."""
        yield self.row
        yield from (self.tasks[name] for name in self.names if name in self.tasks)


class Journal:
    """The run's memory: a line for each submission and one for each of its tasks, in the file as soon as it is known.

    Only the places of the lines are kept in memory. A line is handed to the system at once, so that killing the run
    loses nothing; a failing machine loses what was graded in its last seconds. A line that was cut off or damaged costs
    itself only; of several lines for one thing the last counts.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        self._filed: dict[str, _Filed] = {}
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
            with contextlib.suppress(ValueError, KeyError, TypeError):  # damaged: what it said is graded again
                self._note(json.loads(line), len(line))
            self._end += len(line)
        self._file.truncate(whole)
        self._end = whole

    def _note(self, entry: dict[str, Any], size: int) -> None:
        """Remember where a line lies that begins at the end of what was read or written so far."""
        place = _Line(entry["exam"], self._end, size)
        if "task" in entry:
            TaskResult.from_dict(entry["task"])
            self._filed[entry["work"]].tasks[entry["task"]["name"]] = place
        else:
            before = self._filed.get(entry["work"])
            about, names = filing(Result.from_dict(entry["row"])), tuple(entry["names"])
            self._filed[entry["work"]] = _Filed(about, place, names, before.tasks if before else {})

    def add(self, key: str, result: Result, exam: Exam | None = None) -> None:
        """Write down what was graded of a submission: its row, and the tasks that were asked about.

        Args:
            key: its fingerprint.
            result: its row, with those tasks only.
            exam: what judged it; None where nothing could.
        """
        digest, names = (exam.digest, list(exam.tasks)) if exam else ("", [])
        row = {**result.as_dict(), "tasks": [], "points": 0.0, "max_points": 0.0}
        entries: list[dict[str, Any]] = [{"work": key, "exam": digest, "names": names, "row": row}]
        entries += [{"work": key, "exam": digest, "task": asdict(task)} for task in result.tasks]
        lines = [json.dumps(entry).encode("ascii") + b"\n" for entry in entries]
        self._file.write(b"".join(lines))
        self._file.flush()
        for entry, line in zip(entries, lines, strict=True):
            self._note(entry, len(line))
            self._end += len(line)
        if time.monotonic() - self._synced > SYNC_SECONDS:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()

    def missing(self, key: str, tasks: Iterable[str], exam: str | None) -> tuple[str, ...]:
        """The tasks of a submission of which nothing is known.

        Args:
            key: its fingerprint.
            tasks: all tasks of its assignment.
            exam: the digest of the exam that must have judged them; None takes whichever did.
        """
        known = self._filed[key].tasks if key in self._filed else {}
        return tuple(name for name in tasks if name not in known or exam not in (None, known[name].exam))

    def forget(self, selection: Selection) -> None:
        """Forget the outcomes of the selected tasks, so that they are missing."""
        for filed in self._filed.values():
            names = selection.get(filed.about.slug or "", ())
            for name in list(filed.tasks) if names is None else names:
                filed.tasks.pop(name, None)

    def filings(self) -> dict[str, Filing]:
        """Whose work is known, and of what, by the key that it is filed under."""
        return {key: filed.about for key, filed in self._filed.items()}

    def judged_otherwise(self, key: str, exam: str) -> bool:
        """Whether a task of a submission was judged by another exam than the one of this digest."""
        return any(line.exam != exam for line in self._filed[key].tasks.values())

    def result(self, key: str) -> Result:
        """A submission's row with its tasks."""
        first, *rest = (json.loads(self._bytes_of(line)) for line in self._filed[key].lines)
        row = Result.from_dict(first["row"])
        if row.status != "graded":
            return row
        tasks = tuple(TaskResult.from_dict(entry["task"]) for entry in rest)
        points, most = sum(task.points for task in tasks), sum(task.max_points for task in tasks)
        return replace(row, tasks=tasks, points=round(points, DIGITS), max_points=round(most, DIGITS))

    def _bytes_of(self, line: _Line) -> bytes:
        return os.pread(self._file.fileno(), line.size, line.offset)

    def finish(self, keys: Iterable[str]) -> list[Result]:
        """Keep these submissions only, sorted, and write `results.jsonl`; returns their rows in that order."""
        order = sorted(set(keys), key=lambda key: (self._filed[key].about.order, key))
        rows = [self.result(key) for key in order]
        write_results(self.path.with_name(RESULTS), rows)
        _write_lines(self.path, (self._bytes_of(line) for key in order for line in self._filed[key].lines))
        return rows


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file whole, or not at all."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_results(path: Path, rows: Iterable[Result]) -> None:
    """Write the rows of a run, one JSON object a line."""
    _write_lines(path, (json.dumps(row.as_dict()).encode("ascii") + b"\n" for row in rows))


def read_results(path: Path) -> list[Result]:
    """The rows of a finished run, in order.

    Raises:
        CourseError: the file is missing or damaged.
    """
    try:
        return [Result.from_dict(json.loads(line)) for line in path.read_bytes().splitlines()]
    except OSError as error:
        raise CourseError(f"{path.parent} holds no {path.name}: expected the run folder of `course grade`") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path} is damaged: `course grade` into the same folder writes it anew") from error


def names_of(folder: Path) -> dict[str, str]:
    """The readable names that an earlier run into a folder gave to people, by key; marks by hand hang on them."""
    try:
        with (folder / RESULTS).open("rb") as file:
            rows = [json.loads(line) for line in file]
        return {row["person"]: row["student"] for row in rows if row.get("person")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
