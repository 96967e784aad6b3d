"""Many submissions: what goes wrong with one of them."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from grader_doubles import Double
from grader_doubles import work as doubles

from autograder.base.course import Assignment
from autograder.base.records import Submission, Work
from autograder.run import crew, one
from autograder.run.processes import ProcessPool
from autograder.wall.sandbox import NO_WALL, Limits, Sandbox, WorkerError

ASSIGNMENT = Assignment("04-encoder", "Encoder", 14)


class Exam:
    """An exam that is never asked anything."""

    assignment = ASSIGNMENT
    release = nbformat.v4.new_notebook()
    defines = ()


def grade(*students):
    exams = {ASSIGNMENT.slug: Exam()}
    graded = crew.grade_all(exams, doubles(*students), jobs=1, limits=Limits(), box=Sandbox([]))
    return {result.student: result for _, result in graded}


def in_pool(pool, *students):
    """The results of a class in a pool."""
    return [result for _, result in crew.in_pool(pool, iter(doubles(*students)), Limits())]


def test_a_submission_that_breaks_the_grader_is_a_row_with_a_cause(monkeypatch):
    """Does a defect of ours stop the batch, or cost one row that says whose fault it is?"""

    def graded(exam, submission, box, tasks):
        if submission.student == "bob":
            raise ZeroDivisionError("secret detail")
        return one.unreadable(submission, box.limits)

    monkeypatch.setattr(one, "_graded", graded)
    results = grade("ada", "bob", "cyd")
    assert list(results) == ["ada", "bob", "cyd"]
    assert "defect of the grader (ZeroDivisionError)" in results["bob"].cause
    assert "secret" not in results["bob"].cause


def test_a_run_without_a_worker_stops_with_the_reason(monkeypatch):
    """Is a machine that cannot start the worker told so once, and not as a zero for everybody?"""

    def graded(exam, submission, box, tasks):
        raise WorkerError("the grading worker did not start")

    monkeypatch.setattr(one, "_graded", graded)
    with pytest.raises(WorkerError):
        grade("ada")


def test_what_could_not_be_read_keeps_its_cause():
    """Does a broken file become a row without being run?"""
    broken = Submission("ada", "ada.ipynb", None, None, "not a notebook")
    ((_, row),) = crew.grade_all({}, [Work(broken, "a")], jobs=1, limits=Limits(), box=Sandbox([]))
    assert (row.status, row.cause, row.points) == ("unreadable", "not a notebook", 0)


# --- processes of this machine ---------------------------------------------------------------------------------------


@pytest.fixture
def pool(tmp_path):
    return ProcessPool(Double(tmp_path / "log"), 2, tmp_path)


def begun(tmp_path):
    return Counter((tmp_path / "log").read_text().split())


def test_each_submission_is_graded_once_by_processes_that_stay(pool, tmp_path):
    """Do two processes share the work, each started once, and does every submission come back once?"""
    students = [f"slow-{number}" for number in range(6)]
    results = in_pool(pool, *students)
    assert sorted(one.student for one in results) == students
    assert set(begun(tmp_path).values()) == {1}
    assert len({one.repairs for one in results}) == 2


def test_a_killed_process_does_not_end_the_run(pool, tmp_path):
    """Is a submission whose process the system killed graded again, and nobody else twice?"""
    results = in_pool(pool, "ada", "once-bob", "cyd", "dan")
    assert sorted((one.student, one.status) for one in results) == [
        (name, "graded") for name in ("ada", "cyd", "dan", "once-bob")
    ]
    assert begun(tmp_path) == {"ada": 1, "once-bob": 2, "cyd": 1, "dan": 1}


def test_a_submission_that_always_kills_its_process_is_given_up(pool, tmp_path):
    """Does a deadly submission become a row with a cause after three processes, and cost no one else a row?"""
    results = {one.student: one for one in in_pool(pool, "ada", "deadly-bob", "cyd")}
    assert {name: one.status for name, one in results.items()} == {
        "ada": "graded",
        "deadly-bob": "unreadable",
        "cyd": "graded",
    }
    assert "died each time" in results["deadly-bob"].cause
    assert begun(tmp_path)["deadly-bob"] == crew.DEATHS


def test_a_process_without_a_worker_ends_the_run_with_the_reason(pool):
    """Is a sandbox that cannot start in a grading process told as such?"""
    with pytest.raises(WorkerError, match="did not start"):
        in_pool(pool, "unable")


def test_a_class_is_taken_as_fast_as_it_is_graded(pool):
    """Are submissions read only when a process is free, so that memory does not grow with the class?"""
    taken = []
    students = (taken.append(one) or one for one in doubles(*map(str, range(40))))
    results = crew.in_pool(pool, students, Limits())
    for _ in range(10):
        next(results)
    assert len(taken) <= 13
    results.close()


def test_a_run_that_is_left_early_leaves_no_process(pool):
    """Does an interrupted run end its processes?"""
    results = crew.in_pool(pool, iter(doubles(*"abcdef")), Limits())
    pid = int(next(results)[1].repairs[0])
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_run_that_is_killed_leaves_no_process(tmp_path):
    """Do grading processes end when the run is killed, which cannot tell them?"""
    code = f"""
import os, pathlib, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from autograder.run import crew
from autograder.run.processes import ProcessPool
from autograder.wall.sandbox import Limits
from grader_doubles import Double, work
folder = pathlib.Path({str(tmp_path)!r})
for _, one in crew.in_pool(ProcessPool(Double(folder / "log"), 1, folder), iter(work("ada", "bob")), Limits()):
    print(one.repairs[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert ends(int(done.stdout.split()[0]))


def ends(pid, seconds=20):
    """Whether a process is gone within some seconds."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not Path(f"/proc/{pid}").exists()


def test_only_a_run_without_the_wall_is_marked():
    """Does every row of an unwalled run, and of no other, say so?"""
    broken = Submission("ada", "ada.ipynb", None, None, "not a notebook")
    work = [Work(broken, "a")]
    rows = [next(crew.grade_all({}, work, jobs=1, limits=Limits(walled=walled)))[1] for walled in (True, False)]
    assert [row.warnings for row in rows] == [(), (NO_WALL,)]
