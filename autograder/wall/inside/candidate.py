"""The candidate: a process that executes a student's cells and then answers an examiner's calls.

It holds one submission's sources, no seed, no case and no truth. Everything that it sends may be a forgery: it is read
as raw values by `wire.RemoteBench`, and as nothing else.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import linecache
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.wall.inside.magics import strip_magics
from autograder.wall.inside.names import CELLS

Report = Callable[[object], object]


def read_cells(folder: Path) -> dict[str, Any]:
    """The candidate's part of a job."""
    return json.loads((folder / CELLS).read_bytes())


def executed(job: dict[str, Any], task: str, dead: frozenset[int], report: Report) -> tuple[dict[str, Any], ...]:
    """Execute the job's cells, its random generators seeded.

    Args:
        job: the candidate's part.
        task: the question's.
        dead: cells that killed an earlier fork; the release's stand in for them.
        report: told the index of the cell that starts.

    Returns:
        The names that the cells define, and what they raised, by cell name.
    """
    if "torch" in sys.modules:
        importlib.import_module("waferlab.runtime").seed_everything(job["streams"][task])
    cells = [_stand_in(cell, job["stubs"]) if index in dead else cell for index, cell in enumerate(job["cells"])]
    return execute_cells(cells, report)


def _stand_in(cell: dict[str, str], stubs: dict[str, str]) -> dict[str, str]:
    """The release's unanswered cell (or nothing, for a cell that the student added) in place of a deadly one."""
    return {**cell, "source": stubs.get(cell["name"], "") if cell["kind"] == "solution" else ""}


def execute_cells(cells: list[dict[str, str]], report: Report) -> tuple[dict[str, Any], dict[str, str]]:
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


def hidden_paths(allowed: list[str]) -> list[Path]:
    """The reference answers that this assignment must not see: its own and all later ones."""
    spec = importlib.util.find_spec("waferlab.reference")
    folders = [Path(place) for place in spec.submodule_search_locations or ()] if spec else []
    shown = {"__init__", *allowed}
    answers = [path for folder in folders for path in folder.glob("*.py") if path.stem not in shown]
    return [*answers, *(folder / "__pycache__" for folder in folders)]
