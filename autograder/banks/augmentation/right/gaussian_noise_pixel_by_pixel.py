"""Python's generator, masks instead of clamp, a helper function."""

import random


def gauss(count, sigma):
    return torch.tensor([random.gauss(0, sigma) for _ in range(count)])


class GaussianNoise:
    def __init__(self, sigma: float = 0.02):
        self.sigma = sigma

    def __call__(self, image: Tensor) -> Tensor:
        result = image.clone()
        result += gauss(image.numel(), self.sigma).view_as(image)
        result[result < 0] = 0
        result[result > 1] = 1
        return result
