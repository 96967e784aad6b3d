"""Are the visible checks of assignment 05 as the notebook says?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from waferlab.checks import CheckFailed
from waferlab.checks.bench import LocalBench
from waferlab.checks.core import Case, public_expectations
from waferlab.checks.training import TASKS, runs
from waferlab.checks.training import train_vae as judging
from waferlab.reference.training import RunningMeans, kl_weight, train_vae


@pytest.fixture
def short_learning(monkeypatch):
    """A learning part of one small epoch, which every loop passes."""
    monkeypatch.setattr(runs, "LEARN_EPOCHS", 1)
    monkeypatch.setattr(runs, "LEARN_TRAIN", 16)
    monkeypatch.setattr(judging, "LEARN_LIMIT", 99.0)


def test_visible_checks_accept_the_reference():
    """Does the reference pass its own checks, the learning included?"""
    assert TASKS["kl_weight"].check(kl_weight) is None
    assert TASKS["train_vae"].check(train_vae) is None


def test_a_wrong_loop_raises_after_a_table(short_learning, capsys):
    """Does a student see what is wrong, and what was expected?"""

    def without_schedule(model, train_loader, val_loader, **options):
        return train_vae(model, train_loader, val_loader, **{**options, "lr": 5e-3})

    with pytest.raises(CheckFailed):
        TASKS["train_vae"].check(without_schedule)
    assert "half a cosine from lr towards 1e-5" in capsys.readouterr().out


def test_checks_leave_no_trace(short_learning):
    """Do a notebook's random numbers, and tqdm, stay as they were?"""
    import tqdm.std

    before, init = torch.random.get_rng_state(), tqdm.std.tqdm.__init__
    TASKS["train_vae"].probe({"train_vae": train_vae}, Case(3))
    assert torch.equal(before, torch.random.get_rng_state())
    assert tqdm.std.tqdm.__init__ is init


def test_a_loop_that_returns_nothing_is_told_so(short_learning):
    """Does the message name what was returned?"""

    def silent(*args, **options):
        train_vae(*args, **options)

    seen = TASKS["train_vae"].probe({"train_vae": silent}, Case(3))
    findings = TASKS["train_vae"].judge(seen, public_expectations("training", "train_vae") | seen)
    failed = {finding.name: finding.found for finding in findings if not finding.passed}
    assert failed["history"] == "train_vae returned a NoneType, expected a dictionary"
    assert "optimizer" not in failed


def test_the_runs_tell_small_and_large_gradients_apart(monkeypatch):
    """Do the watched runs have gradients on both sides of the limit for clipping, whatever the seed?"""
    new_ledger = runs.Run.ledger
    for seed in range(6):
        case = Case(seed)
        for run, above in zip(runs.runs_of(case)[:2], (True, False), strict=True):
            ledger = new_ledger(run)
            monkeypatch.setattr(runs.Run, "ledger", lambda self, ledger=ledger: ledger)
            runs.watch_run({}, LocalBench({"train_vae": train_vae}, TASKS["train_vae"].shims), run, given=False)
            norms = np.array([np.linalg.norm(ledger.steps[number].arrived) for number in ledger.trained])
            assert (norms > 1.2).mean() > 0.5 if above else (norms < 0.8).all(), (seed, run.name, norms)


def test_the_steps_of_a_right_loop_decide_everything():
    """Do the watched runs leave no doubt about optimiser, clipping and zeroing, whatever the seed?"""
    for seed in range(10, 18):
        seen = {}
        large = runs.runs_of(Case(seed))[0]
        runs.watch_run(seen, LocalBench({"train_vae": train_vae}, TASKS["train_vae"].shims), large, given=False)
        assert (seen["large.how"], seen["large.rivals"]) == (["adamw", "norm", "step"], []), seed


def test_stored_expectations_are_small():
    """Do the expected values stay a few hundred numbers?"""
    for task in TASKS:
        assert sum(np.size(value) for value in public_expectations("training", task).values()) < 200


def test_running_means_weigh_batches_by_their_size():
    """Does a batch of three count three times as much as a batch of one?"""
    means = RunningMeans()
    means.add(3, torch.tensor(1.0), torch.tensor(10.0))
    means.add(1, torch.tensor(5.0), torch.tensor(2.0))
    assert means.means() == [2.0, 8.0]


@pytest.mark.parametrize(
    ("epoch", "length", "weight"),
    [(0, 10, 0.0), (5, 10, 0.5), (10, 10, 1.0), (11, 10, 1.0), (0, 0, 1.0)],
    ids=["start", "half way", "end", "after", "no annealing"],
)
def test_the_weight_by_hand(epoch, length, weight):
    """Is the answer what a person computes?"""
    assert kl_weight(epoch, length) == weight
