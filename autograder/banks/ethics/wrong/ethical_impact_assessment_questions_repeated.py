"""Hands in the four questions, several times.

fails: prose, misses, reliance, jobs, errors
most: 0
"""


def ethical_impact_assessment():
    questions = """\
1. Missed defects: Who is harmed by a fault that is passed, and who pays?
2. Over-reliance: What does a machine that is mostly right do to the judgement of the people beside it?
3. Jobs: What becomes of the 28 inspectors and of their work?
4. Unequal errors: Which wafers, tools or plants does it judge worse than others, and who would notice?
"""
    return "\n".join([questions] * 6)
