"""Runs a notebook's code cells as IPython does, in a fork of a process that has imported the heavy libraries already.

A kernel a notebook would spend most of its time on importing torch. That notebooks run in real kernels is asked
elsewhere: `course solutions` executes them there, and so do the tests of `course publish`.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

HEAVY = [
    "torchvision.transforms.v2",
    "sklearn.decomposition",
    "sklearn.metrics",
    "matplotlib.pyplot",
    "IPython",
    __name__,
]
#: As `course solutions` executes them: small, on drawn wafers.
SMOKE = {"WAFERLAB_PROFILE": "smoke", "WAFERLAB_DATASET": "synthetic-wafers", "CUDA_VISIBLE_DEVICES": ""}
ENVIRONMENT = {**SMOKE, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
SECONDS = 600.0


@dataclass
class Run:
    """What came of a notebook.

    Attributes:
        error: the first cell that raised, and what; empty when the notebook ran to its end.
        printed: what each code cell printed, by cell id.
        figures: how many figures were drawn.
    """

    error: str = ""
    printed: dict[str, str] = field(default_factory=dict)
    figures: int = 0


@contextlib.contextmanager
def warm() -> Iterator[ProcessPoolExecutor]:
    """Processes that are forked from one that has imported what notebooks import; each runs one notebook."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        yield pool


def run(path: Path, folder: Path) -> Run:
    """Run a notebook from top to bottom, until a cell raises.

    Args:
        path: the notebook.
        folder: where to; it gets a copy of what lies beside the notebook.
    """
    from IPython.core.interactiveshell import InteractiveShell

    os.environ.update(ENVIRONMENT)
    os.chdir(shutil.copytree(path.parent, folder / path.parent.name))
    done, shell = Run(), InteractiveShell.instance()
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and not done.error:
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
                result = shell.run_cell(cell.source)
                done.figures += _drawn()
            done.printed[cell.id] = out.getvalue()
            if error := result.error_before_exec or result.error_in_exec:
                done.error = f"cell {cell.id}: {type(error).__name__}: {error}"
    return done


def _drawn() -> int:
    """Draw and close all open figures, as a notebook does at the end of a cell; how many they were."""
    from matplotlib import pyplot

    numbers = pyplot.get_fignums()
    for number in numbers:
        pyplot.figure(number).savefig(io.BytesIO())
    pyplot.close("all")
    return len(numbers)
