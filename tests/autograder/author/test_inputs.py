"""What something generated depends on."""

from __future__ import annotations

import pytest

from autograder.author.inputs import digest, expected_of, used

FILES = {
    "waferlab/__init__.py": b"",
    "waferlab/data.py": b'"""Images."""\nfrom waferlab.splits import Split\n',
    "waferlab/splits.py": b"class Split: ...",
    "waferlab/plots.py": b"import matplotlib",
    "waferlab/checks/__init__.py": b"from .core import Task",
    "waferlab/checks/core.py": b"import numpy",
    "waferlab/checks/pca.py": b"def probe():\n    import waferlab.data",
    "waferlab/checks/encoder/__init__.py": b"from . import forward",
    "waferlab/checks/encoder/forward.py": b"from ..core import Task",
    "waferlab/checks/expected/pca.json": b"{}",
    "waferlab/checks/expected/encoder.json": b"{}",
}
CHECKS = ["waferlab/__init__.py", "waferlab/checks/__init__.py", "waferlab/checks/core.py"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("import numpy", [], id="nothing of ours"),
        pytest.param("import waferlab.splits", ["waferlab/__init__.py", "waferlab/splits.py"], id="a module"),
        pytest.param("from waferlab import plots", ["waferlab/__init__.py", "waferlab/plots.py"], id="from a package"),
        pytest.param(
            "def f():\n    from waferlab.data import load",
            ["waferlab/__init__.py", "waferlab/data.py", "waferlab/splits.py"],
            id="inside a function, and what that imports",
        ),
        pytest.param(
            "from waferlab.checks.pca import TASKS",
            [*CHECKS, "waferlab/checks/pca.py", "waferlab/data.py", "waferlab/splits.py"],
            id="a check and what its probe imports",
        ),
        pytest.param(
            "from waferlab.checks import encoder",
            [*CHECKS, "waferlab/checks/encoder/__init__.py", "waferlab/checks/encoder/forward.py"],
            id="relative imports",
        ),
        pytest.param("!pip list", [name for name in FILES if name.endswith(".py")], id="no Python: everything"),
    ],
)
def test_what_a_text_uses(source: str, names: list[str]) -> None:
    """Is everything found that a text imports, directly or not, and nothing else?"""
    assert sorted(name for name, _ in used(FILES, [source.encode()])) == sorted(names)


def test_a_data_file_counts_for_everybody() -> None:
    """Does a file that is no code, and that any code may open, count for every text?"""
    assert ("waferlab/masks.npz", b"1") in used(FILES | {"waferlab/masks.npz": b"1"}, [b"import numpy"])


def test_expectations_of_the_checks_in_use() -> None:
    """Are the numbers that a check reads when it is called found beside it?"""
    parts = used(FILES, [b"import waferlab.checks.encoder"])
    assert [name for name, _ in expected_of(FILES, parts)] == ["waferlab/checks/expected/encoder.json"]


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (b'"""Pictures,\nmany."""\nfrom waferlab.splits import Split\n', True),
        (b'"""Images."""\nfrom waferlab.splits import Split\nMORE = 1\n', False),
        (b'"""Images."""; from waferlab.splits import Split\n', False),
    ],
)
def test_prose_does_not_count(changed: bytes, same: bool) -> None:
    """Does a digest change with a module's code, and not with its docstring?"""
    before, after = (
        digest(used(files, [b"import waferlab.data"])) for files in (FILES, FILES | {"waferlab/data.py": changed})
    )
    assert (before == after) is same
