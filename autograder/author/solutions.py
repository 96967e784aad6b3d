"""`course solutions`: from the source notebooks to executed answers with figures.

A solution notebook shows what the reference answers print and draw. It carries no solution marker, no hidden test, no
mark scheme and no badge (students open the release).

It must come out alike on any machine, so it is executed in the smoke profile, without a GPU, with one thread, and on
the synthetic wafers, which need no download; progress bars, warnings, timings and widget states are not kept. What
`--check` compares:

* sources, cell ids and metadata: byte for byte;
* printed text: equal words, numbers within 10 % or 0.02 of each other, times and rates left aside;
* figures: same number, kind and size, and alike when shrunk to a thumbnail;
* a cell tagged `nbval-ignore-output`: only that it shows the same kinds of output.

`make test` runs the solutions once more and compares what the check cells print. They carry nbval's tag
`nbval-check-output`, so that `pytest --nbval-lax` can do the same in a kernel.

Without execution (`execute=False`) only the first line is compared, and the hash of the source notebook that each
solution records.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Collection
from copy import deepcopy
from pathlib import Path

from joblib import Parallel, delayed
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.author.expectations import environment
from autograder.author.export import reference_is_stale, with_notebook
from autograder.author.outputs import VARIES, outputs_agree, steady
from autograder.author.release import install_text, notebook_key, side_files
from autograder.author.trees import Changes, Progress, quiet, sync
from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import is_check, notebook_text, read_notebook, tags, without_markers

DATASET = "synthetic-wafers"
CELL_TIMEOUT = 600  # seconds


class ThisPython(KernelSpecManager):
    """Offers one kernel: the Python that is running, whatever a user has installed under the name `python3`."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The running Python's kernel, for any name."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def solutions(
    course: Course,
    check: bool = False,
    dataset: str = DATASET,
    *,
    execute: bool = True,
    only: Collection[str] = (),
    jobs: int | None = None,
    progress: Progress = quiet,
) -> Changes:
    """Write, or only compare, `solutions/`. Several notebooks run at the same time, each with one thread.

    Args:
        course: the course on disk; assignments without a source notebook are passed over.
        check: change nothing, only say what differs (see the module's text for what counts as a difference).
        dataset: what the notebooks load; the committed solutions are made with the default.
        execute: run the notebooks. A check without it compares sources and metadata only and takes no time.
        only: slugs of the notebooks to run and to write; the others stay as they are. Empty means all.
        jobs: notebooks at the same time; by default one for each core.
        progress: told the name of each step.

    Raises:
        CourseError: the exported reference is stale, or a source notebook fails.
    """
    if reference_is_stale(course):
        raise CourseError("the exported reference is stale: run `course export` first")
    if not execute and not check:
        raise CourseError("solutions can only be written by executing them")
    assignments = with_notebook(course)
    chosen = [one for one in assignments if not only or one.slug in only]
    progress(f"{'running' if execute else 'comparing'} {', '.join(one.slug for one in chosen)}")
    made = Parallel(n_jobs=jobs or os.cpu_count() or 1, prefer="threads")(
        delayed(_made)(course, one, dataset, execute) for one in chosen
    )
    files: dict[str, bytes] = {}
    for assignment in assignments:
        files |= side_files(course, assignment)
        path = course.notebook("solutions", assignment)
        if assignment not in chosen and path.is_file():
            files[notebook_key(assignment)] = path.read_bytes()
    for assignment, new in zip(chosen, made, strict=True):
        files[notebook_key(assignment)] = _kept(course, assignment, new, check=check, executed=execute)
    return sync(course.root / "solutions", files, check=check)


def _made(course: Course, assignment: Assignment, dataset: str, execute: bool) -> NotebookNode:
    """A solution as it should be, executed or not."""
    notebook = solution_notebook(course, assignment, dataset)
    if execute:
        run_notebook(notebook, course, assignment, dataset)
    return notebook


