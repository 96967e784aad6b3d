"""Multiplies out the square, in double precision, and clamps what rounding leaves."""


def error_heatmap(x, x_recon):
    x, x_recon = x.double(), x_recon.double()
    squares = x * x - 2 * x * x_recon + x_recon * x_recon
    return squares.clamp(min=0).sum(dim=1).div(x.size(1)).float()
