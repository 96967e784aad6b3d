"""Does not anneal.

fails: start, ramp
"""


def kl_weight(epoch, kl_anneal_epochs):
    return 1.0
