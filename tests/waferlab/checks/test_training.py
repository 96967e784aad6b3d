"""Are the visible checks of assignment 05 as the notebook says?"""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from waferlab.checks import CheckFailed
from waferlab.checks.bench import LocalBench, Raised
from waferlab.checks.core import Case, public_expectations
from waferlab.checks.training import TASKS, runs
from waferlab.checks.training import ledger as ledgers
from waferlab.checks.training import train_vae as judging
from waferlab.checks.training.desk import served_model
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
    for seed in range(4):
        case = Case(seed)
        for run, above in zip(runs.runs_of(case)[:2], (True, False), strict=True):
            ledger = new_ledger(run)
            monkeypatch.setattr(runs.Run, "ledger", lambda self, ledger=ledger: ledger)
            runs.watch_run({}, LocalBench({"train_vae": train_vae}, TASKS["train_vae"].shims), run, given=False)
            norms = np.array([np.linalg.norm(ledger.steps[number].arrived) for number in ledger.trained])
            assert (norms > 1.2).mean() > 0.5 if above else (norms < 0.8).all(), (seed, run.name, norms)


def test_the_steps_of_a_right_loop_decide_everything():
    """Do the watched runs leave no doubt about optimiser, clipping and zeroing, whatever the seed?"""
    for seed in range(10, 14):
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


# --- the model whose passes are the examiner's -------------------------------------------------------------------


def served(seed: int = 5):
    """A model at a desk, and the examiner's book of it."""
    run = runs.runs_of(Case(seed, "float64"))[0]
    ledger = run.ledger()
    desk = {"forward": ledger.forward, "backward": ledger.backward}
    return served_model(run.weights, desk), ledger, torch.from_numpy(run.images[0][:4])


class NoNoise:
    """In place of a generator."""

    def standard_normal(self, shape):
        return np.zeros(shape)


def test_gradients_through_the_examiner_are_those_of_the_model():
    """Do parameters at the desk get the gradients that small changes of them give?"""
    model, ledger, x = served()
    ledger.rng = NoNoise()

    def loss():
        return sum((output * (1 + output)).sum() for output in model(x))

    loss().backward()
    for parameter in model.parameters():
        place, step = (0,) * parameter.ndim, 1e-5
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter[place] += sign * step
                values.append(float(loss()))
                parameter[place] -= sign * step
        assert float(parameter.grad[place]) == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-5)


def test_a_model_of_the_examiner_s_is_used_as_any_other():
    """Can it be copied, saved, frozen, put into modes, and called without gradients?"""
    model, ledger, x = served()
    copied = copy.deepcopy(model)
    copied.load_state_dict(model.state_dict())
    copied.eval().requires_grad_(False)
    with torch.inference_mode():
        assert [output.shape for output in copied(x)] == [(4, 1, 8, 8), (4, 3), (4, 3)]
    model(x)[0].sum().backward()
    assert [(one.training, one.enabled) for one in ledger.passes] == [(0.0, 0.0), (1.0, 1.0)]


def test_images_that_no_loader_gave_are_named():
    """Is a loop told that feeds the model with something else than the loaders' batches?"""

    def normalising(model, train_loader, val_loader, **options):
        class Shifted(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = model

            def forward(self, x):
                return self.inner(x / 2)

        return train_vae(Shifted(), train_loader, val_loader, **options)

    seen, bench = {}, LocalBench({"train_vae": normalising}, TASKS["train_vae"].shims)
    runs.watch_run(seen, bench, runs.runs_of(Case(3))[0], given=False)
    assert "passes with images that no loader gave" in seen["large.unread"]


def test_a_loop_without_end_is_told_so(monkeypatch):
    """Does the examiner stop keeping book some time, and the loop hear of it?"""
    monkeypatch.setattr(ledgers, "MAX_PASSES", 50)

    def endless(model, train_loader, val_loader, **options):
        return train_vae(model, train_loader, val_loader, **{**options, "num_epochs": 100})

    bench = LocalBench({"train_vae": endless}, TASKS["train_vae"].shims)
    with pytest.raises(Raised, match="far too many passes"):
        runs.watch_run({}, bench, runs.runs_of(Case(3))[0], given=False)
