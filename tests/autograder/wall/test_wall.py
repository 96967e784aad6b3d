"""The wall around students' code: what it hides, and what happens where it cannot be built."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import autograder
from autograder.base.records import Cell, Graft
from autograder.wall.bubblewrap import NoWallError, wall
from autograder.wall.inside.trials import TASKS
from autograder.wall.proof import TITLES, prove_wall
from autograder.wall.sandbox import Ask, Limits, Sandbox, WorkerError

needs_wall = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@needs_wall
def test_every_attempt_to_break_the_wall_fails(tmp_path):
    """Does each property that `course doctor` names hold here?"""
    secret = tmp_path / "secret"
    secret.write_text("nobody must see this")
    broken = {proof.property: proof.found for proof in prove_wall([secret]) if not proof.held}
    assert broken == {}
    assert TITLES.keys() == TASKS.keys()


def test_the_attempts_succeed_without_a_wall():
    """Would `course doctor` notice that there is no wall (the attempts that harm nobody)?"""
    asks = [Ask(name, 0, 10) for name in ("see_the_grader_s_files", "see_other_processes")]
    arrays = {"paths": np.frombuffer(__file__.encode(), dtype=np.uint8)}
    with Sandbox(["autograder.wall.inside.trials"], Limits(memory_gb=1, walled=False)) as box:
        answers = box.run("autograder.wall.inside.trials", Graft((), {}), asks, arrays=arrays)
    assert answers["see_the_grader_s_files"].seen["got"] == __file__
    assert answers["see_other_processes"].seen["got"].startswith("processes")


@needs_wall
@pytest.mark.parametrize(
    ("references", "seen"), [((), False), (("pca",), False), (("encoder",), True)], ids=["none", "earlier", "itself"]
)
def test_reference_answers_are_hidden_but_for_earlier_assignments(references, seen):
    """Can an answer import the reference of its own assignment?"""
    cell = Cell("solution", "kl_divergence", "from waferlab.reference.encoder import kl_divergence")
    with Sandbox(["encoder"]) as box:
        ask = Ask("kl_divergence", 1, 20)
        answer = box.run("encoder", Graft((cell,), {}), [ask], references=references)["kl_divergence"]
    assert (not answer.missing) == seen


def test_without_bubblewrap_the_refusal_names_both_ways_out(monkeypatch, tmp_path):
    """Does a grader without bubblewrap learn what to do?"""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoWallError, match=r"not installed.*apt install bubblewrap.*--no-sandbox"):
        wall(["python"], tmp_path)


def test_a_wall_that_cannot_be_built_is_explained(monkeypatch, tmp_path):
    """Is the reason that bubblewrap gives passed on?"""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with Sandbox(["encoder"]) as box, pytest.raises(NoWallError, match=r"uid map: Permission denied.*--no-sandbox"):
        box.run("encoder", Graft((), {}), [Ask("kl_divergence", 1, 5)])


def test_a_worker_that_does_not_start_says_why():
    """Is a missing check module named?"""
    with Sandbox(["nothing_of_the_kind"], Limits(walled=False)) as box, pytest.raises(WorkerError, match="nothing_of_"):
        box.run("nothing_of_the_kind", Graft((), {}), [Ask("x", 1, 5)])


def test_what_runs_inside_imports_only_what_is_inside():
    """Would the worker miss one of its own modules behind the wall?"""
    for path in (Path(autograder.__file__).parent / "wall" / "inside").glob("*.py"):
        lines = path.read_text().splitlines()
        imported = [line.split()[1] for line in lines if line.strip().startswith("from autograder")]
        assert all(name.startswith("autograder.wall.inside") for name in imported), path.name
