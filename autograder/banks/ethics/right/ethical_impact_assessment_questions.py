"""Repeats the four questions of the brief as headings and answers in short, simple sentences."""


def ethical_impact_assessment():
    return """\
1. Missed defects: Who is harmed by a fault that is passed, and who pays?

The buyer of the chip is harmed first. After that, it is the person who uses the product. I think about a
pacemaker. If it stops, there is no second try. The factory pays money for the recall, but the patient pays
more. So we must know how many faults we do not see. We can know it only if we look at some wafers that got
PASS. They must be random, because high scores are seen anyway. I would do this every day, also when
production is late.

2. Over-reliance: What does a machine that is mostly right do to the judgement of the people beside it?

It makes them sleepy. I know this from my navigation system: I follow it even into a closed street. An
inspector who sees a red number will find a reason for red. An inspector who sees green will not search.
Because of this the number must come after the verdict. Also, people must be allowed to say no to the machine,
and nobody may be punished when the no was wrong. If a whole month passes without one disagreement, the boss
should worry.

3. Jobs: What becomes of the 28 inspectors and of their work?

They will not look at every wafer any more. Some of them will fear for their salary, and they are right to
fear. The company saves money with the machine, so a part of this money belongs to them. I would promise that
no one is dismissed in the first three years. I would pay for courses, and I would ask them which ones. Older
colleagues who do not want a course can do the audits, because they have the best eyes.

4. Unequal errors: Which wafers, tools or plants does it judge worse than others, and who would notice?

It is worse on everything that it did not see in training. A new camera, a new product, a different lamp: for
the model this is all strange, so good wafers get an alarm. Then the people of this tool have more work than
the others. Some kinds of defects look almost like normal ones, and these it misses most. Nobody would notice
from one average. We must print the rates for each tool and each kind. One person with a name must read the
list every week and must have the right to stop the model.
"""
