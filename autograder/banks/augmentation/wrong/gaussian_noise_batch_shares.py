"""Draws the noise of one image and adds it to every image of a batch.

fails: independent
"""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noise = torch.randn(image.shape[-3:])
        return (image + self.sigma * noise).clamp(0, 1)
