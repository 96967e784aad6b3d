"""Workers of a dask cluster: `dask scheduler`, and on each machine `dask worker ADDRESS --nworkers N --nthreads 1`.

The scheduler and its workers must be on a network where only trusted people can connect, or speak TLS (`tls://`
addresses, certificates from dask's own configuration): dask sends pickled objects between this process and its
workers, and whoever reaches the scheduler can run code on them. Students' code never sees that channel. It runs behind
the sandbox's wall, and only JSON and plain arrays come back from there.

Every worker gets the exams once, as a plugin that the scheduler also hands to workers that come later; removing the
plugin at the end of the run closes the workers' sandboxes. dask itself runs the tasks of a dead worker elsewhere, and
gives a task up when it saw several workers die (`distributed.scheduler.allowed-failures`, 3 by default).
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import logging
import platform
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import Client, KilledWorker, Worker, WorkerPlugin, get_worker, rpc
from distributed.security import Security

from autograder.base.course import CourseError
from autograder.base.records import Result, Work
from autograder.run.one import GraderDied
from autograder.wall.sandbox import WorkerError

if TYPE_CHECKING:
    from autograder.run.one import Grader

CONNECT_SECONDS = 5
PATIENCE_SECONDS = 60.0  # without any worker, before the run gives up
LOOK_SECONDS = 2.0  # between two counts of the workers
PACKAGES = ("numpy", "scikit-learn", "torch", "torchvision", "nbformat", "dask", "distributed")
OUR_CODE = ("autograder", "waferlab")


class DaskPool:
    """The workers of a scheduler.

    Args:
        grader: what each worker gets once.
        address: of the scheduler, for example `tcp://10.0.0.1:8786`.

    Raises:
        CourseError: there is no scheduler, it has no workers, or a worker could grade differently from this machine.
    """

    sure = False

    def __init__(self, grader: Grader, address: str) -> None:
        self._address = address
        self._client = _connected(address)
        self._name = f"course-grade-{secrets.token_hex(8)}"
        try:
            self._client.register_plugin(GraderPlugin(grader, facts()), name=self._name)
        except BaseException:
            self._client.close(timeout=CONNECT_SECONDS)
            raise
        self._executor = self._client.get_executor(pure=False)
        self._looked = 0.0
        self._threads = 0
        self._last_seen = time.monotonic()

    def room(self) -> int:
        """As many as the workers have threads; the cluster may grow and shrink.

        Raises:
            CourseError: the scheduler or all workers are gone and do not come back.
        """
        if time.monotonic() - self._looked > LOOK_SECONDS:
            try:
                self._threads = sum(self._client.nthreads().values())
            except Exception as error:
                raise CourseError(_gone(self._address)) from error
            self._looked = time.monotonic()
            self._last_seen = self._looked if self._threads else self._last_seen
            if self._looked - self._last_seen > PATIENCE_SECONDS:
                raise CourseError(
                    f"the cluster at {self._address} has had no worker for {PATIENCE_SECONDS:.0f} s. {KEPT}"
                )
        return max(1, self._threads)

    def submit(self, work: Work) -> Future[Result]:
        """Grade on some worker."""
        outer: Future[Result] = Future()
        inner = self._executor.submit(_grade, self._name, work)
        inner.add_done_callback(lambda inner: self._hand_over(inner, outer))
        return outer

    def _hand_over(self, inner: Future[Result], outer: Future[Result]) -> None:
        error = CancelledError() if inner.cancelled() else inner.exception()
        if isinstance(error, KilledWorker):
            outer.set_exception(GraderDied())
        elif isinstance(error, CancelledError):
            outer.set_exception(CourseError(_gone(self._address)))
        else:
            outer.set_exception(error) if error else outer.set_result(inner.result())

    def close(self, done: bool) -> None:
        """Close the workers' sandboxes and leave the cluster to others."""
        try:
            self._executor.shutdown(wait=False)
            self._client.unregister_worker_plugin(self._name)
        except Exception:  # the cluster is gone, and its sandboxes with it
            pass
        finally:
            self._client.close(timeout=CONNECT_SECONDS)


KEPT = "What was graded is kept: the same command grades the rest."


