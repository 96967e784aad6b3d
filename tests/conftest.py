"""Which tests are slow: `make check` leaves them out, `make test` runs them all."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
#: Files and folders whose tests start workers, servers or browsers, run a class, make whole trees, or prove a bank.
SLOW = (
    "attacks",
    "autograder/author/test_move.py",
    "autograder/author/test_new.py",
    "autograder/author/test_publish.py",
    "autograder/author/test_release.py",
    "autograder/author/test_solutions.py",
    "autograder/banks",
    "autograder/judge/hidden",
    "autograder/report/pages/test_in_browser.py",
    "autograder/report/test_formgrader.py",
    "autograder/report/test_gradebook.py",
    "autograder/report/test_gradebook_postgres.py",
    "autograder/run/test_damaged_class.py",
    "autograder/run/test_dask.py",
    "autograder/run/test_engine.py",
    "autograder/run/test_feedback.py",
    "autograder/run/test_mark.py",
    "autograder/run/test_same_bytes.py",
    "autograder/run/test_selection.py",
    "autograder/run/test_term_folder.py",
    "autograder/test_cli.py",
    "autograder/test_demo.py",
    "autograder/wall/test_sandbox.py",
    "autograder/wall/test_wall.py",
    "course/test_notebooks_run.py",
    "course/test_one_truth.py",
)
#: Files that take longest begin first, or one core would wait at the end for the other to finish one of them.
LONGEST = ("autograder/test_demo.py", "autograder/banks/test_banks.py", "course/test_notebooks_run.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of these files and folders, and put the longest files first.

    Raises:
        pytest.UsageError: one of them is gone, and its tests would no longer count as slow.
    """
    slow = [HERE / name for name in SLOW]
    if missing := [path for path in (*slow, *(HERE / name for name in LONGEST)) if not path.exists()]:
        raise pytest.UsageError(f"{missing[0]} is named as slow in {__file__} and does not exist")
    for item in items:
        if any(item.path.is_relative_to(path) for path in slow):
            item.add_marker(pytest.mark.slow)
    first = [HERE / name for name in LONGEST]
    items.sort(key=lambda item: first.index(item.path) if item.path in first else len(first))
