"""A fluent essay about something else: the environmental cost of training large models.

fails: misses, reliance, jobs, errors
most: 1
least: 1
"""


def ethical_impact_assessment():
    return """\
Training a neural network takes electricity, and electricity comes from somewhere. A model of four million
numbers needs little of it compared with the language models in the news, but a company that retrains every
week, on every line and for every step, will add up a bill that somebody ought to look at. The first thing to
do is to measure it. A meter at the rack costs less than a day of computing, and it gives a number that can be
put beside the number of wafers.

Water is the second point. The machines have to be cooled, and in a dry summer the river behind the building
cannot give much. It would be a strange success if the software saved silicon and emptied the river. Cooling
with air is possible in winter. In summer the computing could be moved into the night, since nothing about an
experiment is urgent.

The third point is the hardware. A graphics card is used for four years and then thrown away, although it
would do for small models for ten. The metals in it were dug out of the ground in countries that we never
visit. We could buy used cards, keep ours as long as they run, and send them back to the maker at the end.
None of that is difficult. It only has to be somebody's task.

There is a benefit to be set against this. Each wafer that need not be scrapped saves far more energy than the
model will ever use, because making a wafer takes weeks and a great deal of heat. If the software finds a
fault in the process one day sooner, the saving is that day's production. Written down side by side, the sum
is likely to come out in favour of the software. That is no reason to be wasteful with it.

I would therefore report two numbers every month: the energy that went into computing, and the energy that
went into wafers which had to be thrown away. If the first one grows and the second one does not shrink, we
should stop and think about why we do this at all. A graph of the two belongs in the annual report, next to
the money.
"""
