"""Subtracts in place, which changes the images.

fails: unchanged
"""


def error_heatmap(x, x_recon):
    return x.sub_(x_recon).pow(2).mean(dim=1)