def solution_notebook(course: Course, assignment: Assignment, dataset: str = DATASET) -> NotebookNode:
    """The solution of one assignment before it is executed: stripped of all that is hidden."""
    path = course.notebook("source", assignment)
    notebook = read_notebook(path)
    notebook.cells = [_solution_cell(cell, course) for cell in notebook.cells if "badge" not in tags(cell)]
    notebook.metadata["waferlab"] = {
        "assignment": assignment.slug,
        "dataset": dataset,
        "profile": "smoke",
        "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    return notebook


def _solution_cell(cell: NotebookNode, course: Course) -> NotebookNode:
    cell.source = install_text(course) if "install" in tags(cell) else without_markers(cell.source)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        if is_check(cell):
            cell.metadata.setdefault("tags", []).append("nbval-check-output")
    return cell


def run_notebook(notebook: NotebookNode, course: Course, assignment: Assignment, dataset: str) -> None:
    """Execute a notebook in place, in a fresh kernel and an empty folder; keep steady outputs only.

    Raises:
        CourseError: a cell raises, takes too long or kills the kernel.
    """
    metadata = deepcopy(notebook.metadata)
    where = f"source/{notebook_key(assignment)}"
    with tempfile.TemporaryDirectory(prefix="course-solutions-") as folder:
        for name, contents in side_files(course, assignment).items():
            place = Path(folder) / Path(name).relative_to(assignment.slug)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(contents)
        execute_notebook(notebook, Path(folder), run_environment(course.root / "course", dataset, folder), where)
    notebook.metadata = metadata
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = steady(cell.outputs)


def execute_notebook(notebook: NotebookNode, folder: Path, env: dict[str, str], where: str) -> None:
    """Execute a notebook in place.

    Args:
        notebook: gets the outputs.
        folder: the kernel's working folder.
        env: the kernel's environment, see `run_environment`.
        where: how error messages call the notebook.

    Raises:
        CourseError: a cell raises, takes too long or kills the kernel.
    """
    connection = str(folder / "kernel.json")  # sockets are files beside it: nothing listens on a port
    manager = KernelManager(kernel_spec_manager=ThisPython(), transport="ipc", connection_file=connection)
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env=env)
    except CellExecutionError as error:
        raise CourseError(f"{where}, cell {_failed_cell(notebook)!r}: {error.ename}: {error.evalue}") from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise CourseError(f"{where} could not be executed: {str(error).splitlines()[0]}") from error
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def _failed_cell(notebook: NotebookNode) -> str:
    """The id of the first cell with an error among its outputs."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return cell.get("id", "?")
    return "?"


def run_environment(packages: Path, dataset: str, folder: str) -> dict[str, str]:
    """The environment of a steady run: smoke profile, no GPU, nobody's private settings.

    Args:
        packages: the folder that holds the `waferlab` to use.
        dataset: what the notebook loads.
        folder: where Jupyter may put its files.
    """
    return {
        **environment(packages),
        "WAFERLAB_PROFILE": "smoke",
        "WAFERLAB_DATASET": dataset,
        "IPYTHONDIR": str(Path(folder) / ".ipython"),
        "MATPLOTLIBRC": os.devnull,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _kept(course: Course, assignment: Assignment, new: NotebookNode, *, check: bool, executed: bool) -> bytes:
    """What the solution's file should hold: when checking, what is on disk if it agrees with the new one."""
    path = course.notebook("solutions", assignment)
    if check and path.is_file():
        old = read_notebook(path)
        if notebooks_agree(old, new, outputs=executed):
            return path.read_bytes()
        if not executed:
            _copy_outputs(old, new)
    return notebook_text(new).encode()


def _copy_outputs(old: NotebookNode, new: NotebookNode) -> None:
    """Give each cell the outputs that it has on disk, so that a difference shows sources and metadata only."""
    cells = {cell.get("id"): cell for cell in _code_cells(old)}
    for cell in _code_cells(new):
        if cell.id in cells:
            cell.outputs, cell.execution_count = cells[cell.id].outputs, cells[cell.id].execution_count


def notebooks_agree(old: NotebookNode, new: NotebookNode, *, outputs: bool = True) -> bool:
    """Whether two solutions have equal sources and metadata and, if asked, outputs that read the same."""
    if notebook_text(_bare(old)) != notebook_text(_bare(new)):
        return False
    if not outputs:
        return True
    pairs = zip(_code_cells(old), _code_cells(new), strict=True)
    return all(outputs_agree(one.outputs, other.outputs, varies=VARIES in tags(one)) for one, other in pairs)


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _bare(notebook: NotebookNode) -> NotebookNode:
    copy = deepcopy(notebook)
    for cell in _code_cells(copy):
        cell.outputs, cell.execution_count = [], None
    return copy
