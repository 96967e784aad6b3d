"""Does the loader of the banks make answers of what is written, and name what cannot be meant?"""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.banks import entries, entry, is_draft
from autograder.banks.bank import reference_answers
from autograder.base.course import CourseError, find_course

COURSE = find_course()
ENCODER = COURSE.assignment("04-encoder")
SIGN = '[wrong.sign]\nsays = "The sign."\nfails = ["values"]\nold = "= -0.5"\nnew = "= 0.5"\n'
ZERO = "def kl_divergence(mu, logvar):\n    return 0\n"
WHOLE = f'"""Zeros.\n\nfails: values, range\nmost: 0.5\ndemo: wrong\n"""\n\n\n{ZERO}'


@pytest.fixture
def banks(tmp_path: Path) -> Path:
    """A folder for banks, with one of 04."""
    for kind in ("wrong", "right"):
        (tmp_path / "encoder" / kind).mkdir(parents=True)
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


def test_a_whole_file_says_the_same_in_its_docstring(banks: Path) -> None:
    """Are docstring and answer told apart?"""
    (one,) = entries(COURSE, ENCODER, write(banks, WHOLE, "wrong/kl_divergence_zero.py"))
    assert (one.name, one.says, one.fails, one.most, one.demo) == ("zero", "Zeros.", ("values", "range"), 0.5, "wrong")
    assert one.source == ZERO


@pytest.mark.parametrize(("kind", "said"), [("right", ""), ("wrong", "\n\nfails: values")])
def test_an_answer_may_change_one_in_a_file_of_its_own(banks: Path, kind: str, said: str) -> None:
    """Does `of` name such an answer, right or wrong?"""
    short = f'"""Short.{said}"""\n\nkl_divergence = lambda mu, logvar: 1 + mu\n'
    write(banks, short, f"{kind}/kl_divergence_short.py")
    write(banks, '[wrong.two]\nsays = "2"\nfails = ["values"]\nof = "short"\nold = "1 +"\nnew = "2 +"\n')
    assert entry(COURSE, ENCODER, "two", banks).source == "kl_divergence = lambda mu, logvar: 2 + mu\n"


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
        pytest.param(SIGN + 'of = "short"', "'short' is no answer in a file of its own", id="of what"),
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
        pytest.param("kl.toml", SIGN, "no task of this assignment is called kl", id="another task"),
        pytest.param("wrong/kl_zero.py", WHOLE, "starts with no task's", id="a file of another task"),
        pytest.param("wrong/kl_divergence_zero.py", "x = 1", "no docstring", id="a file that says nothing"),
        pytest.param("wrong/kl_divergence_zero.py", "def (", "not Python", id="a file that is not Python"),
        pytest.param(
            "wrong/kl_divergence_zero.py", WHOLE.replace("most: 0.5", "fails: range"), "`fails:` twice", id="said twice"
        ),
        pytest.param(
            "wrong/kl_divergence_zero.py",
            WHOLE.replace("0.5", "half"),
            "zero.py: most is 'half'",
            id="words for points",
        ),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(banks: Path, name: str, text: str, words: str) -> None:
    """Is the file named, and what is wrong?"""
    with pytest.raises(CourseError, match=words):
        entries(COURSE, ENCODER, write(banks, text, name))


def test_a_name_stands_for_one_answer(banks: Path) -> None:
    """Are both places named where a whole file and a change, or a wrong and a right answer, have one name?"""
    write(banks, WHOLE, "wrong/kl_divergence_sign.py")
    with pytest.raises(CourseError, match=r"toml: \[wrong.sign\]: .* is taken by .*kl_divergence_sign.py"):
        entries(COURSE, ENCODER, write(banks, SIGN))


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
