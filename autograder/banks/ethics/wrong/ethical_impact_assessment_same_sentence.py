"""Says one sentence over and over, with another number each time.

fails: prose, misses, reliance, jobs, errors
most: 0
"""


def ethical_impact_assessment():
    sentence = (
        "In case number {} a missed defect harms a customer, people rely on the machine without a doubt, inspectors "
        "lose their jobs and their pay, and false alarms are unequal between plants and classes."
    )
    return " ".join(sentence.format(number) for number in range(1, 13))
