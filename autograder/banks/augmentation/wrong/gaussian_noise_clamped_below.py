"""Cuts off below 0 only.

fails: clamped
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return torch.relu(image + self.sigma * torch.randn_like(image))
