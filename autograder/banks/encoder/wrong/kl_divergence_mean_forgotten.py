"""Compares the variances only.

fails: by-hand, values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - logvar.exp()).sum(dim=1).mean()
