"""Says everything at once, in more than 500 words.

fails: length
most: 2.5
least: 2.5
"""


def ethical_impact_assessment():
    misses = """\
A wafer that is wrongly passed becomes thousands of chips, and some of these will sit in brakes, in pacemakers
and in the controls of aircraft. The people who depend on them have no say in where NovaSilicon puts its
limit. When such a chip fails in use, a driver or a patient may be injured, and the company that bought it
faces a recall. The fault itself was made eleven days before anybody could have known. I would draw a random
sample of what was passed and have it examined completely, because there is no other way to learn how many
faults escape. The result should be shown to customers, who can then decide for which products the remaining
danger is acceptable. Where safety is at stake, the limit should be lower, although this means more pictures
to review.
"""
    reliance = """\
A system that is usually right changes the person in front of it. At first one compares every score with what
one sees. After a month one sees what the score suggests. Psychologists call this automation bias, and it does
not go away when people are told about it. The remedy has to be built into the screen: first the human
verdict, then the score. A second remedy is to slip in pictures whose truth is known, in order to find out
whether anybody is still looking. Those who overrule the system need protection as well, since a person who
must justify every disagreement will soon stop disagreeing. If the share of overruled decisions falls towards
zero, the second look has turned into a rubber stamp.
"""
    jobs = """\
Twenty-eight inspectors earn their living with these pictures. If the system sorts out nine of ten, there is
work left for three of them, and it would be dishonest to call that support. The employer decides whether the
savings go to the owners alone. I would agree with the union on a period without layoffs, offer every employee
a paid course, and reserve the positions in maintenance and auditing for those who lose their task. The work
that remains will be harder, as all the easy cases are gone; so there should be breaks, and nobody's speed
should be used to grade them. Their expertise has made the labels, and they deserve credit and a share in the
gains.
"""
    errors = """\
The model was trained on one plant's cameras. In our experiment a lamp that was a little brighter made the
rate of false alarms several times as large. Another plant would therefore see its normal wafers rejected, and
its figures would look worse for no fault of its own. Errors are not spread evenly over kinds of defects
either: some classes are found almost always, others hardly ever, and an average hides that. I would publish
rates by class, by tool and by plant, with intervals, since some groups are small. A new plant should set its
own threshold on its own normal wafers. An update may go live only if the worst group has not become worse.
"""
    owner = """\
All of this has to be written down and has to have an owner. Every decision should be kept with the picture,
the version and the reason, so that it can be looked up years afterwards. Once a quarter a small committee
should go through a few of them and ask whether we would decide the same way again.
"""
    return "\n".join([misses, reliance, jobs, errors, owner])
