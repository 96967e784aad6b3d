"""What plain nbgrader 0.9.6 was seen to do with such submissions, and what happens here.

The rest of that list has its tests where it belongs: copied cells and stripped metadata in test_damaged_class.py and
test_regraft.py, hidden material in feedback in test_gradebook.py, a warning on standard error in test_damaged_class.py.
"""

import pytest
from attack_answers import RIGHT, TASK, WRONG

CELLS = {
    "os._exit(0) in question 1 (nbgrader: every mark of every question lost)": "import os\nos._exit(0)\n",
    "a loop in question 1": "while True: pass\n",
}


@pytest.mark.parametrize("source", CELLS.values(), ids=CELLS)
def test_the_death_of_one_question_leaves_the_others(marks, exam, monkeypatch, source):
    """Do questions 2 and 3 keep their points?"""
    for task in exam.seconds:
        monkeypatch.setitem(exam.seconds, task, 3.0)
    results = marks(source, task="forward", only=None)
    assert [(name, one.points) for name, one in results.items()] == [
        ("forward", 0),
        ("reparameterize", 3),
        ("kl_divergence", 3),
    ]


def test_hidden_tests_cannot_be_read_from_the_history(points):
    """Does a function that parses the check out of `In[-1]` (nbgrader: full marks) get anything?"""
    source = (
        "def kl_divergence(mu, logvar):\n    import re\n    text = get_ipython().user_ns['In'][-1]\n"
        "    return float(re.search(r'== ([0-9.]+)', str(text)).group(1))\n"
    )
    assert points(source) == 0


def test_a_gradebook_cannot_be_written(loot, tmp_path):
    """Can an answer open the class's database (nbgrader: it can be written)?"""
    book = tmp_path / "gradebook.db"
    book.write_bytes(b"SQLite format 3\0")
    attack = f"import sqlite3\ntry: sqlite3.connect('file:{book}?mode=rw', uri=True).execute('create table x(y)')\nexcept Exception: pass\nelse: raise RuntimeError('LOOT')"
    assert loot(attack) == ""
    assert book.read_bytes() == b"SQLite format 3\0"


def test_noise_costs_nothing(points):
    """Do warnings, prints and text on standard error (nbgrader: 0 points) leave a right answer its marks?"""
    noise = "import sys, warnings\nwarnings.warn('mind')\nsys.stderr.write('x' * 10**5)\n"
    loud = RIGHT.replace(":\n    return", ":\n    warnings.warn('mind'); print('x' * 10**7); return")
    assert points(noise + loud) == 3


def test_two_prints_of_24_mb_do_not_grow_what_comes_back(marks):
    """Is a megabyte of output (nbgrader: 46 MB of feedback) nowhere in the result?"""
    flood = "print('A' * 24 * 2**20)\nprint('B' * 24 * 2**20)\n"
    result = marks(flood + WRONG)[TASK]
    assert len(repr(result)) < 10_000
