"""Forgets to stop at 1.

fails: cap
"""


def kl_weight(epoch, kl_anneal_epochs):
    return epoch / kl_anneal_epochs if kl_anneal_epochs else 1.0
