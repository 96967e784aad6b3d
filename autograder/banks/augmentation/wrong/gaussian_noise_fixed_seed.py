"""Sets the seed at every call.

fails: new-draw
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        torch.manual_seed(42)
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1)
