"""Reading secrets: answers, verdicts, seeds of others, grades, the grader's own things.

The attacks look for files that are there when there is no wall (the second test plants one and finds it in the open).
"""

import os

import pytest
from attack_answers import TASK
from waferlab.checks.core import Case

from autograder.base.records import Cell, Graft
from autograder.wall.sandbox import Ask, Limits, Sandbox

LOOK = "import os\nfound = [path for path in {paths} if os.path.exists(path)]\nif found: raise RuntimeError(f'LOOT {{found}}')"
WALK = """
import os, sys
found = []
for top in ('/home', '/root', '/srv', '/opt', '/mnt', '/media', '/var', '/run', '/tmp', '/etc'):
    for folder, folders, files in os.walk(top):
        if not folder.startswith((sys.prefix, sys.base_prefix)):
            found += [os.path.join(folder, f) for f in files if f.endswith(({endings}))]
if found: raise RuntimeError(f'LOOT {{found[:5]}}')
"""
HEAP = (
    "import gc\nfound = [type(one).__name__ for one in gc.get_objects() if type(one).__name__ in ('Case', 'Exam', 'Ask', "
    "'RemoteBench')]\nfound += [key for one in gc.get_objects() if type(one) is dict for key in one if type(key) is str and key == 'seeds']\n"
    "if found: raise RuntimeError(f'LOOT {found[:5]}')"
)
ATTACKS = {
    "the reference of the own assignment": (
        "import waferlab.reference.encoder as r\nif hasattr(r, 'kl_divergence'): raise RuntimeError('LOOT')"
    ),
    "the reference through its file": (
        "import glob, waferlab, os\nplace = os.path.dirname(waferlab.__file__)\n"
        "texts = [open(p).read() for p in glob.glob(place + '/reference/*.py')]\n"
        "texts += [open(p, 'rb').read().decode('latin-1') for p in glob.glob(place + '/reference/__pycache__/*')]\n"
        "if any('logvar' in t for t in texts): raise RuntimeError('LOOT')"
    ),
    "the hidden verdicts": (
        "import importlib\ntry: importlib.import_module('autograder.judge.hidden.encoder')\nexcept ImportError: pass\n"
        "else: raise RuntimeError('LOOT')"
    ),
    "the banks of answers": (
        "import autograder, os\nplace = os.path.dirname(autograder.__file__)\n"
        "found = {n for d, _, files in os.walk(place) for n in files if os.path.relpath(d, place) != 'wall/inside'}\n"
        "if found - {'__init__.py'}: raise RuntimeError(f'LOOT {found}')"
    ),
    "the reference already in memory": (
        "import sys\nfound = [n for n in sys.modules if n.startswith('waferlab.reference.')]\n"
        "if found: raise RuntimeError(f'LOOT {found}')"
    ),
    "expected values in frames and in the heap": (
        "import gc, sys\nfound = [k for o in gc.get_objects() if type(o) is dict for k in o "
        "if type(k) is str and k.startswith(('expected.', 'max_points'))]\n"
        "frame = sys._getframe()\nwhile frame:\n    found += [k for k in frame.f_locals if k in ('expected', 'points', "
        "'exam', 'verdict')]\n    frame = frame.f_back\nif found: raise RuntimeError(f'LOOT {found[:5]}')"
    ),
    "notebooks and databases anywhere": WALK.format(endings="'.ipynb', '.db', '.jsonl', '.sqlite'"),
    "keys and passwords anywhere": WALK.format(
        endings="'id_rsa', 'id_ed25519', '.netrc', 'shadow', '.pem', 'credentials'"
    ),
    "jobs of other submissions": WALK.format(endings="'job.json', 'arrays.safetensors', 'log'"),
    "the environment of the grader": (
        "import os\nfound = [k for k in os.environ if any(w in k for w in ('TOKEN', 'KEY', 'SECRET', 'COURSE', "
        "'PASSWORD', 'SSH'))]\nif found: raise RuntimeError(f'LOOT {found}')"
    ),
    "memory and environment of other processes": (
        "import os\nfound = []\nfor pid in filter(str.isdigit, os.listdir('/proc')):\n"
        "    if int(pid) != os.getpid():\n        found.append(pid)\nif found: raise RuntimeError(f'LOOT {found}')"
    ),
    "open descriptors": (
        "import os\nfound = []\nfor fd in os.listdir('/proc/self/fd'):\n    try: target = os.readlink(f'/proc/self/fd/{fd}')\n"
        "    except OSError: continue\n    if target.startswith('/') and not target.startswith(('/dev/null', '/proc')): "
        "found.append(target)\nif found: raise RuntimeError(f'LOOT {found}')"
    ),
    "the examiner's part of the job": (
        "import gc, sys\nfrom pathlib import Path\nfrom autograder.wall.inside import names\n"
        "frame, folders = sys._getframe(), []\nwhile frame:\n"
        "    folders += [one for one in frame.f_locals.values() if isinstance(one, Path)]\n    frame = frame.f_back\n"
        "if not folders: raise RuntimeError('LOOT no folder to look into')\n"
        "found = [str(p / name) for p in folders for name in (names.EXAM, names.ARRAYS, names.CELLS) if (p / name).exists()]\n"
        "if found: raise RuntimeError(f'LOOT {found}')"
    ),
    "a case, a seed or a bench in the heap": HEAP,
    "pipes of others": (
        "import os\nfound = [fd for fd in os.listdir('/proc/self/fd') if int(fd) > 2 and "
        "os.path.realpath(f'/proc/self/fd/{fd}').startswith('/proc/') and 'pipe:' in os.readlink(f'/proc/self/fd/{fd}')]\n"
        "if len(found) != 3: raise RuntimeError(f'LOOT {found}')"
    ),
    "the history of a notebook": (
        "names = globals()\nfound = [n for n in ('In', 'Out', '_i', '_ih', '_oh') if n in names]\n"
        "if found: raise RuntimeError(f'LOOT {found}')"
    ),
    "mounts that tell of the grader's disk": (
        "import os, stat\nfound = []\nfor line in open('/proc/self/mountinfo'):\n    place = line.split()[4]\n"
        "    if place.startswith(('/dev', '/proc', '/tmp', '/var/tmp')): continue\n"
        "    covered = stat.S_ISCHR(os.stat(place).st_mode)  # by /dev/null, which keeps nothing\n"
        "    if os.access(place, os.W_OK) and not covered: found.append(place)\n"
        "if found: raise RuntimeError(f'LOOT {found}')"
    ),
}


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_secrets_are_not_there(loot, source):
    """Does an answer that goes looking come back with nothing?"""
    assert loot(source) == ""


