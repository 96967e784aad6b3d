"""An nn.Module with a buffer."""

from torch import nn


class GaussianNoise(nn.Module):
    def __init__(self, sigma: float = 0.02) -> None:
        super().__init__()
        self.register_buffer("sigma", torch.tensor(float(sigma)))

    def forward(self, image):
        with torch.no_grad():
            return torch.clip(image + torch.randn(image.shape) * self.sigma, 0.0, 1.0)
