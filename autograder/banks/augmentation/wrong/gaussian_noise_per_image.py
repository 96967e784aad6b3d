"""Draws one number for the whole image.

fails: independent
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image + self.sigma * torch.randn(1)).clamp(0, 1)
