"""Returns the noise without the image.

fails: mean
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (0.5 + self.sigma * torch.randn_like(image)).clamp(0, 1)
