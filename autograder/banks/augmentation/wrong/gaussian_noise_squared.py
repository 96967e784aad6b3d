"""Scales the noise with sigma squared.

fails: spread
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image + self.sigma**2 * torch.randn_like(image)).clamp(0, 1)
