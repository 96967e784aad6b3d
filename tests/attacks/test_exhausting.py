"""Exhausting: memory, processes, time, output, disk. Each costs its own question; the next one is answered.

Each of these stops or cripples plain nbgrader's run, or the machine; with `Limits(walled=False)` only time, address
space and output are limited, so the harmful ones are not tried in the open.
"""

import pytest
from attack_answers import RIGHT

KL = "def kl_divergence(mu, logvar):\n    "
ATTACKS = {
    "memory in one process": "x = bytearray(10 ** 11)\n",
    "memory in many processes": (
        "import mmap, os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        block = mmap.mmap(-1, 2 ** 30)\n"
        "        while True:\n            for i in range(0, 2 ** 30, 4096): block[i] = 1\ntime.sleep(60)\n"
    ),
    "a bomb of forks": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "a bomb of threads": (
        "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    except RuntimeError: pass\n"
    ),
    "an endless loop": KL + "while True: pass\n",
    "an endless loop in C": KL + "return sum(iter(int, 1))\n",
    "an endless loop that swallows everything": (
        KL + "while True:\n        try:\n            while True: pass\n        except BaseException: pass\n"
    ),
    "a sleep": KL + "import time; time.sleep(10 ** 6)\n",
    "signals ignored": (
        "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): "
        "pass\nwhile True: pass\n"
    ),
    "an endless destructor": "class D:\n    def __del__(self):\n        while True: pass\nD()\n",
    "an endless array conversion": (
        "class A:\n    def __array__(self, *a, **k):\n        while True: pass\n"
        "    __float__ = __len__ = __iter__ = __array__\n" + KL + "return A()\n"
    ),
    "an endless text of an exception": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\n" + KL + "raise E\n"
    ),
    "standard output flooded": "while True: print('x' * 10 ** 6)\n",
    "the disk filled": (
        "import itertools\nfor n in itertools.count():\n    for place in ('/tmp', '/dev/shm', '.'):\n"
        "        try: open(f'{place}/{n}', 'wb').write(b'x' * 2 ** 24)\n        except OSError: pass\n"
    ),
    "every descriptor opened": KL + "import os\n    while True: os.open('/dev/null', 0)\n",
    "recursion without end": "import sys\nsys.setrecursionlimit(10 ** 9)\n" + KL + "return kl_divergence(mu, logvar)\n",
    "a deeply nested source": "x = " + "(" * 5000 + ")" * 5000 + "\n",
    "an enormous number": KL + "return 10 ** 10 ** 9\n",
    "a text of 100 MB raised": KL + "raise ValueError('x' * 10 ** 8)\n",
    "a result of 100 million numbers": KL + "import torch\n    return torch.zeros(10 ** 8)\n",
    "shared memory": (
        "import os\nwhile True:\n    fd = os.memfd_create('x') if hasattr(os, 'memfd_create') else 0\n"
        "    os.ftruncate(fd, 2 ** 30); os.write(fd, b'x' * 2 ** 28)\n"
    ),
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_greed_costs_its_own_question_only(marks, exam, monkeypatch, source):
    """Does a greedy answer earn nothing, and does the class go on at once?"""
    monkeypatch.setitem(exam.seconds, "kl_divergence", 3.0)
    assert marks(source)["kl_divergence"].points == 0
    assert marks(RIGHT)["kl_divergence"].points == 3


def test_greed_costs_the_neighbours_nothing(marks, exam, monkeypatch):
    """Do the other two questions of the same notebook keep their points?"""
    for (
        task
    ) in exam.seconds:  # a bomb slows its own machine: two fifths of the time are lost to it, and its clearing away
        monkeypatch.setitem(exam.seconds, task, 10.0)
    results = marks("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n", only=None)
    assert [(one.points, one.max_points) for one in results.values()] == [(5, 5), (3, 3), (0, 3)]
