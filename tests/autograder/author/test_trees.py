"""Comparing and writing generated trees."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from autograder.author.trees import (
    MAX_DIFF_LINES,
    MAX_DIFF_WIDTH,
    Changes,
    all_or_nothing,
    files_below,
    sync,
    together,
    write_atomically,
)

WANTED = {"a/one.py": b"x = 1\n", "two.py": b"y = 2\n"}


def test_a_new_tree(tmp_path: Path) -> None:
    """Is a tree that does not exist stale, then written, then fresh?"""
    root = tmp_path / "tree"
    assert sync(root, WANTED, check=True).stale and not root.exists()
    assert sync(root, WANTED, check=False).written == [root / "a/one.py", root / "two.py"]
    assert sync(root, WANTED, check=True) == Changes()


def test_a_changed_file(tmp_path: Path) -> None:
    """Does the diff show the line that differs, and only the one file get written?"""
    sync(tmp_path, WANTED, check=False)
    (tmp_path / "two.py").write_text("y = 3\n")
    found = sync(tmp_path, WANTED, check=True)
    assert found.changed == [tmp_path / "two.py"] and "-y = 3\n+y = 2\n" in found.diff
    assert sync(tmp_path, WANTED, check=False).written == [tmp_path / "two.py"]


def test_an_extra_file_of_our_kind(tmp_path: Path) -> None:
    """Is an untracked file of a generated kind stale, and removed with its empty folder when writing?"""
    sync(tmp_path, WANTED, check=False)
    write_atomically(tmp_path / "old" / "left.py", b"")
    found = sync(tmp_path, WANTED, check=True)
    assert found.stale and "Only on disk" in found.diff and (tmp_path / "old" / "left.py").exists()
    assert sync(tmp_path, WANTED, check=False).removed == [tmp_path / "old" / "left.py"]
    assert not (tmp_path / "old").exists()


def test_a_foreign_file_is_never_removed(tmp_path: Path) -> None:
    """Does a file of another kind stay, and keep the tree stale?"""
    sync(tmp_path, WANTED, check=False)
    (tmp_path / "notes.txt").write_text("mine")
    assert sync(tmp_path, WANTED, check=False).stale
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_litter_is_ignored(tmp_path: Path) -> None:
    """Are byte code and notebook checkpoints no part of a tree?"""
    sync(tmp_path, WANTED, check=False)
    write_atomically(tmp_path / "__pycache__" / "one.pyc", b"")
    write_atomically(tmp_path / "a" / ".ipynb_checkpoints" / "one.py", b"")
    assert not sync(tmp_path, WANTED, check=True).stale


def test_a_link_is_no_file(tmp_path: Path) -> None:
    """Is a link in place of a file stale, and replaced without touching its target?"""
    target = tmp_path / "target"
    target.write_bytes(WANTED["two.py"])
    root = tmp_path / "tree"
    root.mkdir()
    os.symlink(target, root / "two.py")
    assert root / "two.py" in sync(root, WANTED, check=True).changed
    sync(root, WANTED, check=False)
    assert not (root / "two.py").is_symlink() and target.exists()


def test_a_diff_is_short(tmp_path: Path) -> None:
    """Is a huge difference cut, in length and in width?"""
    (tmp_path / "x.py").write_text("a" * 5000 + "\n" + "b\n" * 1000)
    diff = sync(tmp_path, {"x.py": b"c\n" * 1000}, check=True).diff.splitlines()
    assert len(diff) == MAX_DIFF_LINES + 1 and "more lines" in diff[-1]
    assert max(map(len, diff)) <= MAX_DIFF_WIDTH


def test_a_difference_far_to_the_right_is_shown(tmp_path: Path) -> None:
    """Does the diff of a long list of numbers show the number that differs?"""
    numbers = ", ".join(f"0.{number:06}" for number in range(300))
    (tmp_path / "x.json").write_text(f"[{numbers}]\n")
    diff = sync(tmp_path, {"x.json": f"[{numbers.replace('0.000250', '0.750250')}]\n".encode()}, check=True).diff
    removed, added = ([line for line in diff.splitlines()[2:] if line.startswith(sign)] for sign in "-+")
    assert len(removed) == len(added) == 1 and "0.000250" in removed[0] and "0.750250" in added[0]


def test_another_picture_is_one_line(tmp_path: Path) -> None:
    """Does the diff of a picture's text say that it is another one, and show no wall of letters?"""
    (tmp_path / "x.ipynb").write_text("A" * 100_000 + "\n")
    diff = sync(tmp_path, {"x.ipynb": b"A" * 99_999 + b"B\n"}, check=True).diff.splitlines()
    assert len(diff) == 5 and diff[3] != diff[4] and "100001 characters, digest" in diff[3]


def test_a_block_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    """Are files put back, new ones removed and emptied folders gone when a block fails?"""
    sync(tmp_path, WANTED, check=False)
    before = {path: path.read_bytes() for path in files_below(tmp_path)}
    with contextlib.suppress(OSError), all_or_nothing(tmp_path, [tmp_path / "a", tmp_path / "two.py", tmp_path / "b"]):
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "two.py").write_text("y = 3\n")
        raise OSError("the disk is full")
    assert {path: path.read_bytes() for path in files_below(tmp_path)} == before
    assert not (tmp_path / "b").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Does a write that fails leave no half file and no temporary one?"""
    path = tmp_path / "x.py"
    path.mkdir()
    with contextlib.suppress(OSError):
        write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.py"]
    assert files_below(tmp_path) == []


def test_sum() -> None:
    """Is the sum of changes stale when one part is?"""
    one = Changes(changed=[Path("a")], diff="x")
    assert together([Changes(), one, Changes(diff="y")]) == Changes(changed=[Path("a")], diff="xy")
    assert together([one]).stale and not together([]).stale
