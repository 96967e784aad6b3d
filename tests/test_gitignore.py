"""Does git leave personal data alone, and nothing else?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PERSONAL = (
    "course/roster.csv",
    "course/students-2026.csv",  # any other name that `roster` in course.toml may give it
    "roster.csv",
    "lists/roster.csv",
    "course/extensions.csv",
    "extensions.csv",
    "course/times.csv",
    "canvas-submissions.csv",
    "grades.csv",
    "checks.csv",
    "canvas.csv",
    "moodle.csv",
    "old/grades.csv",
    "old/canvas.csv",
    "graded/results.jsonl",
    "graded-03/feedback/Ada_Lovelace/03-pca/pca.html",
    "graded/secret",
    "term/record.csv",
    "term-2026/anything",
    "results.jsonl",
    "feedback.zip",
    "submissions.zip",
    "submissions/lovelaceada_12345_pca.ipynb",
    "submitted/ada/03-pca/pca.ipynb",
    "lovelaceada_12345_pca.ipynb",
    "gradebook.db",
    "gradebook.db-journal",
    "nbgrader/gradebook.db",
)
OURS = (
    "source/10-lighting/lighting.ipynb",
    "release/10-lighting/lighting.ipynb",
    "solutions/10-lighting/lighting.ipynb",
    "source/10-lighting/machines.csv",
    "course/waferlab/checks/lighting.py",
    "course/waferlab/checks/expected/lighting.json",
    "autograder/report/grades.py",
    "autograder/report/feedback.py",
    "autograder/report/pages/report.py",
    "tests/autograder/report/canvas.csv",
    "docs/grading.md",
    "docs/report.pdf",
    "benchmarks/results/grading.jsonl",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty repository with this project's rules, whatever this checkout is."""
    root = tmp_path_factory.mktemp("clone")
    subprocess.run(["git", "init", "--quiet", root], check=True)
    shutil.copy(ROOT / ".gitignore", root)
    return root


def _is_ignored(root: Path, name: str) -> bool:
    done = subprocess.run(["git", "-C", root, "check-ignore", "--quiet", "--no-index", "--", name], check=False)
    assert done.returncode in (0, 1), name
    return done.returncode == 0


@pytest.mark.parametrize("name", PERSONAL)
def test_personal_data_is_ignored(clone: Path, name: str) -> None:
    """Does `git add .` leave out a file that names students?"""
    assert _is_ignored(clone, name)


@pytest.mark.parametrize("name", OURS)
def test_the_course_is_not_ignored(clone: Path, name: str) -> None:
    """Does `git add .` take a new file of the course, of the grader or of its tests?"""
    assert not _is_ignored(clone, name)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_nothing_committed_is_ignored() -> None:
    """Would every file of this repository be taken again?"""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--ignored", "--exclude-per-directory=.gitignore"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert listed.stdout == ""
