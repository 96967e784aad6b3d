"""Changes the given image.

fails: unchanged
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        image += self.sigma * torch.randn_like(image)
        return image.clamp_(0, 1)
