"""The outer side of the wall: starts the warm worker, hands it jobs, and reads what comes back.

`wall.py` decides what the worker can see. The worker itself (`worker.py`, `confine.py`) shuts in each question and
limits its time, memory and output; this module ends the worker when it stops answering.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autograder.base.course import Course, CourseError
from autograder.wall.bubblewrap import WAYS_OUT, NoWallError, scratch, wall
from autograder.wall.inside.border import BorderError, pack, unpack_observation
from autograder.wall.inside.names import ARRAYS, CELLS, EXAM

if TYPE_CHECKING:  # notebooks take seconds to import, and a worker wants to start before that
    from autograder.base.records import Graft

START_SECONDS = 180
PATIENCE = 30.0  # seconds beyond a job's own limits
MAX_HEADER = 64 * 1024
NO_WALL = "Graded without a sandbox: students' code ran as an ordinary process of the grader's account."


@dataclass(frozen=True)
class Limits:
    """What one question may use.

    Attributes:
        memory_gb: address space of each process in GiB (torch alone reserves about 3), and memory of all together.
        max_bytes: bytes that a question may send back.
        walled: run behind the wall; without it only time, address space and output are limited.
    """

    memory_gb: float = 6.0
    max_bytes: int = 16 * 2**20
    walled: bool = True


def limits_of(course: Course, *, walled: bool = True) -> Limits:
    """The limits in `course.toml`, with or without the wall."""
    settings = course.settings.grading
    return Limits(settings.max_memory_gb, int(settings.max_output_mb * 2**20), walled)


@dataclass(frozen=True)
class Ask:
    """One question to the worker: the task, the probe's secret seed, and its time limit in seconds."""

    task: str
    seed: int
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What came back for one question.

    Attributes:
        status: `ok`, `crashed` or `timeout`.
        stage: where it ended: `cell`, `probe` or `start`.
        detail: how, in words.
        seconds: wall time, retries included.
        seen: the probe's observation (empty unless `ok`).
        errors: what the cells raised, by cell name.
        missing: names that the cells should have defined and did not.
        replaced: indices of other cells that killed the process and were replaced by the release's.
    """

    status: Literal["ok", "crashed", "timeout"]
    stage: str
    detail: str
    seconds: float
    seen: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    replaced: tuple[int, ...] = ()


class WorkerError(CourseError):
    """The worker could not be started or stopped answering."""


def environment(home: Path) -> dict[str, str]:
    """The worker's environment: nothing of the grader's own, one thread per library, no display.

    Args:
        home: the folder for temporary files, as the worker sees it.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    fixed = {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "WAFERLAB_PROFILE": "smoke", "PYTHONDONTWRITEBYTECODE": "1"}
    places = {"USER": "student", "HOME": str(home), "TMPDIR": str(home), "MPLCONFIGDIR": str(home / "mpl")}
    return {**kept, **threads, **fixed, **places}


