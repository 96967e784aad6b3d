"""Looks at the first channel only.

fails: channels
"""


def error_heatmap(x, x_recon):
    return (x[:, 0] - x_recon[:, 0]).pow(2)
