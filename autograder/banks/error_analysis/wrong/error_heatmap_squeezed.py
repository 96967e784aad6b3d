"""Drops every dimension of size one.

fails: batch-of-one, channels, shape
"""


def error_heatmap(x, x_recon):
    return (x - x_recon).pow(2).squeeze()
