"""What a piece of Python says without being run."""

from autograder.rebuild.pysource import definitions, same_code


def test_a_number_that_cannot_be_written_down_is_no_obstacle():
    """Is a cell with a number of 6,000 digits known by its lines, and compared with others?"""
    source = f"X = 0x{'f' * 5000}\ndef encode(x):\n    return X\n"
    assert definitions(source) == {"encode"}
    assert same_code(source) == same_code(source + "\n\n")