def test_loot_would_be_noticed():
    """Does the same search, without a wall, find what lies in the open?"""
    cell = Cell("solution", TASK, LOOK.format(paths=[__file__]))
    with Sandbox(["encoder"], Limits(walled=False)) as bare:
        answer = bare.run("encoder", Graft((cell,), {}), [Ask(TASK, 7, 20)])[TASK]
    assert "LOOT" in answer.errors[TASK]


def test_a_case_in_the_heap_would_be_noticed():
    """Does the search of the heap find a case where there is one?"""
    case = Case(7)
    with pytest.raises(RuntimeError, match="LOOT"):
        exec(HEAP, {})
    assert case.seed == 7


def test_the_course_and_the_run_folder_are_not_there(loot, course, tmp_path):
    """Can source notebooks, solutions, the run's secret or a gradebook be opened by their full names?"""
    run = tmp_path / "graded"
    run.mkdir()
    for name in ("secret", "gradebook.db", "results.jsonl"):
        (run / name).write_text("a canary")
    paths = [str(run / name) for name in os.listdir(run)]
    paths += [
        str(course.root / name) for name in ("source", "solutions", "release", "course/course.toml", ".git", "tests")
    ]
    paths += [os.path.expanduser("~/.bashrc"), os.path.expanduser("~/.ssh")]
    assert loot(LOOK.format(paths=paths)) == ""
