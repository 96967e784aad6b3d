"""The imports of an exported module: gathered, merged and sorted as ruff's isort rules would."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence

MAX_WIDTH = 120

Import = ast.Import | ast.ImportFrom
#: What one import line brings: (is a `from` import, module, name, alias).
Entry = tuple[bool, str, str, str | None]


def imports_of(tree: ast.Module) -> list[Import]:
    """The import statements at the top level of a module."""
    return [node for node in tree.body if isinstance(node, Import)]


def _entries(node: Import) -> list[Entry]:
    if isinstance(node, ast.Import):
        return [(False, alias.name, "", alias.asname) for alias in node.names]
    module = "." * node.level + (node.module or "")
    return [(True, module, alias.name, alias.asname) for alias in node.names]


def _section(module: str) -> int:
    """0 future, 1 standard library, 2 installed packages, 3 this package."""
    top = module.split(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if top in ("waferlab", "") else 2


def _name_order(entry: Entry) -> tuple[int, str]:
    """CONSTANTS first, then Classes, then functions."""
    name = entry[2]
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _named(name: str, alias: str | None) -> str:
    return f"{name} as {alias}" if alias else name


def _from_line(module: str, entries: Sequence[Entry]) -> str:
    names = [_named(name, alias) for _, _, name, alias in sorted(entries, key=_name_order)]
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= MAX_WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _section_text(entries: Iterable[Entry]) -> str:
    entries = list(entries)
    plain = sorted(f"import {_named(module, alias)}" for is_from, module, _, alias in entries if not is_from)
    modules = sorted({module for is_from, module, _, _ in entries if is_from}, key=str.lower)
    joined = [_from_line(module, [entry for entry in entries if entry[:2] == (True, module)]) for module in modules]
    return "\n".join(plain + joined)


def import_block(nodes: Iterable[Import]) -> str:
    """One sorted block: duplicates dropped, names from one module on one line, sections apart.

    >>> print(import_block(imports_of(ast.parse("import torch\\nimport math\\nfrom torch import Tensor, nn"))))
    import math
    <BLANKLINE>
    import torch
    from torch import Tensor, nn
    """
    entries = {entry for node in nodes for entry in _entries(node)}
    sections = [[entry for entry in entries if _section(entry[1]) == number] for number in range(4)]
    return "\n\n".join(_section_text(section) for section in sections if section)