class Sandbox:
    """A warm worker behind the wall; use as a context manager.

    Args:
        modules: check modules that the worker imports before it forks, by their short names (`encoder`).
        limits: what each question may use.
        parent: where the folder for jobs is made; by default the system's temporary folder.
    """

    def __init__(self, modules: Sequence[str], limits: Limits | None = None, parent: Path | None = None) -> None:
        self.modules = tuple(_dotted(module) for module in modules)
        self.limits = limits or Limits()
        self.parent = parent
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._folder: Path | None = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        module: str,
        graft: Graft,
        asks: Sequence[Ask],
        *,
        dtype: str = "float32",
        arrays: Mapping[str, np.ndarray] | None = None,
        references: Sequence[str] = (),
    ) -> dict[str, Answer]:
        """Ask the worker every question about one submission.

        Args:
            module: the assignment's check module.
            graft: the rebuilt submission.
            asks: the questions.
            dtype: `float64` when the reference computes expectations.
            arrays: images for the probe.
            references: modules of `waferlab.reference` that the submission may import (those of earlier assignments).

        Returns:
            One answer per question, by task; a worker that dies or stalls makes the rest `crashed`.
        """
        process = self._started()
        assert self._folder is not None
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self._folder / "jobs"))
        folder.chmod(0o755)  # the worker is somebody else when root grades; nobody else reaches the folder above
        try:
            _write_job(folder, _dotted(module), graft, asks, dtype, arrays or {}, references)
            nonce = secrets.token_hex(16)
            _send(process, self._job_line(folder, _dotted(module), graft, asks, nonce))
            return self._receive(process, asks, nonce)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """End the worker and everything it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            _await_end(self._process)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None
            self._ready = False
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def start(self) -> None:
        """Start the worker without waiting for it: it imports for seconds, while this process may do so, too.

        Raises:
            NoWallError: bubblewrap is not installed.
        """
        self.close()
        self._folder = Path(tempfile.mkdtemp(prefix="course-worker-", dir=self.parent))
        jobs = self._folder / "jobs"
        jobs.mkdir()
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(jobs),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(Path(scratch()) if self.limits.walled else self._folder),
                cwd=self._folder,
                start_new_session=True,
            )
        self._ready = False

    def _started(self) -> subprocess.Popen[bytes]:
        """The worker, ready for a job; started anew when it has ended since."""
        if self._process is None or (self._ready and self._process.poll() is not None):
            self.start()
        assert self._process is not None
        if not self._ready:
            self._await_ready(self._process)
        return self._process

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        try:
            self._ready = _Reader(process, time.monotonic() + START_SECONDS).line() == {"ready": True}
        except (WorkerError, ValueError):
            self._ready = False
        if not self._ready:
            raise self._failed_start()

    def _command(self, jobs: Path) -> list[str]:
        command = [sys.executable, "-P", "-m", "autograder.wall.inside.worker", *self.modules]
        return wall([*command, "--walled"], jobs) if self.limits.walled else command

    def _failed_start(self) -> CourseError:
        """Why the worker did not start, from its last words."""
        assert self._folder is not None
        words = (self._folder / "log").read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "it said nothing")[:300]
        self.close()
        if self.limits.walled and (last.startswith("bwrap:") or "Error: [Errno" in last):
            return NoWallError(f"the wall around students' code cannot be built ({last}): {WAYS_OUT}")
        return WorkerError(f"the grading worker did not start ({last}): `course doctor` shows what is missing")

    def _job_line(self, folder: Path, module: str, graft: Graft, asks: Sequence[Ask], nonce: str) -> dict[str, Any]:
        return {
            "nonce": nonce,
            "module": module,
            "folder": str(folder),
            "owners": [cell.name if cell.kind == "solution" else "" for cell in graft.cells],
            "questions": [{"task": ask.task, "seconds": ask.seconds} for ask in asks],
            "memory_gb": self.limits.memory_gb,
            "max_bytes": self.limits.max_bytes,
        }

    def _receive(self, process: subprocess.Popen[bytes], asks: Sequence[Ask], nonce: str) -> dict[str, Answer]:
        """Read one frame per question, in order, each with the job's nonce; anything else ends the worker.

        What is left in the pipe, or was put there earlier, must never be taken for another's answer.
        """
        reader = _Reader(process, time.monotonic() + sum(ask.seconds for ask in asks) + PATIENCE)
        answers: dict[str, Answer] = {}
        try:
            for ask in asks:
                header = _checked(reader.line(), nonce, ask.task)
                data = reader.exactly(min(int(header["bytes"]), self.limits.max_bytes))
                answers[ask.task] = _answer(header, data)
            _checked(reader.line(), nonce, None)
        except Exception:  # whatever arrives
            self.close()
        lost = Answer("crashed", "start", "the grading worker stopped answering", 0.0)
        return {ask.task: answers.get(ask.task, lost) for ask in asks}


@contextlib.contextmanager
def started(course: Course, *, walled: bool, count: int = 1) -> Iterator[list[Sandbox]]:
    """Workers for all assignments of a course, which import torch while this process gets ready, until the end.

    Args:
        course: the course.
        walled: behind the wall, or without it.
        count: how many.

    Raises:
        NoWallError: bubblewrap is not installed.
    """
    with contextlib.ExitStack() as stack:
        modules, limits = [one.module for one in course.assignments], limits_of(course, walled=walled)
        boxes = [stack.enter_context(Sandbox(modules, limits)) for _ in range(count)]
        for box in boxes:
            box.start()
        yield boxes


def _dotted(module: str) -> str:
    """`encoder` is `waferlab.checks.encoder`; a dotted name is taken as it is."""
    return module if "." in module else f"waferlab.checks.{module}"


def _await_end(process: subprocess.Popen[bytes], seconds: float = 10.0) -> None:
    """Wait until every process behind the wall has let go of the worker's output."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(WorkerError, OSError):
        while True:
            _Reader(process, deadline).exactly(1)


