"""Banks of answers that prove the checks: `<module>/wrong/*.py`, one realistic mistake each, and `<module>/right/*.py`.

Every file is a whole solution cell as plain Python, and uses the names that its notebook provides. A wrong answer's
docstring names the mistake and, on a line `fails: a, b`, the checks that must fail. The files are read, never imported.
"""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).resolve().parent


def answers(module: str, kind: str) -> list[Path]:
    """The files of a bank (`wrong` or `right`), sorted by name."""
    return sorted((HERE / module / kind).glob("*.py"))


def wrong_answer(module: str, name: str) -> str:
    """The source of one wrong answer."""
    return (HERE / module / "wrong" / f"{name}.py").read_text(encoding="utf-8")


def must_fail(source: str) -> list[str]:
    """The checks that a wrong answer's docstring says must fail.

    >>> must_fail('\"\"\"Sums instead of averaging.\\n\\nfails: values, gradients\\n\"\"\"')
    ['values', 'gradients']
    """
    docstring = ast.get_docstring(ast.parse(source)) or ""
    lines = [line.removeprefix("fails:") for line in docstring.splitlines() if line.startswith("fails:")]
    return [name.strip() for line in lines for name in line.split(",")]
