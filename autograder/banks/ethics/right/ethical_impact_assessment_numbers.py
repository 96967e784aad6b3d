"""A memo full of figures, with numbered points and calculations."""


def ethical_impact_assessment():
    return """\
To: the steering group. Subject: what the detector does to people, in figures.

(1) Missed defects. Suppose 10,000 wafers a day and 1 % faulty. At a true positive rate of 60 % we pass 40
faulty wafers a day, 440 during the 11 days until somebody finds out. If one chip in 100,000 from such wafers
hurts a person, and a wafer holds 600 chips, this is 440 * 600 / 100,000 = 2.6 injured people for each
episode. My figures are guesses, but the order of magnitude tells us who carries the danger: neither we nor
our customer, but the end user. We should fix an acceptable number with the customer beforehand and estimate
the actual one from 200 audited wafers a day.

(2) Over-reliance. With 5 % false alarms the queue holds 9,900 * 0.05 + 60 = 555 pictures, of which 495 are
harmless: 89 in 100 alarms are wrong. People who reject nothing for hours will wave everything through,
including the 60. The opposite mistake happens on the PASS side, where nobody doubts the machine. I propose
that each inspector gives a verdict before the score is shown, that 5 % of pictures go to two independent
people, and that we compute kappa weekly. If kappa climbs above 0.95, I would call that suspicious rather than
good.

(3) Jobs. 555 pictures at one minute each are 9.25 hours, hence work for two people and not for 28. It would
be dishonest to speak of support when 26 positions are at stake. The annual cost of late defects is $109M;
setting aside 1 % of that gives $1.09M a year, or about $39,000 for every inspector, enough for wages during a
year of retraining. That sum should be in the business case from the first day, and the workforce should hear
it from us.

(4) Unequal errors. In our experiment the share of normal wafers reported rose several times over when we only
made the lamp 5 % brighter. A second plant with other cameras would thus see its good wafers scrapped, and its
crew blamed. Misses are not equal either: some classes go undetected 3 times as often as the average. I want a
table with one row for each class, tool and plant, at least 100 wafers a row, and a rule: no release while any
row is more than twice the mean.

I recommend a pilot on one tool for 90 days, with these four numbers reported every Monday.
"""
