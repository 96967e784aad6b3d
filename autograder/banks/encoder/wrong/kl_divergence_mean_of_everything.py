"""Averages over the latent dimensions, too.

fails: values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
