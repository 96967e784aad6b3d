"""Plain functions, NumPy's and Python's generators, a class, prints."""

import random

import numpy as np
from torchvision.transforms import functional


class Augmentation:
    def __init__(self, size):
        print("pictures of", size, "pixels")
        self.size = size

    def __call__(self, picture):
        x = functional.to_tensor(functional.resize(picture, [self.size, self.size]))
        if np.random.rand() < 0.5:
            x = x.flip(-1)
        if np.random.rand() < 0.5:
            x = torch.flip(x, dims=[1])
        x = functional.rotate(x, random.uniform(-15, 15))
        return torch.clamp(x + torch.randn(1, self.size, self.size) * 0.02, 0, 1)


def create_augmented_transform(img_size: int = 128):
    return Augmentation(img_size)
