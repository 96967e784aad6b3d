"""Treats all four themes well, in 200 words.

fails: length, prose, reliance
most: 0
"""


def ethical_impact_assessment():
    return """\
A wafer that is wrongly passed becomes thousands of chips, and some of these will sit in brakes, in pacemakers
and in the controls of aircraft. The people who depend on them have no say in where NovaSilicon puts its
limit. When such a chip fails in use, a driver or a patient may be injured, and the company that bought it
faces a recall.

A system that is usually right changes the person in front of it. At first one compares every score with what
one sees. After a month one sees what the score suggests.

Twenty-eight inspectors earn their living with these pictures. If the system sorts out nine of ten, there is
work left for three of them, and it would be dishonest to call that support. The employer decides whether the
savings go to the owners alone.

The model was trained on one plant's cameras. In our experiment a lamp that was a little brighter made the
rate of false alarms several times as large. Another plant would therefore see its normal wafers rejected, and
its figures would look worse for no fault of its own.
"""
