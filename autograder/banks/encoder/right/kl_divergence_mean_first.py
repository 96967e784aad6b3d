"""Mean over the batch first, and a result of shape (1,)."""


def kl_divergence(mu, logvar):
    var = logvar.exp()
    per_dimension = (mu * mu + var - 1 - logvar).mean(0) / 2
    return per_dimension.sum(dim=0, keepdim=True)
