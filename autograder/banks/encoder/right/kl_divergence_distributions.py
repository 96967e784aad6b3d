"""torch.distributions."""


def kl_divergence(mu, logvar):
    from torch.distributions import Normal
    from torch.distributions import kl_divergence as divergence

    posterior = Normal(mu, torch.exp(logvar / 2))
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return divergence(posterior, prior).sum(dim=-1).mean()
