"""American spelling, a Markdown heading for each theme, paragraphs."""


def ethical_impact_assessment():
    return """\
# Assessment of the inspection system

## Missed defects

The people who get hurt by our mistakes never see a wafer. A chip with a hairline scratch may end up in a
braking controller, fail after two winters, and injure a driver who has no idea that NovaSilicon exists. The
bill arrives later and elsewhere: the car maker pays for the recall, the driver pays with her health. Since
the model only reports what differs from normal wafers, a fault that is put together from normal variations
goes through. I would therefore pull a random two percent of passed wafers for a full inspection, and publish
the estimated miss rate every week together with its interval.

## Over-reliance

If the screen is right 95 times out of 100, looking closely stops paying off. After some months people will
confirm whatever it says, and the plant believes it has two safeguards when it has one. The score should stay
hidden until the inspector has entered a verdict. I would also mix known defects into the queue and tell
everybody that this is done. If detection of these planted cases drops, the rotation has to change.

## Jobs

Twenty-eight people look at pictures today. The machine will look at all of them, so the old task is gone, but
unclear images still need experienced eyes. Management should commit in writing to no layoffs for two years,
offer paid training for the reviewing role, and let the inspectors choose one of their own to sit on the group
that sets the thresholds. What must not happen is that their labels train the replacement and nobody tells
them.

## Unequal errors

A single AUROC is an average, and averages hide losers. In assignment 03 some classes were found nearly always
and others were missed most of the time. The same will happen with tools: a camera with a new lamp shows
darker pictures, and the model, trained on the old ones, will flood that shift with false alarms. Rates by
defect class and by tool belong on the dashboard, and no update may go live if the worst group gets worse.

## What remains

These measures cost money and inspection time. I consider that a fair price, because the alternative is that
strangers carry our risk.
"""
