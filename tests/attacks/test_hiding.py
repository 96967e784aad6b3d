"""Hiding in time: what one submission leaves for the next, and answers that are right only when watched.

Without a fork for each question all of the first group would work: in one process a patched library stays patched.
"""

import pytest
from attack_answers import RIGHT, WRONG

LEAVE = {
    "files in temporary folders": "import os\nfor place in ('/tmp', '/var/tmp', '/dev/shm', '.'):\n    try: open(place + '/answer', 'w').write('x')\n    except OSError: pass\n",
    "a module beside the worker": "open('numpy.py', 'w').write('raise SystemExit')\nopen('torch.py', 'w').write('raise SystemExit')\n",
    "patched libraries": "import torch, numpy\ntorch.exp = torch.sum = torch.Tensor.exp = None\nnumpy.float64 = None\n",
    "patched checks": "import waferlab.checks.encoder as e\ne.TASKS.clear()\n",
    "another thread count and type": "import torch\ntorch.set_num_threads(7)\ntorch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\n",
    "seeds and generators": "import random, numpy, torch\nrandom.seed(1); numpy.random.seed(1); torch.manual_seed(1)\n",
    "environment and folder": "import os\nos.environ.clear()\nos.chdir('/')\nos.umask(0o777)\n",
    "a process in the background": "import subprocess\nsubprocess.Popen(['sleep', '86400.0625'], start_new_session=True)\n",
    "limits of the process": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n",
    "shared memory segments": "from multiprocessing import shared_memory\ntry: shared_memory.SharedMemory('answer', create=True, size=64)\nexcept Exception: pass\n",
}
FIND = """
import os, glob, random
found = [p for place in ('/tmp', '/var/tmp', '/dev/shm', '.') for p in glob.glob(place + '/*') if 'answer' in p or p.endswith('.py')]
import torch, waferlab.checks.encoder as e
if torch.exp is None or not e.TASKS or torch.get_num_threads() != 1: found.append('state')
if torch.get_default_dtype() != torch.float32 or not torch.is_grad_enabled(): found.append('torch')
if 'TMPDIR' not in os.environ: found.append('environment')
if [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]: found.append('processes')
if found: raise RuntimeError(f'LOOT {found}')
"""


@pytest.mark.parametrize("source", LEAVE.values(), ids=LEAVE)
def test_nothing_is_left_for_the_next(loot, points, source):
    """Does the next submission start where the first one did?"""
    points(source + RIGHT)
    assert loot(FIND) == ""
    assert points(RIGHT) == 3


def test_the_same_answer_gets_the_same_marks_again(marks):
    """Does grading twice give the same marks, message for message?"""
    assert marks(RIGHT, only=None) == marks(RIGHT, only=None)


def test_an_answer_that_is_right_once_is_not_right(points):
    """Is a function that behaves well at its first call only caught by the later ones?"""
    source = RIGHT.replace("kl_divergence", "honest") + (
        "calls = []\ndef kl_divergence(mu, logvar):\n    calls.append(1)\n"
        "    return honest(mu, logvar) if len(calls) == 1 else mu.sum() * 0\n"
    )
    assert points(source) < 1


def test_an_answer_remembered_from_the_public_check_is_not_right(points):
    """Does a table of the public check's expected values help against secret seeds?"""
    source = (
        "import json, importlib.resources as r\ntable = json.loads(r.files('waferlab.checks').joinpath("
        "'expected/encoder.json').read_text())\nimport numpy as np\n"
        "numbers = [v for v in str(table).replace('[', ' ').replace(',', ' ').split() if v.replace('.', '').isdigit()]\n"
        "def kl_divergence(mu, logvar):\n    return mu.sum() * 0 + float(numbers[0])\n"
    )
    assert points(source) == 0
    assert points(WRONG) == 0
