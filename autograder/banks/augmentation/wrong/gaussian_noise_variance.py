"""Takes sigma for the variance.

fails: spread
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image + self.sigma**0.5 * torch.randn_like(image)).clamp(0, 1)
