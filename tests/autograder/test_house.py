"""The rules of the house that no linter holds: what an `__init__.py` is for, and that what is imported is declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "autograder"
#: Answers as students write them; they are read, never imported.
ANSWERS = set((PACKAGE / "banks").glob("*/**/*.py"))
MODULES = sorted(set(PACKAGE.rglob("*.py")) - ANSWERS)
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _is_all(node: ast.stmt) -> bool:
    """Whether a statement is `__all__ = …`."""
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]


@pytest.mark.parametrize("path", PACKAGES, ids=_name)
def test_an_init_only_re_exports(path: Path) -> None:
    """Does a package's `__init__.py` hold a docstring, imports and `__all__`, and no code that one would look for?"""
    tree = _tree(path)
    assert ast.get_docstring(tree)
    others = [
        node for node in tree.body[1:] if not isinstance(node, (ast.Import, ast.ImportFrom)) and not _is_all(node)
    ]
    assert [ast.unparse(node).splitlines()[0] for node in others] == []


def _imported(path: Path) -> Iterator[str]:
    """The top-level names of everything that a module imports, wherever in the file."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared() -> None:
    """Is every package that the grader imports among its dependencies, or only there by somebody else's grace?"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_normal(re.split(r"[^\w.-]", line)[0]) for line in project["dependencies"]}
    owners = packages_distributions()
    imported = {name: _name(path) for path in MODULES for name in _imported(path)}
    foreign = {name for name in imported if name not in sys.stdlib_module_names | {"autograder", "waferlab"}}
    assert {
        name: imported[name]
        for name in foreign
        if not declared & {_normal(owner) for owner in owners.get(name, [name])}
    } == {}
