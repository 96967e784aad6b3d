"""Uses 0.02 whatever sigma is.

fails: spread
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        return (image + 0.02 * torch.randn_like(image)).clamp(0, 1)
