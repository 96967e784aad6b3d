"""Takes the sum over the batch and the mean over the latent dimensions.

fails: values, batch-of-one, range, gradients
"""


def kl_divergence(mu, logvar):
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=0).mean()
