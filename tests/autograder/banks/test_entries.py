"""Does the loader of the banks make answers of what is written, and name what cannot be meant?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder.banks import entries, entry, is_draft
from autograder.banks.bank import reference_answers
from autograder.base.course import CourseError, find_course

COURSE = find_course()
ENCODER = COURSE.assignment("04-encoder")
SIGN = '[wrong.sign]\nsays = "The sign."\nfails = ["values"]\nold = "= -0.5"\nnew = "= 0.5"\n'
ZERO = "def kl_divergence(mu, logvar):\n    return 0\n"
WHOLE = f"[wrong.zero]\nsays = 'Zeros.'\nfails = ['values', 'range']\nmost = 0.5\nsource = '''\n{ZERO}'''\n"


@pytest.fixture
def banks(tmp_path: Path) -> Path:
    """A folder for banks, with one of 04."""
    (tmp_path / "encoder").mkdir()
    return tmp_path


def write(banks: Path, text: str, name: str = "kl_divergence.toml") -> Path:
    """One file of the bank of 04."""
    (banks / "encoder" / name).write_text(text)
    return banks


def test_a_change_is_made_in_the_reference(banks: Path) -> None:
    """Is the answer the whole reference with the texts swapped, and what is said of it kept?"""
    (one,) = entries(COURSE, ENCODER, write(banks, SIGN + "most = 1\nleast = 0.25\n"))
    reference = reference_answers(COURSE, ENCODER)["kl_divergence"]
    assert "SOLUTION" not in reference
    assert one.source == reference.replace("= -0.5", "= 0.5") != reference
    assert (one.task, one.name, one.kind, one.fails) == ("kl_divergence", "sign", "wrong", ("values",))
    assert (one.says, one.most, one.least, one.label) == ("The sign.", 1.0, 0.25, "kl_divergence_sign")


def test_an_answer_may_be_written_out(banks: Path) -> None:
    """Is `source` the whole solution cell, and what is said of it kept?"""
    (one,) = entries(COURSE, ENCODER, write(banks, WHOLE))
    assert (one.name, one.says, one.fails, one.most, one.source) == ("zero", "Zeros.", ("values", "range"), 0.5, ZERO)


@pytest.mark.parametrize(
    "text", ["Two lines,\nand a “quote”.\n", 'A \\n, a """ and a \\', '"'], ids=["plain", "odd", "short"]
)
def test_a_text_is_what_the_function_returns(banks: Path, text: str) -> None:
    """Does an essay stand in the bank as it is read, whatever signs are in it?"""
    table = f"[right.essay]\nsays = 'An essay.'\ntext = {json.dumps(text)}\n"
    (one,) = entries(COURSE, ENCODER, write(banks, table))
    names: dict[str, Any] = {}
    exec(one.source, names)
    assert names["kl_divergence"]() == text.rstrip("\n") + "\n"


@pytest.mark.parametrize("kind", ["right", "wrong"])
def test_an_answer_may_change_one_that_is_written_out(banks: Path, kind: str) -> None:
    """Does `of` name such an answer, right or wrong, wherever it stands?"""
    fails = 'fails = ["values"]\n'
    short = f"[{kind}.short]\nsays = 'Short.'\nsource = 'kl_divergence = lambda mu, logvar: 1 + mu'\n"
    short += fails * (kind == "wrong")
    write(banks, f'[wrong.two]\nsays = "2"\n{fails}of = "short"\nold = "1 +"\nnew = "2 +"\n{short}')
    assert entry(COURSE, ENCODER, "two", banks).source == "kl_divergence = lambda mu, logvar: 2 + mu"


