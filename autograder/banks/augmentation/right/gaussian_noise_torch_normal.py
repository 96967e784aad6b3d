"""torch.normal, then minimum and maximum."""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma

    def __call__(self, image):
        noise = torch.normal(0.0, self.sigma, size=image.shape)
        noisy = image + noise
        return torch.minimum(torch.maximum(noisy, torch.zeros(())), torch.ones(()))
