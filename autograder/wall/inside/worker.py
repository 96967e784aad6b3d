"""The warm worker: the process inside the wall that executes students' cells and answers probes.

It imports torch, scikit-learn and the checks once and then never runs student code itself: every question is a fresh
fork with limits (`confine.py`), whose whole process tree is killed and waited for when the question ends. A crash or a
time-out costs that question only.

Protocol (see `sandbox.py` for the other side): the parent writes one JSON line per job to standard input, the worker
answers with one frame per question, a JSON line followed by as many bytes as it names, and a last line `{"end": true}`.
The job's contents (sources, seeds, arrays) lie in a folder that only the forks read: this process never holds one
submission's text while it serves another.

Runs as `python -m autograder.wall.inside.worker [--walled] MODULE…`; nothing here knows points, expected values or
reference answers.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import linecache
import os
import select
import signal
import sys
import time
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from autograder.wall.inside import confine
from autograder.wall.inside.magics import strip_magics

PROGRESS_LIMIT = 64 * 1024
MAX_REPLACED = 8
LIBRARIES = (
    "matplotlib.pyplot",
    "sklearn.decomposition",
    "sklearn.metrics",
    "torch",
    "torchvision",
    "waferlab.runtime",
)


@dataclass(frozen=True)
class Question:
    """One fork's work, as the job line names it.

    Attributes:
        task: the task's name.
        seconds: limit on wall time, executing the cells included.
    """

    task: str
    seconds: float


@dataclass(frozen=True)
class WorkerLimits:
    """What a question may use, and whether it runs behind the wall.

    Attributes:
        memory_gb: GiB of address space for each process, and of memory for all of them together.
        max_bytes: bytes that a fork may send.
        walled: whether this worker is inside the wall and may shut its forks in.
    """

    memory_gb: float
    max_bytes: int
    walled: bool


@dataclass(frozen=True)
class Outcome:
    """How a fork ended: `ok`, `crashed` or `timeout`, where it was (`cell:3`, `probe`), and what it sent."""

    status: str
    stage: str
    detail: str
    data: bytes = b""


# --- inside the fork: student code runs from here on -----------------------------------------------------------------


def execute_cells(cells: list[dict[str, str]], report: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Execute cells in order in one namespace, as a notebook would; an exception ends its cell only.

    Args:
        cells: `kind`, `name` and `source` of each.
        report: called with the index of the cell that starts.

    Returns:
        The namespace and, by cell name, what the cells raised.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update(display=print, get_ipython=_NoIPython)
    sys.modules["__main__"] = module
    errors: dict[str, str] = {}
    for index, cell in enumerate(cells):
        report(index)
        source, _ = strip_magics(cell["source"])
        filename = f"<cell {index}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        try:
            exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            errors[cell["name"]] = _text_of(error)
    return module.__dict__, errors


class _NoIPython:
    """What `get_ipython()` gives where there is no IPython: every method is there and does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: None


def _text_of(error: BaseException) -> str:
    """`NameError: …` on one line; a student's exception class may itself raise when asked for its text."""
    try:
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    except Exception:
        return type(error).__name__[:100]


