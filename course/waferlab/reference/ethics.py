"""Reference answers of 09-ethics: Ethics: whom the detector helps, and whom it can harm.

Exported from source/09-ethics/ethics.ipynb by `course export`. Do not edit: change the notebook and export again.
"""


def ethical_impact_assessment() -> str:
    """An assessment of NovaSilicon's inspection system: what it does to people, and what should be done about it.

    Returns:
        The text, 300 to 500 words, which treats missed defects, over-reliance, jobs and unequal errors.

    Steps:
        1. For each theme, say who is affected, and by what mechanism.
        2. Use a number where there is one: from the case study, the experiments above, or earlier notebooks.
        3. Propose a measure, and say how one would notice that it does not work.

    Hints:
        - Three quotation marks at each end make a text of several lines.
        - The heading of a theme alone does not treat it.
    """
    return """
    Missed defects. A fault that we pass leaves the plant as a few hundred chips. The buyer notices late, and the
    person who is hurt when a brake controller or an infusion pump fails never notices us at all. NovaSilicon bears
    the cost of scrap; strangers bear the danger. Our threshold is therefore a decision about other people's safety,
    and it should be signed by somebody with a name. Because passed wafers are not looked at, we do not know our
    miss rate. I would review 2 % of them, drawn at random, and lower the threshold if the upper end of the interval
    exceeds what the customer was promised.

    Over-reliance. With 1 % faulty wafers, nine alarms in ten are false, and nearly everything that is passed is
    good. Both teach an inspector that agreeing with the machine is safe and doubting it is wasted effort. Then the
    second pair of eyes exists on paper only. The score stays hidden until the verdict is entered, and twenty wafers
    with known faults a week are mixed into the queue. If fewer than nine in ten of these are caught, we shorten
    shifts before we blame people.

    Jobs. The system is paid for by inspection hours, so it would be dishonest to promise that nothing changes for
    the 28 inspectors. Their eyes made the labels by which we judge the model. They should hear of the plan before
    the pilot, through their union, keep their pay for two years, and be trained for audits and for process work
    during working hours. What is left for those who stay is the hard tenth of the pictures. Time per picture must
    not be used to rate them, or they will click through. Whether this works shows in how many of them are still
    here, by choice, in a year.

    Unequal errors. The detector knows one plant. In our experiment noise of one per cent more, which nobody can
    see, raised false alarms on good wafers from 5 % to about 90 %. A second plant would drown in reviews and be
    called the worse one. Kinds of faults are not treated equally either, and an AUROC over all of them hides it.
    Rates are to be reported by plant, tool and kind of fault, each with its interval; a plant joins only with a
    threshold from its own good wafers; and an update that makes the worst kind worse is not released.

    The system is worth building: eleven days of undetected faults harm people as well. But each of these measures
    costs money every week, and each is the first thing to be cut when nothing has gone wrong for a while. So they
    need an owner outside production who can stop the line.
    """