def test_several_changes_are_made_where_each_text_stood(banks: Path) -> None:
    """Is a text found in the reference, and not in what another change has put there?"""
    text = SIGN.replace('"= -0.5"', '["mu.pow(2)", "logvar.exp()"]').replace('"= 0.5"', '["logvar.exp()", "mu.pow(2)"]')
    (one,) = entries(COURSE, ENCODER, write(banks, text))
    assert "1 + logvar - logvar.exp() - mu.pow(2)" in one.source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(SIGN.replace('"= -0.5"', '"no such text"'), "is missing .* 'no such text'", id="old is missing"),
        pytest.param(SIGN.replace('"= -0.5"', '"logvar"'), r"is there \d+ times .* 'logvar'", id="old is there often"),
        pytest.param(SIGN.replace('"= -0.5"', '""'), "is missing", id="old is empty"),
        pytest.param(
            SIGN.replace('"= -0.5"', '["= -0.5 * (1", "(1 + logvar - mu.pow"]').replace('"= 0.5"', '["", ""]'),
            "overlaps",
            id="changes overlap",
        ),
        pytest.param(SIGN.replace('new = "= 0.5"', ""), "`old` and `new`", id="old without new"),
        pytest.param(SIGN.replace('"= 0.5"', '["0.5", "1"]'), "the same length", id="lists of other lengths"),
        pytest.param(SIGN.replace("says", "tells"), "tells means nothing here", id="unknown key"),
        pytest.param(SIGN.replace("The sign.", " "), "does not say", id="says nothing"),
        pytest.param(SIGN.replace('"values"', ""), "names no check", id="fails nothing"),
        pytest.param(SIGN.replace('"values"', '"vlaues"'), "no check vlaues; its checks are", id="unknown check"),
        pytest.param(SIGN.replace('["values"]', '"values"'), "expected a list", id="fails is no list"),
        pytest.param(SIGN.replace("wrong", "right"), "a right answer keeps every point", id="right and fails"),
        pytest.param(SIGN + "most = 12", "most is 12", id="more than there is"),
        pytest.param(SIGN + 'least = "all"', "least is 'all'", id="no number"),
        pytest.param(SIGN + 'demo = "both"', "demo is 'both', expected partly or wrong", id="unknown role"),
        pytest.param(SIGN + 'of = "short"', "'short' is no answer that is written out", id="of what"),
        pytest.param(SIGN + 'source = "x"', "found several", id="written out and a change"),
        pytest.param(SIGN.replace('old = "= -0.5"\nnew = "= 0.5"', "text = 5"), "text is 5", id="a text that is none"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_named(banks: Path, text: str, words: str) -> None:
    """Are file and entry named, and what is wrong?"""
    with pytest.raises(CourseError, match=words) as error:
        entries(COURSE, ENCODER, write(banks, text))
    assert "kl_divergence.toml" in str(error.value) and ".sign]" in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        pytest.param("kl_divergence.toml", "[wrong", "kl_divergence.toml: ", id="not TOML"),
        pytest.param("kl_divergence.toml", SIGN + SIGN, "kl_divergence.toml: ", id="the same name in one file"),
        pytest.param("kl_divergence.toml", '[bad.sign]\nsays = "x"', "bad means nothing", id="another kind"),
        pytest.param("kl_divergence_sign.py", SIGN, "is no bank; expected one file a task", id="another file"),
        pytest.param("kl.toml", SIGN, "no task of this assignment is called kl", id="another task"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(banks: Path, name: str, text: str, words: str) -> None:
    """Is the file named, and what is wrong?"""
    with pytest.raises(CourseError, match=words):
        entries(COURSE, ENCODER, write(banks, text, name))


def test_a_name_stands_for_one_answer(banks: Path) -> None:
    """Is it told where a wrong and a right answer have one name?"""
    write(banks, SIGN + WHOLE.replace("wrong.zero", "right.sign").replace("fails", "#").replace("most", "#"))
    with pytest.raises(CourseError, match=r"toml: \[right.sign\]: the name sign is taken by \[wrong.sign\]"):
        entries(COURSE, ENCODER, banks)


def test_a_name_that_is_not_there_is_told_with_those_that_are(banks: Path) -> None:
    """Does a slip of the pen cost a look into the folder?"""
    write(banks, SIGN)
    with pytest.raises(CourseError, match="no answer in the bank is called 'sing'; expected one of kl_divergence_sign"):
        entry(COURSE, ENCODER, "sing", banks)


def test_a_bare_name_is_enough_where_it_is_the_only_one(banks: Path) -> None:
    """Must the task be named only where two tasks have an answer of that name?"""
    write(banks, SIGN)
    assert entry(COURSE, ENCODER, "sign", banks) == entry(COURSE, ENCODER, "kl_divergence_sign", banks)
    write(banks, SIGN.replace("values", "mean").replace('"= -0.5"', '"mu + std"'), "reparameterize.toml")
    with pytest.raises(CourseError, match="several answers are called 'sign'; expected one of"):
        entry(COURSE, ENCODER, "sign", banks)


@pytest.mark.parametrize(("line", "draft"), [("draft = true\n", True), ("draft = false\n", False), ("", False)])
def test_a_bank_that_has_only_begun_says_so(banks: Path, line: str, draft: bool) -> None:
    """Is a bank of one answer each enough as long as it says that it is a draft?"""
    write(banks, line + SIGN)
    assert is_draft("encoder", "kl_divergence", banks) is draft
    assert [one.name for one in entries(COURSE, ENCODER, banks)] == ["sign"]
