"""Taking IPython's extensions out of a cell."""

from __future__ import annotations

import ast

import pytest

from autograder.wall.inside.magics import strip_magics

CASES = {
    "plain Python stays as it is": ("x = 5 % 3\n", "x = 5 % 3\n", []),
    "line magic": ("%matplotlib inline\nx = 1", "\nx = 1", ["%matplotlib inline"]),
    "shell line": ("!pip install torch\nx = 1", "\nx = 1", ["!pip install torch"]),
    "shell line over two lines": ("!pip install \\\n  torch\nx = 1", "\n\nx = 1", ["!pip install \\", "torch"]),
    "assignment from the shell": ("files = !ls\nx = 1", "\nx = 1", ["files = !ls"]),
    "installer without a sign": ("pip install torch\nx = 1", "\nx = 1", ["pip install torch"]),
    "help before and after": ("?torch\ntorch.nn??\nx = 1", "\n\nx = 1", ["?torch", "torch.nn??"]),
    "in a block": ("if True:\n    %time\n", "if True:\n    pass\n", ["%time"]),
    "timed statement is kept": ("%time y = f(x)", "y = f(x)", ["%time y = f(x)"]),
    "timed cell is kept": ("%%time\nx = 1", "\nx = 1", ["%%time"]),
    "shell cell": ("%%bash\nls\n", "", ["%%bash", "ls"]),
    "in a long string": ('s = """\n%a\n!b\n"""\n%c', 's = """\n%a\n!b\n"""\n', ["%c"]),
    "modulo on a line of its own": ("y = (a\n%b)\n%c", "y = (a\n%b)\n", ["%c"]),
    "after a comment with a quote": ("x = 1  # don't\n%c", "x = 1  # don't\n", ["%c"]),
    "a future import stays first": (
        "%load_ext x\nfrom __future__ import annotations",
        "\nfrom __future__ import annotations",
        ["%load_ext x"],
    ),
    "indented as a whole": ("  x = 1\n  y = 2", "x = 1\ny = 2", []),
    "broken Python stays broken": ("def f(:\n    x != 1", "def f(:\n    x != 1", []),
}


@pytest.mark.parametrize(("source", "kept", "dropped"), CASES.values(), ids=CASES)
def test_strip_magics(source, kept, dropped):
    """Is exactly what plain Python cannot run dropped, and every line still in its place?"""
    assert strip_magics(source) == (kept, dropped)


@pytest.mark.parametrize("source", [" " * 200_000 + "\n!x", "'" * 200_000, "a" * 200_000 + "?", "\\" * 200_001])
def test_hostile_sources_are_cheap(source):
    """Does a source made to be slow come back at all?"""
    assert strip_magics(source)


def test_stripped_cells_parse():
    """Is a cell of many magics plain Python afterwards?"""
    source = "%%time\n%pylab inline\nimport math\nfor i in range(3):\n    !echo {i}\n    print(i)\n?math"
    assert ast.parse(strip_magics(source)[0])
