"""British spelling, plain prose without headings or lists, and the themes woven together."""


def ethical_impact_assessment():
    return """\
When we let a machine sort wafers, we move responsibility from people whom we can ask to a number that cannot
explain itself. The first consequence falls on those outside the factory. A defective chip that we ship does
its damage in a hospital pump or under the bonnet of a lorry, months after the decision, and the patient or
the driver has no means of tracing it back to a threshold that somebody at NovaSilicon picked. We owe them an
honest estimate of how much slips past us, which we can only obtain by inspecting some of the wafers that were
passed, chosen by lot.

The second consequence concerns the people who stay in the room. It is natural to trust a colleague who is
nearly always right, and just as natural to stop looking. I should expect our inspectors to defer to the score
within weeks, unless they have to write down their own judgement before they may see it. I would measure how
often they overrule the machine; if that figure sinks towards nought, then the human check has become a
formality, however sincere everyone is about it.

Nor should we pretend that the work remains the same. Twenty-eight inspectors chose a skilled profession, and
what we now offer them is a queue of doubtful pictures, all of them difficult, for eight hours a day. That is
tiring, and it may be worse paid if the job is regraded. The works council ought to be consulted before the
pilot rather than afterwards, nobody should be dismissed as a result of it, and those who wish to move into
process engineering should be given the courses and the hours to do so.

Finally, the burden of error is not spread evenly. The model learnt from one set of cameras at one plant. Any
fab whose wafers look slightly different will be told that its normal product is defective, and its staff will
be blamed for false alarms that are none of their doing. Some kinds of defect, equally, are found far less
often than the average suggests. Reporting the error rates for each plant and each kind separately, and
recalibrating before a new site joins, would at least make the unfairness visible. Somebody by name must be
answerable for acting upon it.
"""
