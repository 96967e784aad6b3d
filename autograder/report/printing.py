"""Pages as PDF, printed by the Chromium that is installed: what a student would print, and no new dependency."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from autograder.base.course import CourseError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "`apt install chromium`, or Google Chrome"
SECONDS = 60  # for one page, which takes one or two
AT_ONCE = 4
#: Nothing is looked up or fetched; the pages themselves forbid scripts and everything that is not in them.
FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-pdf-header-footer"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browser() -> str | None:
    """Where the program that prints is, or None."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


def printed(pages: Iterable[str]) -> Iterator[bytes]:
    """Each page as PDF, in the order given; several are printed at a time.

    Args:
        pages: HTML, each with everything it needs in itself.

    Raises:
        CourseError: no browser is installed, or it did not print a page.
    """
    program = browser()
    if program is None:
        raise CourseError(
            f"PDFs are printed by Chromium, which is not installed here: {REMEDY}, or leave --pdf out and hand back "
            "the HTML pages, which every browser prints"
        )
    with ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1)) as pool:
        yield from pool.map(lambda page: _print(program, page), pages)


def _print(program: str, page: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="course-print-", ignore_cleanup_errors=True) as home:
        source, target = Path(home, "page.html"), Path(home, "page.pdf")
        source.write_text(page, encoding="utf-8")
        said = _run(
            [program, *FLAGS, *_unwalled(), f"--user-data-dir={home}/profile", f"--print-to-pdf={target}"], source
        )
        if not target.is_file():
            raise CourseError(f"{program} printed no PDF: {said or 'it said nothing'}")
        return target.read_bytes()


def _unwalled() -> list[str]:
    """Chromium refuses its own sandbox to root."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def _run(command: list[str], source: Path) -> str:
    """Run the browser in a home of its own, with nothing of the environment; returns its last words.

    Raises:
        CourseError: it did not end in time; it is killed with everything it started.
    """
    home = source.parent
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
    }
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen([*command, source.as_uri()], env=environment, start_new_session=True, **pipes)
    try:
        _, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise CourseError(f"{command[0]} did not print a page within {SECONDS} seconds") from None
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
