"""Which modules of `waferlab` a text imports: the students' package is put together by it."""

from __future__ import annotations

import ast

REFERENCE = "waferlab.reference."


def imported(tree: ast.AST, path: str | None = None) -> dict[str, int]:
    """The modules of `waferlab` that parsed code may import, each with the first line that does.

    Of `from a.b import c` both `a.b` and `a.b.c`.

    >>> imported(ast.parse("import os\\nfrom waferlab.reference.pca import f"))
    {'waferlab.reference.pca': 2, 'waferlab.reference.pca.f': 2}

    Args:
        tree: the code.
        path: where it lies (`waferlab/checks/core.py`), from which relative imports go; without it from `waferlab`.
    """
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            around: list[str] = []
            if node.level:
                around = ["waferlab"] if path is None else path.split("/")[: -node.level]
            base = ".".join([*around, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "waferlab":
                found[name] = min(node.lineno, found.get(name, node.lineno))
    return found


def references(tree: ast.AST) -> dict[str, int]:
    """The reference modules that parsed code imports, by their short names, each with the first line that does.

    >>> references(ast.parse("from waferlab.reference import pca"))
    {'pca': 1}
    """
    found: dict[str, int] = {}
    for name, line in imported(tree).items():
        if name.startswith(REFERENCE):
            found.setdefault(name.removeprefix(REFERENCE).split(".")[0], line)
    return found
