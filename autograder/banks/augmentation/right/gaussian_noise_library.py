"""torchvision's own noise."""

from torchvision.transforms import v2


class GaussianNoise(v2.GaussianNoise):
    def __init__(self, sigma=0.02):
        super().__init__(mean=0.0, sigma=sigma, clip=True)
