"""Keeps the channel dimension.

fails: shape, values, channels, batch-of-one
"""


def error_heatmap(x, x_recon):
    return (x - x_recon).pow(2).mean(dim=1, keepdim=True)
