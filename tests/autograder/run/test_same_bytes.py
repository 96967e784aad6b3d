"""One small class, graded by every engine, in several orders, and in a run that was killed: always the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import distributed
import pytest

from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.demo import answered, demo_answers
from autograder.run import grade as pipeline
from autograder.run.grade import grade

ASSIGNMENT = "04-encoder"
pytestmark = pytest.mark.usefixtures("one_worker")
LOOPBACK = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Four submissions and a broken file."""
    course = find_course()
    assignment = course.assignment(ASSIGNMENT)
    release = read_notebook(course.notebook("release", assignment))
    folder = tmp_path_factory.mktemp("class") / "submitted"
    for student, answers in demo_answers(course, assignment, release).items():
        if student != "never-ends":  # it costs its time limit in every run
            write_notebook(folder / student / f"{assignment.notebook_name}.ipynb", answered(release, answers))
    (folder / "broken").mkdir()
    (folder / "broken" / "encoder.ipynb").write_text('{"cells": [')
    return folder


@pytest.fixture(scope="module")
def first(handed_in, one_worker, tmp_path_factory):
    """The run that all others are compared with: one process, in order."""
    out = tmp_path_factory.mktemp("first") / "run"
    grade(find_course(), [handed_in], out, jobs=1, dataset="synthetic-wafers")
    return out


def files(folder):
    """The files of a run, but for the gradebook, a database whose bytes tell of the order of writes."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in ("gradebook.db", ".gitignore"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def again(first, tmp_path):
    """A run folder with the first run's secret."""
    out = tmp_path / "again"
    out.mkdir()
    shutil.copy2(first / "secret", out / "secret")
    return out


def test_two_processes_and_another_order_give_the_same_bytes(first, handed_in, tmp_path, monkeypatch):
    """Do the number of processes and the order of the submissions leave any trace in what a run writes?"""
    out = again(first, tmp_path)
    collect = pipeline.collect
    shuffle = random.Random(3).sample
    monkeypatch.setattr(pipeline, "collect", lambda *args, **kw: shuffle(found := collect(*args, **kw), k=len(found)))
    grade(find_course(), [handed_in], out, jobs=2, dataset="synthetic-wafers")
    assert files(out) == files(first)


def test_a_cluster_gives_the_same_bytes(first, handed_in, tmp_path):
    """Does a run on two dask workers write what one process on this machine writes?"""
    out = again(first, tmp_path)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **LOOPBACK) as cluster:
        address = cluster.scheduler_address
        grade(find_course(), [handed_in], out, jobs=1, dataset="synthetic-wafers", scheduler=address)
    assert files(out) == files(first)


def test_a_run_that_was_killed_goes_on_where_it_was(first, handed_in, tmp_path):
    """Are results from before `kill -9` kept, is only the rest graded, and is the end the same as without?"""
    out = again(first, tmp_path)
    command = [sys.executable, "-m", "autograder.cli", "grade", str(handed_in), "--out", str(out), "--jobs", "2"]
    run = subprocess.Popen([*command, "--dataset", "synthetic-wafers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    journal = out / "journal.jsonl"
    while run.poll() is None and graded(journal) < 1:
        time.sleep(0.01)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate()
    kept = journal.read_bytes()
    before = graded(journal)
    assert 1 <= before < 4
    lines = []
    add = pipeline.Journal.add
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.Journal, "add", lambda *args: lines.append(args[2].status) or add(*args))
        grade(find_course(), [handed_in], out, jobs=1, dataset="synthetic-wafers")
    assert lines.count("graded") == 4 - before
    assert set(kept.splitlines()[:before]) <= set(journal.read_bytes().splitlines())
    assert files(out) == files(first)


def graded(journal):
    """Whole lines of graded submissions in a journal that is being written."""
    lines = journal.read_bytes().splitlines(keepends=True) if journal.exists() else []
    return sum(line.endswith(b"\n") and b'"status": "graded"' in line for line in lines)
