"""Takes the standard deviation for the variance.

fails: by-hand, values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu.pow(2) - torch.exp(0.5 * logvar)).sum(dim=1).mean()
