"""Falls instead of rising.

fails: start, ramp, cap
"""


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs == 0:
        return 1.0
    return max(0.0, 1 - epoch / kl_anneal_epochs)
