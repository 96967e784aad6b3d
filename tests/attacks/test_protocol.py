"""Confusing the protocol: writing to the worker's channels, closing them, dying at a bad moment.

A candidate holds three pipes of its own (two to its examiner, and progress) and none of the worker's. What it writes
there is read as its own answers at most, so the worst that it can do is spoil its own question. test_wire.py tells what
becomes of hostile frames.
"""

import json

import pytest
from attack_answers import RIGHT, SPEAK, WIRE, WRONG

from autograder.wall.sandbox import Ask, _Reader

FRAME = '{"task": "kl_divergence", "status": "ok", "stage": "probe", "detail": "", "replaced": [], "seconds": 0.1, "bytes": 0}'
ATTACKS = {
    "frames on every descriptor": f"import os\nfor fd in range(64):\n    try: os.write(fd, b'{FRAME}\\n')\n    except OSError: pass\n",
    "the end of the job announced": "import os\nfor fd in range(64):\n    try: os.write(fd, b'{\"end\": true}\\n')\n    except OSError: pass\n",
    "another cell blamed by forged progress": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'0\\n1\\n2\\n')\n    except OSError: pass\nos._exit(3)\n",
    "progress flooded": "import os\nfor fd in range(3, 64):\n    try:\n        while True: os.write(fd, b'7\\n' * 4096)\n    except OSError: pass\n",
    "progress of one enormous number": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'9' * 5000 + b'\\n')\n    except OSError: pass\nos._exit(3)\n",
    "half a result": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, bytes([100, 0, 0, 0, 0, 0, 0, 0]) + b'{\"json\":')\n    except OSError: pass\nos._exit(0)\n",
    "every descriptor closed": "import os\nos.closerange(0, 1024)\n",
    "results closed by a child that lives on": "import os, time\nif os.fork() == 0:\n    os.closerange(0, 1024); time.sleep(60)\nos.closerange(0, 1024)\ntime.sleep(60)\n",
    "an exit with success": "import os\nos._exit(0)\n",
    "an exit by exception": "raise SystemExit(0)\n",
    "an interrupt": "raise KeyboardInterrupt\n",
    "a crash in C": "import ctypes\nctypes.string_at(0)\n",
    "an abort": "import os\nos.abort()\n",
    "a fork that answers as well": "import os\nos.fork()\n",
    "an exec in place of the worker": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'print(1)'])\n",
    "the worker's functions replaced": (
        "import sys\nfor name, module in list(sys.modules.items()):\n    if 'worker' in name or name == '__main__':\n"
        "        for key in list(vars(module)):\n            if callable(vars(module)[key]): vars(module)[key] = lambda *a, **k: b''\n"
    ),
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_noise_on_the_channels_earns_nothing(marks, exam, monkeypatch, source):
    """Does a wrong formula behind the noise stay wrong, and does the next submission get its answer?"""
    monkeypatch.setitem(exam.seconds, "kl_divergence", 3.0)
    assert marks(source + WRONG)["kl_divergence"].points == 0
    assert marks(RIGHT)["kl_divergence"].points == 3


def test_a_forged_packet_is_an_observation_and_no_more(marks):
    """Does sending a packet that claims points give any?"""
    forged = SPEAK + (
        "import numpy as np\n"
        "from autograder.wall.inside.border import pack\n"
        "greet()\nwire.receive()\n"
        "data = pack({'seen': {'passed': True, 'points': 3}, 'points': 3, 'errors': {}, 'missing': []}, {'points': np.ones(3)})\n"
        "for fd in range(3, 64):\n    try: os.write(fd, data)\n    except OSError: pass\n"
        "for fd in range(3, 64):\n    try: os.write(fd, len(data).to_bytes(8, 'little') + data)\n    except OSError: pass\n"
        "os._exit(0)\n"
    )
    assert marks(forged)["kl_divergence"].points == 0


def test_a_forged_blame_harms_nobody_but_its_author(marks, exam, monkeypatch):
    """Does naming a neighbour's cell as the culprit earn points, or cost anybody else any?"""
    for task in exam.seconds:
        monkeypatch.setitem(exam.seconds, task, 3.0)
    results = marks(ATTACKS["another cell blamed by forged progress"], only=None)
    assert results["kl_divergence"].points == 0
    assert [one.points for one in marks(RIGHT, only=None).values()] == [5, 3, 3]


IMPOSSIBLE = (
    WIRE
    + """
import json
header = json.dumps({"a_x": {"dtype": "F64", "shape": [0, 10**30], "data_offsets": [0, 0]},
                     "a_filler": {"dtype": "U8", "shape": [200_000], "data_offsets": [0, 200_000]}}).encode()
data = len(header).to_bytes(8, "little") + header + b"x" * 200_000  # more than any buffer: it leaves at once
raw(len(data).to_bytes(8, "little") + data)
os._exit(0)
"""
)


def test_a_result_that_cannot_be_read_costs_its_author_only(marks):
    """Do four right submissions keep all their points when one before them sends a size that overflows?"""
    first = marks(IMPOSSIBLE, task="forward", only=None)
    assert first["forward"].points == 0
    for _ in range(4):
        assert [one.points for one in marks(RIGHT, only=None).values()] == [5, 3, 3]


@pytest.mark.parametrize("text", [b"[1]", b'{"bytes": 5}', b'{"bytes": 1e400}', b"\xff", b"9" * 5000])
def test_a_frame_that_makes_no_sense_ends_the_worker(box, reference, monkeypatch, text):
    """Is a worker that talks nonsense ended, so that the next job meets a new one?"""
    asks = [Ask("kl_divergence", 7, 6.0)]
    assert box.run("encoder", reference, asks)["kl_divergence"].status == "ok"
    line = _Reader.line

    def garbled(self):
        line(self)
        return json.loads(text)

    monkeypatch.setattr(_Reader, "line", garbled)
    assert box.run("encoder", reference, asks)["kl_divergence"].status == "crashed"
    assert box._process is None
    monkeypatch.undo()
    assert box.run("encoder", reference, asks)["kl_divergence"].status == "ok"
