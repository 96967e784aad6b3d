"""Divides whole numbers.

fails: ramp
"""


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs == 0:
        return 1.0
    return min(1, epoch // kl_anneal_epochs)
