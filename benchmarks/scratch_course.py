"""A copy of this course that a newcomer may break: `course …` is run in it, and what came back is written down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
WIDTH = 118  # characters of a line that is shown
TERMINAL = "80"  # columns
TREES = ("source", "release", "solutions")
Cells = dict[str, dict[str, Any]]


@dataclass
class Diary:
    """What was done in a scratch copy of the course, and what came of it.

    Attributes:
        root: the copy.
        lines: everything that was printed.
        failures: what should have been otherwise.
        times: what was done, whether it was refused, and seconds.
    """

    root: Path
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    times: list[tuple[str, str, float]] = field(default_factory=list)
    title: str = ""

    @property
    def python(self) -> Path:
        """The copy's own Python, whose `waferlab` and `autograder` are the copy's."""
        return self.root / ".venv" / "bin" / "python"

    @property
    def settings(self) -> Path:
        """`course.toml`."""
        return self.root / "course" / "course.toml"

    def say(self, line: str = "") -> None:
        """Print a line, and keep it."""
        print(line, flush=True)
        self.lines.append(line)

    def begin(self, title: str) -> None:
        """A heading."""
        self.title = title
        self.say(f"\n## {title}")

    def expect(self, what: str, is_so: bool) -> None:
        """Note an expectation, and whether it holds."""
        self.say(f"  {'ok' if is_so else 'NOT SO'}: {what}")
        if not is_so:
            self.failures.append(f"{self.title}: {what}")

    def course(self, *words: str, status: int = 0, says: Sequence[str] = (), shown: int = 4, what: str = "") -> str:
        """Run `course …` in the copy, as its reader would: 80 columns, no colours.

        Args:
            words: what follows `course`.
            status: the exit status that is expected.
            says: texts that are expected in what comes back.
            shown: how many lines of that are printed.
            what: where given, the time counts as that of a change by the instructor.

        Returns:
            Standard output and standard error, as they came.
        """
        started = time.monotonic()
        done = self.run([str(self.python), "-m", "autograder.cli", *words])
        seconds = time.monotonic() - started
        text = done.stdout
        self.say(f"$ course {' '.join(words)}".replace(f"{self.root}/", ""))
        said = [line.rstrip().replace(f"{self.root}/", "") for line in text.splitlines() if line.strip()]
        for line in said[:shown]:
            self.say("  " + (line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"))
        if len(said) > shown:
            self.say(f"  … {len(said) - shown} more lines")
        self.say(f"  [exit {done.returncode}, {seconds:.1f} s]")
        if done.returncode != status:
            self.expect(f"exit status {status}", False)
        for wanted in says:
            if wanted not in " ".join(text.split()):
                self.expect(f"says {wanted!r}", False)
        if "Traceback" in text:
            self.expect("no traceback", False)
        if what:
            outcome = "carried out" if not done.returncode else "refused" if status else "failed"
            self.times.append((what, outcome, seconds))
        return text

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run any program in the copy."""
        around = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COURSE_ROOT")}
        here = {**around, "COLUMNS": TERMINAL, "NO_COLOR": "1", "VIRTUAL_ENV": str(self.root / ".venv")}
        return subprocess.run(
            command, cwd=self.root, env=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    def edit(self, slug: str, change: Callable[[Cells], None], tree: str = "source") -> None:
        """Change the cells of a notebook, by their ids; a cell with the key `gone` is deleted."""
        path = next((self.root / tree / slug).glob("*.ipynb"))
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        change({cell.get("id", ""): cell for cell in notebook["cells"]})
        notebook["cells"] = [cell for cell in notebook["cells"] if not cell.pop("gone", False)]
        for cell in notebook["cells"]:
            cell["source"] = cell["source"].splitlines(keepends=True)
        path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    def replace(self, slug: str, cell: str, old: str, new: str) -> None:
        """Another text in a cell, once."""

        def change(cells: Cells) -> None:
            if old not in cells[cell]["source"]:
                raise SystemExit(f"{slug}, cell {cell!r} no longer holds {old!r}: bring this benchmark up to date")
            cells[cell]["source"] = cells[cell]["source"].replace(old, new, 1)

        self.edit(slug, change)

    def set(self, old: str, new: str) -> None:
        """Another text in `course.toml`, once."""
        text = self.settings.read_text(encoding="utf-8")
        if old not in text:
            raise SystemExit(f"course.toml no longer holds {old!r}: bring this benchmark up to date")
        self.settings.write_text(text.replace(old, new, 1), encoding="utf-8")

    def trees(self) -> dict[str, bytes]:
        """All that is generated."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for tree in TREES[1:]
            for path in sorted((self.root / tree).rglob("*.ipynb"))
        }

    def git(self, *words: str) -> str:
        """Run git in the copy."""
        who = ["-c", "user.name=A newcomer", "-c", "user.email=newcomer@example.org"]
        done = self.run(["git", *who, *words])
        if done.returncode:
            raise SystemExit(f"git {' '.join(words)}: {done.stdout}")
        return done.stdout

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Afterwards the copy is as it was committed."""
        yield
        self.git("checkout", "-q", ".")
        self.git("clean", "-fdq")


def scratch(folder: Path) -> Diary:
    """A copy of what git knows of this repository, with a virtual environment of its own, in git."""
    root = folder / "course"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, root / name)
    _environment(root)
    diary = Diary(root)
    diary.git("init", "-q")
    diary.git("add", "-A")
    diary.git("commit", "-qm", "as cloned")
    return diary


def _environment(root: Path) -> None:
    """This Python's environment again, as `make .venv` makes it, without copying its two gigabytes."""
    shutil.copytree(sys.prefix, root / ".venv", symlinks=True, copy_function=_link)
    for path, place in (("_editable_impl_autograder.pth", root), ("_editable_impl_waferlab.pth", root / "course")):
        file = next((root / ".venv").glob(f"lib/python*/site-packages/{path}"))
        file.unlink()  # the name only: the other environment keeps its own
        file.write_text(str(place), encoding="utf-8")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
