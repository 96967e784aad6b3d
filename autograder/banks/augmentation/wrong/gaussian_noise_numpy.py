"""Returns a NumPy array.

fails: shape
"""

import numpy as np


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noisy = image.numpy() + np.random.normal(0, self.sigma, image.shape)
        return noisy.clip(0, 1)
