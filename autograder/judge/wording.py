"""What a student reads about a check: whole sentences made of what was tested, found and expected."""

from __future__ import annotations

import re

EXPECTED = " Expected: "  # in a message, between what was found and what was expected
NOT_ANSWERED = "Not yet answered."
TIMEOUT = (
    "Your answer did not finish in time (the limit is many times what the reference answer takes). "
    "Is there an endless loop?"
)
OWN_DEFECT = "These results could not be judged, which is a defect of the grader: please tell your instructor."
TOO_LONG = "These results took too long to judge. Are they far larger than what was asked for?"
NO_RESULT = "This check gave no result."

_ONLY_WITH = ": nothing wrong was found, but that counts only together with "
_PLACE = r"\(<cell \d+>, line (\d+)\)"  # what Python puts behind the text of a syntax error in a cell


def right(tested: str) -> str:
    """A check that found nothing wrong.

    >>> right("mean of the noise")
    'Mean of the noise: right.'
    """
    return ended(f"{begun(tested)}: right")


def wrong(tested: str, found: str, expected: str) -> str:
    """A check that found something wrong.

    >>> wrong("the mean", "0.5 instead of 1.0. A sum?", "the mean of all")
    'The mean: 0.5. A sum? Expected: the mean of all.'
    """
    found = without_places(without_expected_numbers(found))
    found = re.sub(r"^raised TypeError: (?=returned )", "", found)  # a check's own words for what it was given
    found = re.sub(r"^raised ", "your code raised ", found)
    return f"{ended(f'{begun(tested)}: {found}')}{EXPECTED}{ended(expected)}"


def only_with(tested: str, others: list[str]) -> str:
    """A check that proves nothing, because checks that it builds on found something wrong.

    >>> only_with("the shape", ["the mean", "the spread"])
    'The shape: nothing wrong was found, but that counts only together with “the mean” and “the spread”.'
    """
    return ended(f"{begun(tested)}{_ONLY_WITH}{' and '.join(f'“{other}”' for other in others)}")


def is_consequence(message: str) -> bool:
    """Whether a check failed only because another one did."""
    return _ONLY_WITH in message


def cell_raised(task: str, error: str) -> str:
    """What a task's own cell raised, with the place in words.

    >>> cell_raised("scale", "SyntaxError: '(' was never closed (<cell 2>, line 3)")
    "Python cannot read your cell for `scale`: in line 3, '(' was never closed."
    >>> cell_raised("scale", "NameError: name 'np' is not defined")
    "Your cell for `scale` raised NameError: name 'np' is not defined."
    """
    unreadable = re.fullmatch(rf"(?:Syntax|Indentation|Tab)Error: (.*) {_PLACE}", error)
    if unreadable:
        return ended(f"Python cannot read your cell for `{task}`: in line {unreadable[2]}, {unreadable[1]}")
    return ended(f"Your cell for `{task}` raised {without_places(error)}")


def not_defined(task: str, names: tuple[str, ...], elsewhere: str | None) -> str:
    """A cell that does not define what its task asks for, with what another cell raised.

    >>> not_defined("scale", ("scale", "unscale"), None)
    'Your cell for `scale` does not define `scale` and `unscale`.'
    """
    listed = " and ".join(f"`{name}`" for name in names)
    said = f"Your cell for `{task}` does not define {listed}."
    return f"{said} {ended(f'Another cell raised {without_places(elsewhere)}')}" if elsewhere else said


def died(while_what: str, how: str) -> str:
    """An answer that ended the process that it ran in.

    >>> died("while your answer ran", "ended by SIGSEGV")
    'The Python process died while your answer ran: ended by SIGSEGV.'
    """
    return ended(f"The Python process died {while_what}: {how}")


def without_expected_numbers(found: str) -> str:
    """A finding without the number that was expected, which a visible check may show and a hidden one must not.

    >>> without_expected_numbers("1.7290 instead of 17.2904. You took the mean?")
    '1.7290. You took the mean?'
    """
    return re.sub(r" instead of [-+]?\d+(\.\d+)?(e[-+]?\d+)?", "", found)


def without_places(text: str) -> str:
    """A text in which cells have no numbers: they are the grader's, and the student's notebook shows none.

    >>> without_places("invalid syntax (<cell 12>, line 3)")
    'invalid syntax (line 3)'
    """
    return re.sub(r"<cell \d+>", "a cell", re.sub(_PLACE, r"(line \1)", text))


def begun(text: str) -> str:
    """A text that begins with a capital letter, unless it begins with a name or a formula.

    >>> begun("the mean"), begun("sigma = 0.1"), begun("max_difference"), begun("z has a shape"), begun("a mean")
    ('The mean', 'sigma = 0.1', 'max_difference', 'z has a shape', 'A mean')
    """
    text = text.strip()
    return text[:1].upper() + text[1:] if re.match(r"(a|[a-z]{2,})(?![\w.(\[])(?!\s*[=<>*+/-])", text) else text


def ended(text: str) -> str:
    """A text that ends as a sentence does.

    >>> ended("no noise"), ended("A sum?"), ended("nothing behind them.;"), ended("cut off…")
    ('no noise.', 'A sum?', 'nothing behind them.', 'cut off…')
    """
    text = text.rstrip().rstrip(";,").rstrip()
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."
