"""Grading on a dask cluster: a real scheduler and two real workers on this machine."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

import dask
import distributed
import pytest
from grader_doubles import Double, work

from autograder.base.course import CourseError
from autograder.run import cluster, crew
from autograder.wall.sandbox import Limits, WorkerError

LOOPBACK = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}


@pytest.fixture(scope="module")
def local_cluster():
    """A cluster that gives a task up after two dead workers, not four, because each takes seconds to come back.

    It waits for these however busy the machine is; by default a worker that stays away for 15 s is never replaced.
    """
    patience = {"distributed.scheduler.allowed-failures": 1, "distributed.deploy.lost-worker-timeout": "10 minutes"}
    with (
        dask.config.set(patience),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **LOOPBACK) as one,
    ):
        yield one


@pytest.fixture
def two_workers(local_cluster):
    """The cluster, once both workers are there (again)."""
    with distributed.Client(local_cluster.scheduler_address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
    return local_cluster


@pytest.fixture
def pool(two_workers, tmp_path):
    return cluster.DaskPool(Double(tmp_path / "log"), two_workers.scheduler_address)


def begun(tmp_path):
    return Counter((tmp_path / "log").read_text().split())


def test_two_workers_share_the_class(pool, tmp_path):
    """Does every submission come back once, graded by both workers?"""
    students = [f"slow-{number}" for number in range(6)]
    results = [one for _, one in crew.in_pool(pool, iter(work(*students)), Limits())]
    assert sorted(one.student for one in results) == students
    assert set(begun(tmp_path).values()) == {1}
    assert len({one.repairs for one in results}) == 2


def test_a_worker_that_dies_is_survived(pool, tmp_path):
    """Is what a dead worker was grading graded elsewhere, nothing lost and nothing twice?"""
    students = ["once-ada", *(f"slow-{number}" for number in range(5))]
    results = [one for _, one in crew.in_pool(pool, iter(work(*students)), Limits())]
    assert sorted((one.student, one.status) for one in results) == [(name, "graded") for name in students]
    assert begun(tmp_path)["once-ada"] == 2


def test_a_submission_that_always_kills_its_worker_is_given_up(pool, tmp_path):
    """Does a deadly submission become a row with a cause, and does its neighbour on the worker keep its points?"""
    students = ["deadly-ada", "slow-bob", "slow-cyd", "slow-dan"]
    results = {one.student: one for _, one in crew.in_pool(pool, iter(work(*students)), Limits())}
    assert {name: one.status for name, one in results.items()} == {
        "deadly-ada": "unreadable",
        "slow-bob": "graded",
        "slow-cyd": "graded",
        "slow-dan": "graded",
    }
    assert "died each time" in results["deadly-ada"].cause


def test_nothing_of_a_run_stays_on_the_cluster(pool, two_workers):
    """Is the grader gone from every worker when the run has ended?"""
    list(crew.in_pool(pool, iter(work("ada")), Limits()))
    with distributed.Client(two_workers.scheduler_address, set_as_default=False) as client:
        plugins = client.run(lambda dask_worker: [name for name in dask_worker.plugins if name.startswith("course")])
    assert list(plugins.values()) == [[], []]


def test_a_worker_that_cannot_start_its_sandbox_is_named(pool):
    """Does the message say which machine lacks something?"""
    with pytest.raises(WorkerError, match=r"did not start \(on the worker tcp://127"):
        list(crew.in_pool(pool, iter(work("unable")), Limits()))


# --- clusters that cannot be used -------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "words"),
    [("tcp://127.0.0.1:{port}", "no dask scheduler answers"), ("nonsense", "missing port number")],
    ids=["nobody listens", "no address"],
)
def test_a_scheduler_that_is_not_there_is_one_sentence(address, words):
    """Is a wrong address told, and how a right one looks?"""
    address = address.format(port=free_port())
    with pytest.raises(CourseError, match=words) as raised:
        cluster.check_cluster(address)
    assert "tcp://HOST:8786" in str(raised.value)


def test_a_worker_s_address_is_not_the_scheduler_s(two_workers):
    """Is the likeliest mix-up named?"""
    with distributed.Client(two_workers.scheduler_address, set_as_default=False) as client:
        worker = next(iter(client.scheduler_info()["workers"]))
    with pytest.raises(CourseError, match="address of a dask worker"):
        cluster.check_cluster(worker)


def test_a_scheduler_without_workers_is_told_what_it_needs(monkeypatch):
    """Does a run on an empty cluster stop with the command that starts workers?"""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with (
        distributed.LocalCluster(n_workers=0, **LOOPBACK) as empty,
        pytest.raises(CourseError, match=r"dask worker tcp://127.*--nthreads 1"),
    ):
        cluster.check_cluster(empty.scheduler_address)


def test_a_worker_with_another_version_is_refused(two_workers, monkeypatch):
    """Is a machine that could give other marks named with what differs?"""
    monkeypatch.setattr(cluster, "facts", lambda: {"torch": "0.1"})
    with distributed.Client(two_workers.scheduler_address, set_as_default=False) as client:
        monkeypatch.setattr(client, "run", lambda *_, **__: {"tcp://a:1": {"torch": "0.2"}})
        with pytest.raises(CourseError, match=r"tcp://a:1 would grade differently \(torch 0.2, here 0.1\)"):
            cluster._compare(client)


def test_a_worker_without_the_grader_is_refused(two_workers, tmp_path):
    """Does a node on which the course's grader is not installed say so?"""
    blocker = tmp_path / "blocker.py"
    blocker.write_text(
        "import sys\n\nclass No:\n    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] == 'autograder':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}')\n\n"
        "sys.meta_path.insert(0, No())\n"
    )
    bare = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", two_workers.scheduler_address, "--no-nanny",
         "--preload", str(blocker), "--no-dashboard", "--name", "bare", "--local-directory", str(tmp_path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with distributed.Client(two_workers.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=60)
        with pytest.raises(CourseError, match=r"cannot grade .*No module named 'autograder.*install"):
            cluster.check_cluster(two_workers.scheduler_address)
    finally:
        bare.terminate()
        bare.wait()


@pytest.mark.parametrize(
    ("victim", "words"),
    [("scheduler", "the scheduler at .* went away"), ("worker", "has had no worker for 2 s")],
    ids=["scheduler", "all workers"],
)
def test_a_cluster_that_goes_away_ends_the_run_with_one_sentence(tmp_path, monkeypatch, capfd, victim, words):
    """Does a run whose cluster is gone stop and say how to go on, and is what came before kept?"""
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 2)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "2s")
    port = free_port()
    address, dashboard = f"tcp://127.0.0.1:{port}", ["--dashboard-address", "127.0.0.1:0"]
    commands = {
        "scheduler": ["scheduler", "--host", "127.0.0.1", "--port", str(port), *dashboard],
        "worker": ["worker", address, "--nthreads", "1", "--local-directory", str(tmp_path), *dashboard],
    }
    with contextlib.ExitStack() as stack:
        pids = {name: stack.enter_context(started(command)) for name, command in commands.items()}
        wait_for(address)
        results = crew.in_pool(
            cluster.DaskPool(Double(tmp_path / "log"), address),
            iter(work(*(f"slow-{number}" for number in range(20)))),
            Limits(),
        )
        assert next(results)[1].status == "graded"
        os.killpg(pids[victim], signal.SIGKILL)
        with pytest.raises(CourseError, match=f"{words}.*the same command grades the rest"):
            list(results)
    assert "Traceback" not in capfd.readouterr().err


@contextlib.contextmanager
def started(arguments):
    """A dask command in a process group of its own, which is killed in the end."""
    command = [sys.executable, "-m", "dask", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(address):
    """Return when a cluster has a worker."""
    for _ in range(10):
        with contextlib.suppress(CourseError):
            return cluster.check_cluster(address)
    raise AssertionError(f"no cluster at {address}")
