"""The warm worker: what a question's process may do to itself, and what it may not do to anything else."""

import contextlib
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from autograder.base.records import Cell, Graft
from autograder.wall.sandbox import Ask, Limits, Sandbox, environment

IMPORTS = Cell("provided", "imports", "import os, time, torch\nfrom torch import nn")
RIGHT = "def kl_divergence(mu, logvar):\n    return (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(1).mean()"
STUB = "def kl_divergence(mu, logvar):\n    raise NotImplementedError"


needs_wall = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture(scope="module", params=[pytest.param(True, marks=needs_wall), False], ids=["walled", "bare"])
def box(request):
    with Sandbox(["encoder"], Limits(max_bytes=2**20, walled=request.param)) as one:
        yield one


def graft(kl: str = RIGHT, *others: Cell) -> Graft:
    stubs = {"kl_divergence": STUB, "forward": "", "reparameterize": ""}
    return Graft((IMPORTS, *others, Cell("solution", "kl_divergence", kl)), stubs)


def ask(box: Sandbox, one: Graft, seconds: float = 20, task: str = "kl_divergence"):
    return box.run("encoder", one, [Ask(task, seed=7, seconds=seconds)])[task]


def body(statement: str) -> str:
    """An answer whose function does one thing before it answers."""
    return RIGHT.replace(":\n", f":\n    {statement}\n", 1)


def test_a_right_answer_comes_back_as_plain_data(box):
    """Does an ordinary answer give an observation of arrays and JSON values?"""
    answer = ask(box, graft())
    assert (answer.status, answer.errors, answer.missing) == ("ok", {}, ())
    assert answer.seen
    assert all(
        isinstance(value, (np.ndarray, str, int, float, bool, list, dict, type(None))) for value in answer.seen.values()
    )


def test_the_same_seed_gives_the_same_observation(box):
    """Is grading again with the same secret the same, although every run is a new process?"""
    first, second = ask(box, graft()), ask(box, graft())
    assert first.seen.keys() == second.seen.keys()
    for key, value in first.seen.items():
        np.testing.assert_array_equal(value, second.seen[key])


@pytest.mark.parametrize(
    ("statement", "status", "word"),
    [
        ("os._exit(0)", "crashed", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("while True: pass", "timeout", "time"),
        ("time.sleep(60)", "timeout", "time"),
        ("os.setsid if os.fork() else time.sleep(60)", "ok", ""),
        ("os.close(1), os.close(2)", "ok", ""),
        ("import sys; sys.stdout.write('x' * 10**7)", "ok", ""),
        ("print('not what was asked for')", "ok", ""),
    ],
    ids=["exit", "segfault", "loop", "sleep", "orphan", "close", "loud", "print"],
)
def test_what_happens_inside_an_answer_ends_with_it(box, statement, status, word):
    """Does each way to misbehave cost its own question at most, and is the next question answered?"""
    answer = ask(box, graft(body(statement)), seconds=3)
    assert (answer.status, word in answer.detail) == (status, True)
    assert ask(box, graft()).status == "ok"


def test_an_answer_that_kills_itself_costs_itself_at_most(box):
    """Does SIGKILL to oneself (which the first process of a namespace ignores) leave the next question alone?"""
    assert ask(box, graft(body("os.kill(os.getpid(), 9)")), seconds=3).status in ("ok", "crashed")
    assert ask(box, graft()).status == "ok"


def test_nothing_that_an_answer_started_outlives_it(box):
    """Is an orphan in a session of its own killed with the question?"""
    start = "import subprocess; subprocess.Popen(['sleep', '86400.125'], start_new_session=True)"
    assert ask(box, graft(body(start))).status == "ok"
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(entry.read_bytes())
    assert not any(b"86400.125" in command for command in commands)


def test_no_state_passes_from_one_submission_to_the_next(box):
    """Does a patched library, a changed environment or a global generator reach the next submission?"""
    before = ask(box, graft()).seen
    poison = (
        "torch.exp = torch.sum = None\nos.environ['X'] = 'y'\nimport waferlab.checks.encoder as e\ne.TASKS.clear()\n"
    )
    ask(box, graft(poison + RIGHT))
    after = ask(box, graft()).seen
    for key, value in before.items():
        np.testing.assert_array_equal(value, after[key])


def test_memory_is_limited(box):
    """Does an answer that asks for 40 GB get an error of its own, not the machine's memory?"""
    answer = ask(box, graft(body("torch.zeros(10**10)")))
    assert answer.status == "ok"
    assert "RuntimeError" in answer.seen["values.error"]  # torch's, for memory that it does not get


def test_an_answer_that_sends_too_much_is_cut_off(box):
    """Does an answer that floods its result pipe cost more than its question?"""
    flood = "for fd in range(3, 64):\n        try: os.write(fd, b'x' * (1 << 22))\n        except OSError: pass"
    assert ask(box, graft(body(flood))).status == "crashed"
    assert ask(box, graft()).status == "ok"


def test_a_cell_that_raises_is_named_and_the_others_run(box):
    """Does a mistake in one cell leave the other tasks alone?"""
    bad = Cell("solution", "forward", "class ConvEncoder(nn.Module):\n    undefined_name")
    answers = box.run("encoder", graft(RIGHT, bad), [Ask("forward", 1, 20), Ask("kl_divergence", 2, 20)])
    assert answers["forward"].missing == ("ConvEncoder",)
    assert "NameError" in answers["forward"].errors["forward"]
    assert answers["kl_divergence"].status == "ok"


@pytest.mark.parametrize("deadly", ["os._exit(0)", "while True: pass"], ids=["exit", "loop"])
def test_a_neighbour_s_cell_that_kills_the_process_is_replaced(box, deadly):
    """Does `os._exit(0)` at the top of question 1 leave question 2 its points?"""
    bad = Cell("solution", "forward", deadly)
    answers = box.run("encoder", graft(RIGHT, bad), [Ask("forward", 1, 3), Ask("kl_divergence", 2, 3)])
    assert answers["forward"].status in ("crashed", "timeout")
    assert answers["forward"].stage == "cell"
    assert (answers["kl_divergence"].status, answers["kl_divergence"].replaced) == ("ok", (1,))


def test_a_helper_cell_that_kills_the_process_is_left_out(box):
    """Does a training loop that a student left in the notebook cost any points?"""
    answer = ask(box, graft(RIGHT, Cell("helper", "mine", "while True: pass")), seconds=3)
    assert (answer.status, answer.replaced) == ("ok", (1,))


def test_magics_are_left_out(box):
    """Does a cell with notebook magic run as plain Python?"""
    assert ask(box, graft("%matplotlib inline\n!nvidia-smi\n" + RIGHT)).status == "ok"


def test_a_worker_that_dies_is_started_again(box):
    """Does killing the worker itself cost more than the questions it was working on?"""
    killer = threading.Timer(1.0, lambda: os.kill(box._process.pid, 9))
    killer.start()
    assert ask(box, graft(body("time.sleep(10)")), seconds=20).status == "crashed"
    killer.join()
    assert ask(box, graft()).status == "ok"


def test_the_worker_sees_nothing_of_the_grader_s_environment(monkeypatch):
    """Does a token in the grader's environment reach student code?"""
    monkeypatch.setenv("CLOUD_TOKEN", "secret")
    assert "CLOUD_TOKEN" not in environment(Path("/tmp"))


def test_closing_ends_the_worker_and_removes_its_folder():
    """Is anything left behind?"""
    with Sandbox(["encoder"], Limits(walled=shutil.which("bwrap") is not None)) as one:
        ask(one, graft())
        folder, pid = one._folder, one._process.pid
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
