"""Forgets to square.

fails: values, channels, batch-of-one, masks, shape, unchanged
"""


def error_heatmap(x, x_recon):
    return (x - x_recon).mean(dim=1)
