"""Forging results: values made to break or to charm the verdict, texts made to break the pages."""

import csv

import pytest
from attack_answers import RIGHT, TASK

from autograder.base.records import Result, WrittenResult
from autograder.report.hand_back import hand_back
from autograder.run.journal import write_results

KL = "import torch, numpy as np\ndef kl_divergence(mu, logvar):\n    "
ATTACKS = {
    "not a number": KL + "return mu.sum() * float('nan')\n",
    "infinity": KL + "return mu.sum() * 0 + float('inf')\n",
    "complex numbers": KL + "return torch.complex(mu, logvar).sum()\n",
    "a boolean": KL + "return torch.tensor(True)\n",
    "an array of objects": KL + "return np.array([object()], dtype=object)\n",
    "a pickle": KL + "import pickle; return pickle.dumps(print)\n",
    "nothing": KL + "return None\n",
    "a dictionary of verdicts": KL + "return {'passed': True, 'points': 3}\n",
    "a text that says it is right": KL + "return 'right'\n",
    "a list nested without end": KL + "x = []\n    for _ in range(10 ** 5): x = [x]\n    return x\n",
    "a list that holds itself": KL + "x = []; x.append(x)\n    return x\n",
    "a number with another face": "class F(float):\n    def __float__(self): return 5.941\n    def item(self): return 5.941\n"
    + KL
    + "return F(0)\n",
    "an array with another face": "import numpy as np\nclass A(np.ndarray):\n    def __array_finalize__(self, o): pass\n    def tobytes(self, *a): return b''\n"
    + KL
    + "return np.zeros(1).view(A)\n",
    "sparse and quantised": KL + "return torch.zeros(2, 2).to_sparse().sum()\n",
    "a tensor on no device": KL + "return torch.zeros((), device='meta')\n",
    "tensors of every size": KL + "return mu\n",
}
EVIL = '<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m=HYPERLINK("http://evil")\u202e\ud800</td></table>'


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_forged_values_earn_nothing(points, source):
    """Is a value that is not the right one wrong, and never a crash of the grader?"""
    assert points(source) == 0
    assert points(RIGHT) == 3


def test_only_numbers_come_over_the_border(box, exam, marks):
    """Is a subclass that lies about its value taken for the value that it holds?"""
    liar = (
        "import torch\nclass T(torch.Tensor):\n    def __eq__(self, o): return True\n"
        + KL
        + "return (mu * 0).sum().as_subclass(T)\n"
    )
    assert marks(liar)[TASK].points == 0


@pytest.fixture(scope="module")
def run_folder(course, exam, box, reference, tmp_path_factory):
    """A run folder in which every text that a student can choose is hostile."""
    from autograder.base.records import Cell, Graft
    from autograder.run.one import grade_graft

    source = (
        f"class {'E' * 20}(Exception): pass\ndef kl_divergence(mu, logvar):\n    raise {'E' * 20}({EVIL!r})\n# {EVIL}"
    )
    cells = [Cell("solution", TASK, source) if cell.name == TASK else cell for cell in reference.cells]
    tasks = tuple(grade_graft(exam, Graft(tuple(cells), {TASK: ""}), box, (TASK,)))
    written = (WrittenResult("written-gradients", 3, EVIL),)
    result = Result(
        "=cmd|' /C calc'!A0",
        EVIL.replace("\ud800", "") + ".ipynb",
        "04-encoder",
        "graded",
        None,
        (EVIL,),
        tasks,
        written,
        max_points=3,
        answers={TASK: source},
    )
    folder = tmp_path_factory.mktemp("run")
    write_results(folder / "results.jsonl", [result])
    hand_back(course, folder, [result], "synthetic-wafers")
    return folder


def test_pages_show_hostile_text_as_text(run_folder):
    """Does nothing of it become markup in feedback or report?"""
    pages = list(run_folder.rglob("*.html"))
    assert len(pages) >= 2
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert "<script>alert" not in text and "<img src=x" not in text, path
        assert "\x1b" not in text and "\u202e" not in text, path


def test_tables_hold_no_formula(run_folder):
    """Can a spreadsheet be made to run something?"""
    for path in run_folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))], path