def _write_job(
    folder: Path,
    module: str,
    graft: Graft,
    asks: Sequence[Ask],
    dtype: str,
    arrays: Mapping[str, np.ndarray],
    references: Sequence[str],
) -> None:
    cells = [{"kind": cell.kind, "name": cell.name, "source": cell.source} for cell in graft.cells]
    streams = {ask.task: _stream(ask.seed) for ask in asks}
    candidate = {
        "module": module,
        "cells": cells,
        "stubs": graft.stubs,
        "streams": streams,
        "references": list(references),
    }
    examiner = {"module": module, "dtype": dtype, "seeds": {ask.task: ask.seed for ask in asks}}
    (folder / CELLS).write_text(json.dumps(candidate), encoding="utf-8")
    (folder / EXAM).write_text(json.dumps(examiner), encoding="utf-8")
    if arrays:
        (folder / ARRAYS).write_bytes(pack({}, dict(arrays)))


def _stream(seed: int) -> int:
    """What a candidate's generators are seeded with: the same for the same question, and no way back to its seed."""
    return int.from_bytes(hashlib.sha256(f"stream of {seed}".encode()).digest()[:6], "big")


def _checked(header: dict[str, Any], nonce: str, task: str | None) -> dict[str, Any]:
    """The header, when it belongs to this job and names this task; the job's end for None.

    Raises:
        WorkerError: it does not.
    """
    if header.get("nonce") != nonce or header.get("task") != task or (task is None and header.get("end") is not True):
        raise WorkerError("the worker sent what does not belong to its job")
    return header


def _send(process: subprocess.Popen[bytes], job: dict[str, Any]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # a dead worker shows itself when its answer is awaited
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()


def _answer(header: dict[str, Any], data: bytes) -> Answer:
    stage = "cell" if str(header["stage"]).isdigit() else str(header["stage"])
    status, detail, seconds = str(header["status"]), str(header["detail"])[:200], float(header["seconds"])
    replaced = tuple(int(index) for index in header["replaced"])
    if status != "ok":
        return Answer("timeout" if status == "timeout" else "crashed", stage, detail, seconds, replaced=replaced)
    try:
        plain, seen = unpack_observation(data)
    except BorderError as error:
        return Answer("crashed", stage, f"its results could not be read: {error}", seconds, replaced=replaced)
    errors = {str(name)[:100]: str(text)[:300] for name, text in _mapping(plain.get("errors")).items()}
    missing = plain.get("missing")
    names = tuple(str(name)[:100] for name in missing[:20]) if isinstance(missing, list) else ()
    return Answer("ok", stage, "", seconds, seen, errors, names, replaced)


def _mapping(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


class _Reader:
    """Reads lines and exact byte counts from the worker, up to a deadline."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        assert process.stdout is not None
        self._descriptor = process.stdout.fileno()
        self._deadline = deadline
        self._buffer = bytearray()

    def _more(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
            raise WorkerError("the worker did not answer in time")
        piece = os.read(self._descriptor, 1 << 20)
        if not piece:
            raise WorkerError("the worker ended")
        self._buffer += piece

    def line(self) -> dict[str, Any]:
        """The next JSON object."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_HEADER:
                raise WorkerError("the worker sent a line that is too long")
            self._more()
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return json.loads(text)

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes."""
        while len(self._buffer) < count:
            self._more()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data
