"""Another default than 0.02.

fails: spread
"""


class GaussianNoise:
    def __init__(self, sigma=0.2):
        self.sigma = sigma

    def __call__(self, image):
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1)
