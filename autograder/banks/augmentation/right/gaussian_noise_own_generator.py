"""A generator of its own, seeded once; double precision inside."""


class GaussianNoise:
    def __init__(self, sigma=0.02):
        self.sigma = sigma
        self.generator = torch.Generator().manual_seed(3)

    def __call__(self, image):
        noise = torch.randn(image.shape, generator=self.generator, dtype=torch.float64)
        return torch.clamp(image.double() + self.sigma * noise, min=0, max=1).to(image.dtype)