def read_job(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job's description and its arrays by name."""
    from autograder.wall.inside.border import unpack

    path = folder / "arrays.safetensors"
    arrays = unpack(path.read_bytes())[1] if path.exists() else {}
    return json.loads((folder / "job.json").read_bytes()), arrays


def answer(job: dict[str, Any], arrays: dict[str, Any], task_name: str, dead: frozenset[int], report: Any) -> bytes:
    """Execute the job's cells and run one probe; returns the packed observation."""
    import numpy as np
    from waferlab.checks.core import Case

    from autograder.wall.inside.border import pack_observation

    question = job["tasks"][task_name]
    if "torch" in sys.modules:
        importlib.import_module("waferlab.runtime").seed_everything(question["stream"])
    task = importlib.import_module(job["module"]).TASKS[task_name]
    cells = [_stand_in(cell, job["stubs"]) if index in dead else cell for index, cell in enumerate(job["cells"])]
    names, errors = execute_cells(cells, report)
    missing = [name for name in task.defines if name not in names]
    report("probe")
    case = Case(question["seed"], job["dtype"], {name: np.array(value) for name, value in arrays.items()})
    seen = {} if missing else task.probe(names, case)
    return pack_observation(seen, errors=errors, missing=missing)


def _stand_in(cell: dict[str, str], stubs: dict[str, str]) -> dict[str, str]:
    """The release's unanswered cell (or nothing, for a cell that the student added) in place of a deadly one."""
    return {**cell, "source": stubs.get(cell["name"], "") if cell["kind"] == "solution" else ""}


def hidden_paths(allowed: list[str]) -> list[Path]:
    """The reference answers that this assignment must not see: its own and all later ones."""
    spec = importlib.util.find_spec("waferlab.reference")
    folders = [Path(place) for place in spec.submodule_search_locations or ()] if spec else []
    shown = {"__init__", *allowed}
    answers = [path for folder in folders for path in folder.glob("*.py") if path.stem not in shown]
    return [*answers, *(folder / "__pycache__" for folder in folders)]


def run_fork(
    folder: Path, question: Question, limits: WorkerLimits, dead: frozenset[int], out: int, progress: int
) -> None:
    """The whole life of a fork; never returns."""
    code = 1
    try:
        os.setsid()
        confine.die_with_parent()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        job, arrays = read_job(folder)
        if limits.walled:
            confine.shut_in(os.environ["TMPDIR"], [folder.parent, *hidden_paths(job["references"])])
        confine.limit_resources(limits.memory_gb, question.seconds, walled=limits.walled)
        data = answer(job, arrays, question.task, dead, lambda stage: os.write(progress, f"{stage}\n".encode()))
        with open(out, "wb", closefd=False) as pipe:
            pipe.write(data)
        code = 0
    finally:
        os._exit(code)


# --- the warm process: no student code below -------------------------------------------------------------------------


def ask(folder: Path, question: Question, limits: WorkerLimits, dead: frozenset[int], closing: list[int]) -> Outcome:
    """Fork for one question, collect what it sends until it ends or its time is over, and kill what is left.

    Args:
        folder: the job's folder.
        question: task and time limit.
        limits: what the fork may use.
        dead: cells that killed an earlier fork of this submission.
        closing: descriptors of the protocol, which the fork must not have.
    """
    out_read, out_write = os.pipe()
    progress_read, progress_write = os.pipe()
    pid = confine.fork_apart() if limits.walled else os.fork()
    if pid == 0:
        for descriptor in (out_read, progress_read, *closing):
            os.close(descriptor)
        run_fork(folder, question, limits, dead, out_write, progress_write)
    os.close(out_write)
    os.close(progress_write)
    try:
        data, stages, why = collect(pid, out_read, progress_read, question.seconds, limits)
    finally:
        os.close(out_read)
        os.close(progress_read)
    status = kill_tree(pid)
    stage = stages[-1] if stages else "start"
    if why:
        return Outcome("timeout" if why == "time" else "crashed", stage, _in_words(why, limits))
    if os.WIFSIGNALED(status):
        return Outcome("crashed", stage, f"ended by {signal.Signals(os.WTERMSIG(status)).name}")
    if os.WEXITSTATUS(status) or not data:
        return Outcome("crashed", stage, f"the process ended itself (exit code {os.WEXITSTATUS(status)})")
    return Outcome("ok", stage, "", data)


def _in_words(why: str, limits: WorkerLimits) -> str:
    return {
        "time": "its time was over",
        "output": f"its output was larger than {limits.max_bytes / 2**20:g} MB",
        "memory": f"its processes together held more than {limits.memory_gb:g} GB of memory",
    }[why]


def collect(pid: int, out: int, progress: int, seconds: float, limits: WorkerLimits) -> tuple[bytes, list[str], str]:
    """Read both pipes until the fork closes its results or breaks a limit (`time`, `output` or `memory`)."""
    deadline = time.monotonic() + seconds
    chunks: dict[int, bytearray] = {out: bytearray(), progress: bytearray()}
    open_pipes = {out, progress}
    why = ""
    while out in open_pipes and not why:
        left = deadline - time.monotonic()
        ready, _, _ = select.select(sorted(open_pipes), [], [], max(0.0, min(left, 0.2)))
        for pipe in ready:
            piece = os.read(pipe, 1 << 20)
            chunks[pipe] += piece
            if not piece:
                open_pipes.discard(pipe)
        if len(chunks[out]) > limits.max_bytes or len(chunks[progress]) > PROGRESS_LIMIT:
            why = "output"
        elif left <= 0:
            why = "time"
        elif not ready and _ended(pid):
            break
        elif not ready and limits.walled and confine.tree_memory() > limits.memory_gb * 2**30:
            why = "memory"
    return bytes(chunks[out]), chunks[progress].decode("ascii", "replace").split(), why


def _ended(pid: int) -> bool:
    """Whether the fork is dead (it is not waited for yet); its own children may still hold its pipes."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def kill_tree(pid: int) -> int:
    """Kill the fork's session and every orphan that it left (this process is their reaper); wait for all of them."""
    if not _ended(pid):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL) if _leads_group(pid) else os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)
    return status


