"""Leaves the factor 1/2 out.

fails: by-hand, values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -(1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()
