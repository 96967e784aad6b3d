"""Draws once and keeps the noise.

fails: new-draw
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma
        self.noise = None

    def __call__(self, image):
        if self.noise is None or self.noise.shape != image.shape:
            self.noise = self.sigma * torch.randn_like(image)
        return (image + self.noise).clamp(0, 1)
