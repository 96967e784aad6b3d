"""Tampering with testers and libraries: a wrong formula that wants to be believed.

Each attack here gets full marks where student code and comparison share a process: the first test shows that such a
comparison believes a liar. Points are given outside, so a wrong formula stays wrong.
"""

import pytest
from attack_answers import RIGHT, WRONG

LIAR = """
class Liar(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __gt__ = __le__ = __ge__ = __lt__
    def __sub__(self, other): return Liar(0)
    __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __sub__
    def __abs__(self): return Liar(0)
    def __hash__(self): return 0
    def item(self): return self
    def detach(self): return self
"""

ATTACKS = {
    "a result that equals everything": LIAR + "def kl_divergence(mu, logvar):\n    return Liar(1.0)\n",
    "a tensor subclass that equals everything": (
        "class Same(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None):\n"
        "        return True if func.__name__ in ('allclose', 'equal', 'isclose') else super()"
        ".__torch_function__(func, types, args, kwargs or {})\n"
        "def kl_divergence(mu, logvar):\n    return (mu * 0).sum().as_subclass(Same)\n"
    ),
    "comparisons of numpy and torch patched": (
        "import numpy as np\nfor lib, names in ((np, ('allclose', 'isclose', 'array_equal')), "
        "(torch, ('allclose', 'isclose', 'equal'))):\n"
        "    for name in names: setattr(lib, name, lambda *a, **k: True)\nimport numpy.testing as t\n"
        "t.assert_allclose = t.assert_array_equal = lambda *a, **k: None\n" + WRONG
    ),
    "builtins patched": (
        "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.max = lambda *a, **k: 0\n"
        "builtins.all = builtins.any = lambda *a: True\nbuiltins.isinstance = lambda *a: True\n" + WRONG
    ),
    "math patched": "import math\nmath.isclose = lambda *a, **k: True\nmath.fabs = lambda x: 0.0\n" + WRONG,
    "the visible judge patched": (
        "import waferlab.checks.core as core, waferlab.checks.encoder as e\nfrom dataclasses import replace\n"
        "core.close_fault = lambda *a, **k: None\n"
        "core.Task.judge = lambda task, *a, **k: [check.finding(None) for check in task.checks]\n"
        "e.TASKS['kl_divergence'] = replace(e.TASKS['kl_divergence'], checks=tuple("
        "replace(check, fault=lambda seen, expected: None) for check in e.TASKS['kl_divergence'].checks))\n" + WRONG
    ),
    "the probe replaced": (
        "import waferlab.checks.encoder as e\nfrom dataclasses import replace\n"
        "e.TASKS['kl_divergence'] = replace(e.TASKS['kl_divergence'], observe=lambda bench, case: {'passed': True}, "
        "shims={'pull_back': lambda *a: [a[2], a[3].exp()]}, defines=())\n" + WRONG
    ),
    "the packing of results patched": (
        "import autograder.wall.inside.border as b\nreal = b.pack_observation\n"
        "import autograder.wall.inside.forks as f, autograder.wall.inside.examiner as x\n"
        "b.pack_observation = f.pack_observation = x.pack_observation = lambda seen, **h: real({'points': 3, 'max_points': 3, 'findings': [['values', True]], "
        "'passed': True}, **h)\n" + WRONG
    ),
    "all that is sent rewritten": (
        "import autograder.wall.inside.border as b, autograder.wall.inside.wire as w, waferlab.checks.bench as bench\n"
        "import waferlab.checks.plain as plain\n"
        "def rewritten(real):\n    def packed(value, *more):\n"
        "        if isinstance(value, dict): value = {**value, 'seen': {'passed': True}, 'passed': True, 'points': 3}\n"
        "        return real(value, *more)\n    return packed\n"
        "for module in (b, w, bench, plain):\n    for name in ('pack', 'encode'):\n"
        "        if hasattr(module, name): setattr(module, name, rewritten(getattr(module, name)))\n"
        "bench.Desk.serve = lambda desk, packet, back: ({'value': packet[0]['values'], 'changed': []}, packet[1])\n"
        + WRONG
    ),
    "modules replaced before they are imported": (
        "import sys, types\nfor name in list(sys.modules):\n"
        "    if name.startswith(('waferlab.checks', 'autograder')): sys.modules[name] = types.ModuleType(name)\n"
        + WRONG
    ),
    "an import hook": (
        "import sys\nclass Hook:\n    def find_spec(self, name, path=None, target=None):\n"
        "        if 'verdict' in name or 'reference' in name: raise SystemExit(0)\n"
        "sys.meta_path.insert(0, Hook())\n" + WRONG
    ),
    "an input hook that blanks asserts": (
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n' if 'assert' in l else l for l in lines])\n"
        + WRONG
    ),
    "a tracing function that rewrites results": (
        "import sys\ndef trace(frame, event, arg):\n"
        "    for key in list(frame.f_globals.get('EXPECTED', {}) or {}): frame.f_globals['EXPECTED'][key] = 0\n"
        "    return trace\nsys.settrace(trace)\n" + WRONG
    ),
    "an exit handler": "import atexit, os\natexit.register(lambda: os._exit(0))\n" + WRONG,
    "every failure class swallowed": (
        "import builtins\nclass Never(Exception): pass\nbuiltins.AssertionError = Never\n" + WRONG
    ),
    "gradients forged by a hook": (
        "def kl_divergence(mu, logvar):\n    for x in (mu, logvar):\n"
        "        if x.requires_grad: x.register_hook(lambda g: g * 0 + 1)\n    return (mu * 0 + logvar * 0).sum()\n"
    ),
}


def test_a_comparison_in_the_same_process_believes_a_liar():
    """Do these attacks work at all where a plain test stands?"""
    names = {}
    exec(ATTACKS["a result that equals everything"], names)
    assert names["kl_divergence"](None, None) == 5.9410
    assert abs(names["kl_divergence"](None, None) - 5.9410) < 1e-6


def test_the_right_formula_gets_its_points(points):
    """Is there something to steal?"""
    assert points(RIGHT) == 3


@pytest.mark.parametrize("source", ATTACKS.values(), ids=ATTACKS)
def test_tampering_earns_nothing(points, source):
    """Does a wrong formula stay wrong, whatever is patched around it?"""
    assert points(source) == 0
