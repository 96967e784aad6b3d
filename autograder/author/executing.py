"""A notebook of the course executed in a fresh kernel, so that it comes out alike on any machine."""

from __future__ import annotations

import os
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.author.expectations import environment
from autograder.author.outputs import steady
from autograder.author.trees import notebook_key, side_files
from autograder.base.course import Assignment, Course, CourseError

CELL_TIMEOUT = 600  # seconds


class ThisPython(KernelSpecManager):
    """Offers one kernel: the Python that is running, whatever a user has installed under the name `python3`."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The running Python's kernel, for any name."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


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
