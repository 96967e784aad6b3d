"""Noise that grows with the grey level.

fails: spread, clamped
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image * (1 + self.sigma * torch.randn_like(image))).clamp(0, 1)
