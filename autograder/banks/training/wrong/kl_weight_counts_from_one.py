"""Counts epochs from 1.

fails: start, ramp
"""


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs == 0:
        return 1.0
    return min(1.0, (epoch + 1) / kl_anneal_epochs)
