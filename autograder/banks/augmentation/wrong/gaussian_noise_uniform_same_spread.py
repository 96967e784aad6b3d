"""Adds uniform noise of the right spread.

fails: normal
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noise = (2 * torch.rand_like(image) - 1) * 3**0.5
        return (image + self.sigma * noise).clamp(0, 1)