def _gone(address: str) -> str:
    return f"the scheduler at {address} went away. {KEPT}"


def check_cluster(address: str) -> None:
    """Find out before a run begins whether a cluster can grade.

    Raises:
        CourseError: there is no scheduler, it has no workers, or a worker could grade differently from this machine.
    """
    _connected(address).close(timeout=CONNECT_SECONDS)


def _connected(address: str) -> Client:
    for name in ("batched", "client", "comm"):  # what they log about a lost connection, the run says in one sentence
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    _look_for_scheduler(address)
    client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    try:
        _wait_for_workers(client, address)
        _compare(client)
    except BaseException:
        client.close(timeout=CONNECT_SECONDS)
        raise
    return client


def _wait_for_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise CourseError(
            f"the scheduler at {address} has no workers: start some with "
            f"`dask worker {address} --nworkers N --nthreads 1`"
        ) from None


def _look_for_scheduler(address: str) -> None:
    """Ask whoever listens there who it is.

    Raises:
        CourseError: nobody answers, or it is no scheduler.
    """
    try:
        kind = asyncio.run(asyncio.wait_for(_identity(address), CONNECT_SECONDS + 2))["type"]
    except Exception as error:  # whatever listens there may send anything
        why = str(error).split("\n")[0] or type(error).__name__
        raise CourseError(
            f"no dask scheduler answers at {address} ({why}): expected something like tcp://HOST:8786"
        ) from None
    if kind != "Scheduler":
        raise CourseError(f"{address} is the address of a dask {kind.lower()}, expected that of the scheduler")


async def _identity(address: str) -> dict[str, Any]:
    async with rpc(
        address, timeout=CONNECT_SECONDS, connection_args=Security().get_connection_args("client")
    ) as remote:
        return await remote.identity()


# --- the same grader everywhere --------------------------------------------------------------------------------------


def facts() -> dict[str, str]:
    """What must be equal on two machines if they are to give the same marks: versions, and our own code."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found | {f"the code of {name}": _digest(name) for name in OUR_CODE}


def _digest(package: str) -> str:
    """A digest of a package's files, measured floors and expectations among them, by name and content."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return "missing"
    root = Path(spec.submodule_search_locations[0])
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs, in words; nothing when nothing does.

    >>> difference({"torch": "2.9"}, {"torch": "2.8"})
    'torch 2.8, here 2.9'
    """
    return "; ".join(f"{name} {theirs.get(name)}, here {ours[name]}" for name in ours if theirs.get(name) != ours[name])


def _compare(client: Client) -> None:
    """Refuse workers that lack a package or have another version of it.

    Raises:
        CourseError: names the first such worker.
    """
    ours = facts()
    for worker, theirs in client.run(facts, on_error="return").items():
        if isinstance(theirs, BaseException):
            raise CourseError(f"the worker {worker} cannot grade ({theirs}): install this course's grader there, too")
        if unlike := difference(ours, theirs):
            raise CourseError(_unlike(worker, unlike))


def _unlike(worker: str, unlike: str) -> str:
    return f"the worker {worker} would grade differently ({unlike}): install the same versions on every machine"


# --- on the workers --------------------------------------------------------------------------------------------------


class GraderPlugin(WorkerPlugin):
    """A worker's grader, from the start of the run to its end.

    Args:
        grader: the exams and limits.
        ours: the facts of the machine that started the run.
    """

    def __init__(self, grader: Grader, ours: dict[str, str]) -> None:
        self.grader = grader
        self.ours = ours
        self.unlike = ""

    def setup(self, worker: Worker) -> None:
        """Runs on a worker when the run starts, or when the worker joins it."""
        self.unlike = difference(self.ours, facts())
        self.grader.folder = Path(worker.local_directory)

    def teardown(self, worker: Worker) -> None:
        """Runs when the run ends, or the worker does."""
        self.grader.close()


def _grade(name: str, work: Work) -> Result:
    worker = get_worker()
    plugin: GraderPlugin = worker.plugins[name]
    if plugin.unlike:
        raise WorkerError(_unlike(worker.address, plugin.unlike))
    try:
        return plugin.grader.grade(work)
    except CourseError as error:
        raise WorkerError(f"{error} (on the worker {worker.address})") from None
