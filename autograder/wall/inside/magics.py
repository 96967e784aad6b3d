"""IPython's extensions of Python taken out of a cell, so that plain Python can run it (standard library only)."""

from __future__ import annotations

import ast
import re
import warnings

#: Cell magics whose body is Python and runs in the notebook's own namespace; the body of any other is dropped, too.
PYTHON_BODIES = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "snakeviz"})

_CELL_MAGIC = re.compile(r"\s*%%\s*(\w+)")
_TIMED = re.compile(r"%time\s+(?!-)(\S.*)")
_LINE = re.compile(
    r"""(
          %{1,2}[A-Za-z_]          # %matplotlib inline
        | !                        # !nvidia-smi
        | \?{1,2}\s*[\w.%*]        # ?torch
        | %?[\w.\[\]*]+\?{1,2}\s*$ # torch.nn?
        | (pip3?|conda|mamba)\s+(install|uninstall|list|show)\b
        | [\w.,\s\[\]]+=\s*(!|%[A-Za-z_])   # files = !ls
    )""",
    re.VERBOSE,
)
_TOKEN = re.compile(r"\\.|\"\"\"|'''|[\"'#()\[\]{}]|.", re.DOTALL)


def strip_magics(source: str) -> tuple[str, list[str]]:
    r'''Drop what only IPython understands; a source that is plain Python already comes back as it is.

    Dropped: line magics, shell lines, help requests, cell magics (with their body unless it is Python). A dropped line
    leaves an empty one (`pass` inside a block), so that line numbers stay true. `%time statement` keeps the statement.
    Lines inside strings and brackets are never touched.

    Args:
        source: a code cell as the student wrote it.

    Returns:
        Plain Python (unless the student's own code is no Python), and the lines that were dropped.

    >>> strip_magics("%matplotlib inline\nx = 1")
    ('\nx = 1', ['%matplotlib inline'])
    >>> strip_magics('text = """\n%not a magic\n"""')[1]
    []
    '''
    if is_python(source):
        return source, []
    source = _without_first_indent(source)
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magic = _CELL_MAGIC.match(lines[first])
    if magic and magic[1] not in PYTHON_BODIES:
        return "", [line for line in lines if line.strip()]
    return _without_lines(lines)


def is_python(source: str) -> bool:
    """Whether the source parses as it stands; never raises, whatever the source."""
    return parse(source) is not None


def parse(source: str) -> ast.Module | None:
    """The syntax tree, or None for no Python and for hostile nesting."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the student's strings
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _without_first_indent(source: str) -> str:
    """IPython runs a cell that is indented as a whole; plain Python does not."""
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return "\n".join(line.removeprefix(indent) for line in lines) if indent else source


def _without_lines(lines: list[str]) -> tuple[str, list[str]]:
    kept: list[str] = []
    dropped: list[str] = []
    state = _State()
    continued = False  # the line before was dropped and ends in a backslash
    for line in lines:
        if continued or (state.at_statement and _LINE.match(line.lstrip())):
            kept.append(_stand_in(line) if not continued else "")
            dropped.append(line.strip())
            continued = line.endswith("\\")
        else:
            kept.append(line)
            state.read(line)
    return "\n".join(kept), dropped


def _stand_in(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    timed = _TIMED.match(line.lstrip())
    if timed:
        return indent + timed[1]
    return indent + "pass" if indent else ""


class _State:
    """Where the end of the last line lies: in a string, in brackets, or at the start of a statement."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.backslash = False

    @property
    def at_statement(self) -> bool:
        """Whether a new statement may begin on the next line."""
        return not self.quote and self.depth <= 0 and not self.backslash

    def read(self, line: str) -> None:
        """Take in one line, without its line break."""
        for token in _TOKEN.findall(line):
            if self.quote:
                self.quote = "" if token == self.quote else self._opened(token)
            elif token == "#":
                break
            elif token in ('"""', "'''", '"', "'"):
                self.quote = token
            else:
                self.depth += (token in "([{") - (token in ")]}")
        self.backslash = line.endswith("\\")
        if len(self.quote) == 1 and not self.backslash:
            self.quote = ""  # a plain string ends with its line

    def _opened(self, token: str) -> str:
        """Three quotes inside a string of single quotes: the first of them ends it, the other two are an empty one."""
        return "" if len(token) == 3 and token[0] == self.quote else self.quote
