"""Returns a flat vector.

fails: shape
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1).flatten()
