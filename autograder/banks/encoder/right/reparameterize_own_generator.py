"""A generator of its own, seeded once, and a helper method."""


class ConvVAE(nn.Module):
    logvar_range = (-10.0, 4.0)

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.encoder = ConvEncoder(latent_dim, image_size)
        self.decoder = ConvDecoder(latent_dim, image_size)
        self.generator = torch.Generator().manual_seed(7)

    def reparameterize(self, mu, logvar):
        noise = torch.randn(mu.shape, generator=self.generator, dtype=mu.dtype)
        return mu + self.spread(logvar) * noise

    @staticmethod
    def spread(logvar):
        return torch.exp(logvar) ** 0.5

    def forward(self, x):
        mu, logvar = self.encoder(x)
        logvar = logvar.clamp(*self.logvar_range)
        z = self.reparameterize(mu, logvar)
        return self.decoder(z), mu, logvar
