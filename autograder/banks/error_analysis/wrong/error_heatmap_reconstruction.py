"""Returns the brightness of the reconstruction.

fails: values, channels, batch-of-one, masks, shape, unchanged
"""


def error_heatmap(x, x_recon):
    return x_recon.mean(dim=1)
