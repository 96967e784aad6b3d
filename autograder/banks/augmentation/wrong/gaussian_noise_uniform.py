"""Adds uniform noise between -sigma and sigma.

fails: spread, normal
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noise = 2 * torch.rand_like(image) - 1
        return (image + self.sigma * noise).clamp(0, 1)
