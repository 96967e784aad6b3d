"""Averages over everything.

fails: shape, values, channels, batch-of-one, masks, unchanged
"""


def error_heatmap(x, x_recon):
    return (x - x_recon).pow(2).mean()
