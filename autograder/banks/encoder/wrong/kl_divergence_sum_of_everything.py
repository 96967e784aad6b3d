"""Sums over the batch, too.

fails: values, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
