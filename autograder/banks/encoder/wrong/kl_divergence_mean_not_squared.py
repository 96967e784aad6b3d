"""Forgets to square the mean.

fails: values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu - logvar.exp()).sum(dim=1).mean()
