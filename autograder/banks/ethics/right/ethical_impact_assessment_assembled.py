"""Assembles the text from a dict with a helper, prints its length on the way, and uses curly quotes."""

import textwrap

SECTIONS = {
    "Missed defects": """
        We sell components, so we rarely meet the people who depend on them. That distance is itself an ethical problem:
        it is easy to call forty undetected faults a day “acceptable” when none of the consequences reach our
        building. I’d put the customer’s safety engineer into the committee that sets the threshold, so that somebody
        in the room speaks for those who would be injured. And I’d keep sampling passed lots for ever, not just
        during the pilot; without that sample we don’t know our false negatives at all.
        """,
    "Over-reliance": """
        Aviation learned that autopilots erode the skill of taking over. Our inspectors face the same trap – they
        supervise something that hardly ever needs them, and vigilance isn’t a resource one can order by memo. Two
        design choices help: the interface conceals the score until a person has committed to an opinion, and a slice
        of the queue consists of test images whose truth is known. We’d watch the hit rate on those. Should it decline,
        shorter rotations come before any talk about discipline, because the cause is the design and not laziness.
        """,
    "Jobs": """
        For the twenty-eight this is about their livelihood. I see three possible outcomes: fewer people, the same
        people with duller tasks, or the same people with better ones. Only the last deserves the name of progress,
        and it doesn’t come by itself. It takes time for learning during working hours, wages which don’t fall when the
        title changes, and a say in what’s automated next. Employees who contribute their expertise as labels should
        be told what becomes of it, and they should share in the savings.
        """,
    "Unequal errors": """
        Fairness sounds odd when the subjects are wafers, yet behind every tool there’s a crew, and behind every plant
        there’s a town. If the detector was fitted to images of one fab, then the others start with a handicap: more
        false positives, more scrap, worse figures in the quarterly comparison. The disparity would look like poor
        work. So each site needs its own validation normals and its own threshold, and the comparison between sites has
        to wait until the rates agree. The same goes for rare defect types, whose recall vanishes in any overall number.
        """,
    "Who answers for it": """
        A system without an owner has nobody to apologise. I’d name one person per theme, publish the four indicators
        inside the company each month, and agree beforehand on the values at which we switch the model off.
        """,
}


def as_paragraphs(sections):
    for title, body in sections.items():
        yield title + "\n\n" + textwrap.dedent(body).strip()


def ethical_impact_assessment() -> str:
    text = "\n\n".join(as_paragraphs(SECTIONS))
    print(len(text.split()), "words")
    return text
