"""Folds negative values back instead of cutting them off.

fails: clamped
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noisy = image + self.sigma * torch.randn_like(image)
        return noisy.abs().clamp(max=1)
