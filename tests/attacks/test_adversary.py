"""Does a forger who owns the candidate's process get points? It answers the examiner in any way but by doing the task."""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np
import pytest
from adversaries import Asking, Forger, Recorder, Way, always, echo, echo_all, mimic, replayer, zeros
from bank_judge import COURSE, SEED, Bank
from waferlab.checks.bench import Lost
from waferlab.checks.core import Case

BANKS = [Bank(one) for one in COURSE.assignments]
TASKS = [
    pytest.param(bank, name, id=f"{bank.module}-{name}")
    for bank in BANKS
    for name, task in bank.tasks.items()
    if task.apart
]
CONSTANTS = (None, 0, 1.0, -1.0, "a text", {}, [], (), np.zeros(1), np.ones((4, 1, 8, 8)), (0.0, 0.0), [0.0] * 32)
#: Points that rest on the candidate's own word, by module and task; SECURITY.md names each.
OWN_WORD: dict[tuple[str, str], float] = {
    ("eda", "answer_eda_questions"): 1.0,
    ("ethics", "ethical_impact_assessment"): 1.0,
}


def recorded(bank: Bank, task: str, seed: int) -> list:
    """What the reference says in an exam."""
    asked = bank.tasks[task]
    bench = Recorder(bank.answers(""), asked.shims)
    asked.examine(bench, Case(seed, arrays=bank.arrays))
    return bench.said


def own_ways(bank: Bank, task: str) -> dict[str, Way | Asking]:
    """Ways that somebody thought out for this task, who knows the package and the course: `forgers/<module>.py`."""
    name = f"forgers.{bank.module}"
    return importlib.import_module(name).WAYS.get(task, {}) if importlib.util.find_spec(name) else {}


def ways(bank: Bank, task: str) -> dict[str, Way | Asking]:
    """All ways to answer without doing the task."""
    return {
        **own_ways(bank, task),
        **{f"always {str(value)[:20]!r}": always(value) for value in CONSTANTS},
        "zeros": zeros,
        "echo": echo,
        "echo of all": echo_all,
        "replay of another exam": replayer(recorded(bank, task, SEED + 1)),
        "numbers of the right law": mimic(recorded(bank, task, SEED)),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("bank", "task"), TASKS)
def test_a_forger_gets_nothing(bank: Bank, task: str) -> None:
    """Does any way to answer the examiner, but doing the task, give more points than an empty cell?"""
    got, asked = {}, bank.tasks[task]
    with bank.short(floors_hold=False):
        for name, way in ways(bank, task).items():
            try:
                seen = asked.examine(Forger(way, asked.shims), Case(SEED, arrays=bank.arrays))
            except Lost:
                continue
            got[name] = sum(mark.points for mark in bank.judge_seen(task, seen)[1])
    most = OWN_WORD.get((bank.module, task), 0.0)
    assert {name: points for name, points in got.items() if points > most} == {}


def test_little_rests_on_the_candidate_s_own_word() -> None:
    """Do the points that a forger's own word decides stay below a twelfth of all?"""
    assert sum(OWN_WORD.values()) <= 6.0
