"""Takes the absolute difference.

fails: values, channels, batch-of-one
"""


def error_heatmap(x, x_recon):
    return (x - x_recon).abs().mean(dim=1)
