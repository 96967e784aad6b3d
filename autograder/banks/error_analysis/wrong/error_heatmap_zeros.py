"""Returns maps of zeros.

fails: values, channels, batch-of-one, masks, shape, unchanged
"""


def error_heatmap(x, x_recon):
    return torch.zeros(x.shape[0], *x.shape[2:])
