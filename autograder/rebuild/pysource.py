"""What a piece of student Python says without being run: the names it defines and whether two pieces are the same."""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from autograder.wall.inside.magics import parse, strip_magics

MAX_WORDS = 5_000
MAX_PARSED = 20_000  # characters; Python 3.11 takes quadratic time over some sources
MAX_BITS = 4_096  # of a number
REMEMBERED = 128  # cells: each is asked about many things, and the release's cells with every submission
_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=[ \t]*lambda\b", re.MULTILINE)


def tree_of(source: str) -> ast.Module | None:
    """The syntax tree of a cell, its magics left out; None when it is no Python, or nothing that can be written down.

    That is a source too long to be worth the time, or with a number of more digits than Python turns into text.

    Trees are shared: never change one.
    """
    return _tree(source) if len(source) <= MAX_PARSED else None


@lru_cache(maxsize=REMEMBERED)
def _tree(source: str) -> ast.Module | None:
    tree = parse(source) or parse(strip_magics(source)[0])
    return None if tree is None or any(map(_is_huge, ast.walk(tree))) else tree


def _is_huge(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value.bit_length() > MAX_BITS


def definitions(source: str) -> frozenset[str]:
    """Names that a cell binds at its top level by `def`, `class` or an assignment of something new.

    `f = timed(f)` does not define `f`. A cell that is no Python is searched by its lines.

    >>> sorted(definitions("import torch\\nclass A: ...\\nf = lambda x: x\\nA = wrap(A)"))
    ['A', 'f']
    """
    tree = tree_of(source)
    if tree is None:
        return frozenset(first or second for first, second in _DEFINED.findall(source))
    return frozenset(name for node in top_level(tree) if not _is_import(node) for name in bound(node))


def blocks(source: str) -> frozenset[str]:
    """Names of the functions and classes that a cell defines at its top level."""
    tree = tree_of(source)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in top_level(tree) if isinstance(node, kinds)) if tree else frozenset()


def top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of the module's own scope, those inside `if`, `try` and `with` included."""
    waiting: list[ast.stmt] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            waiting += reversed(inner)


def bound(node: ast.stmt) -> frozenset[str]:
    """Names that one statement binds: imports, definitions, plain assignments that do not read what they bind."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return frozenset({node.name})
    if _is_import(node):
        return frozenset((alias.asname or alias.name).split(".")[0] for alias in node.names) - {"*"}
    if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        plain = all(isinstance(target, (ast.Name, ast.Tuple, ast.List)) for target in targets)
        return frozenset(names) if plain and not names & read_names(node.value) else frozenset()
    return frozenset()


def read_names(node: ast.AST) -> frozenset[str]:
    """Names that a piece of code reads, in whatever scope."""
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load))


def free_names(source: str) -> frozenset[str]:
    r"""Names that a cell takes from outside: read in the module's scope or as globals, and not bound by itself.

    >>> sorted(free_names("def f(x):\n    y = x + EPS\n    return np.sum(y)"))
    ['EPS', 'np']
    """
    return _free_names(source) if len(source) <= MAX_PARSED else frozenset()


@lru_cache(maxsize=REMEMBERED)
def _free_names(source: str) -> frozenset[str]:
    tree = tree_of(source)
    if tree is None:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the student's strings
            waiting = [symtable.symtable(strip_magics(source)[0], "<cell>", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[str] = set()
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        module = table.get_type() == "module"
        found |= {one.get_name() for one in table.get_symbols() if one.is_referenced() and (module or one.is_global())}
    return frozenset(found) - {name for node in top_level(tree) for name in bound(node)}


def statements(source: str) -> tuple[ast.stmt, ...]:
    """Top-level statements of a cell that bind names."""
    return _statements(source) if len(source) <= MAX_PARSED else ()


@lru_cache(maxsize=REMEMBERED)
def _statements(source: str) -> tuple[ast.stmt, ...]:
    tree = tree_of(source)
    return tuple(node for node in top_level(tree) if bound(node)) if tree else ()


@lru_cache(maxsize=REMEMBERED)
def statement_keys(nodes: tuple[ast.stmt, ...]) -> frozenset[str]:
    """The keys of several statements."""
    return frozenset(map(statement_key, nodes))


def statement_key(node: ast.stmt) -> str:
    """Equal for equal statements."""
    try:
        return ast.dump(node)
    except RecursionError:
        return ""


def definition_keys(source: str) -> dict[str, str]:
    """For each name that a cell binds, the key of the last statement that does."""
    return {name: statement_key(node) for node in statements(source) for name in bound(node)}


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def same_text(source: str) -> str:
    """The source without what no reader sees: space at line ends and empty lines."""
    return "\n".join(line.rstrip() for line in source.split("\n") if line.strip())


def same_code(source: str) -> str:
    """A key that is equal for pieces of code that differ in layout and comments only."""
    return _same_code(source) if len(source) <= MAX_PARSED else same_text(source)


@lru_cache(maxsize=REMEMBERED)
def _same_code(source: str) -> str:
    tree = tree_of(source)
    if tree is None:
        return same_text(source)
    try:
        return ast.dump(tree)
    except RecursionError:
        return same_text(source)


def is_empty(source: str) -> bool:
    """Whether there is nothing to run: empty, or comments only."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in source.split("\n"))


def words(source: str) -> Counter[str]:
    """The words of a text with their counts, for `likeness`."""
    return Counter(re.findall(r"\w+", source)[:MAX_WORDS])


def likeness(one: Counter[str], other: Counter[str]) -> float:
    """How much of two texts is the same, from 0 to 1 (Dice's coefficient of their words; linear in their lengths).

    >>> likeness(words("a b c d"), words("a b c x"))
    0.75
    """
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
