"""NumPy's generator, prints and a warning."""

import warnings

import numpy as np


class GaussianNoise:
    def __init__(self, sigma=0.02):
        print("sigma is", sigma)
        self.generator = np.random.default_rng()
        self.sigma = np.float64(sigma)

    def __call__(self, image):
        warnings.warn("noisy", stacklevel=2)
        noise = self.generator.normal(scale=self.sigma, size=tuple(image.shape))
        return torch.from_numpy(np.clip(image.numpy() + noise, 0, 1)).float()