def _leads_group(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _children() -> list[int]:
    me = os.getpid()
    return [int(child) for child in Path(f"/proc/{me}/task/{me}/children").read_text().split()]


def serve_job(job: dict[str, Any], send: BinaryIO, closing: list[int], *, walled: bool) -> None:
    """Answer every question of one submission.

    A cell of another task (or a helper cell) that kills the fork is remembered and replaced by the release's own cell,
    and the question is asked again: it must not pay for its neighbour.
    """
    dead: frozenset[int] = frozenset()
    owners: list[str] = job["owners"]
    limits = WorkerLimits(job["memory_gb"], job["max_bytes"], walled)
    for entry in job["questions"]:
        question = Question(entry["task"], float(entry["seconds"]))
        started = time.monotonic()
        while True:
            outcome = ask(Path(job["folder"]), question, limits, dead, closing)
            culprit = _culprit(outcome, owners, question.task)
            if culprit is None or culprit in dead or len(dead) == MAX_REPLACED:
                break
            dead |= {culprit}
        header = {
            "task": question.task,
            "status": outcome.status,
            "stage": outcome.stage[:40],
            "detail": outcome.detail,
            "replaced": sorted(dead),
            "seconds": round(time.monotonic() - started, 4),
            "bytes": len(outcome.data),
        }
        send.write(json.dumps(header).encode() + b"\n" + outcome.data)
    send.write(b'{"end": true}\n')
    send.flush()


def _culprit(outcome: Outcome, owners: list[str], task: str) -> int | None:
    """The cell that killed the fork, when it is not the question's own."""
    if outcome.status == "ok" or not outcome.stage.isdigit():
        return None
    index = int(outcome.stage)
    return index if index < len(owners) and owners[index] != task else None


def warm_up(modules: list[str]) -> None:
    """Import what students' cells and the probes need, without starting a thread.

    Raises:
        ImportError: a check module imports a reference answer at its top, where every student's process would have it.
    """
    if any(module.startswith("waferlab.") for module in modules):
        for library in LIBRARIES:
            importlib.import_module(library)
        sys.modules["torch"].set_num_threads(1)
    for module in ("autograder.wall.inside.border", *modules):
        importlib.import_module(module)
    answers = sorted(name for name in sys.modules if name.startswith("waferlab.reference."))
    if answers:
        raise ImportError(f"{', '.join(answers)} must be imported inside a probe, not at the top of a check module")
    gc.collect()
    gc.freeze()


def main(modules: list[str], *, walled: bool) -> None:
    """Serve jobs from standard input until it closes."""
    if walled:
        confine.enter()
    receive = os.fdopen(os.dup(0), "rb")
    send = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine.reap_orphans()
    warm_up(modules)
    send.write(b'{"ready": true}\n')
    send.flush()
    closing = [receive.fileno(), send.fileno()]
    for line in receive:
        serve_job(json.loads(line), send, closing, walled=walled)


if __name__ == "__main__":
    flags = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    main([argument for argument in sys.argv[1:] if argument not in flags], walled="--walled" in flags)
