"""Telegraphic bullets with few full stops."""


def ethical_impact_assessment():
    return """\
ETHICAL IMPACT ASSESSMENT, wafer inspection

Missed defects
- Who is hit: customers and, in the end, strangers who sit in a car or lie in a hospital bed
- A false negative is invisible to us for 11 days or more, and to them until something fails
- We gain from fast inspection while they carry the risk; that is not a fair trade unless we say so
- Measure: open every fiftieth passed wafer, chosen at random, and report the miss rate with an interval
- Measure: for chips that go into medical devices, use a lower threshold and accept more reviews

Over-reliance
- A tool that is right most of the time teaches people that looking is a waste of time
- Typical signs: verdicts after two seconds, hardly any overruled decisions, the same words in every report
- Then two checks exist on paper and only one in fact, and the 78 % agreement rises for the wrong reason
- Measure: the score is hidden until the verdict has been entered
- Measure: planted defects, ten a week, known to nobody on the shift; results are discussed, not punished
- Stop rule: if fewer than 80 % of the planted ones are found, all images go to two people again

Jobs
- 28 inspectors lose the task that they were hired for
- What is left is harder than before, because the easy pictures are gone, and it can be watched by the second
- Measure: no redundancies for two years, agreed with the union and not only announced
- Measure: eight days of training a year for everyone, on full pay
- Measure: times per picture are not used to rate a person
- They know faults that no data set holds, so two of them sit in the team which approves a new model

Unequal errors - The model knows the normal wafers of one plant and one camera - A new lamp or an older tool
makes normal wafers look strange, and that line drowns in false alarms - Some defect classes are missed far
more often than others; one AUROC over all of them does not show it - Who notices: nobody, unless rates are
listed by class, by tool and by plant - Measure: no roll-out to another plant before 500 of its own normal
wafers were scored and the threshold was set there - Measure: a named engineer owns that table and can take
the model offline

Open question
- Each of these costs hours; somebody has to decide who pays for them, and it should not be the inspectors
"""
