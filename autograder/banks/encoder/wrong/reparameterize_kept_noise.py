"""Draws once and keeps the noise for later calls.

fails: new-draw
"""


class ConvVAE(nn.Module):
    logvar_range = (-10.0, 4.0)

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.encoder = ConvEncoder(latent_dim, image_size)
        self.decoder = ConvDecoder(latent_dim, image_size)

    def reparameterize(self, mu, logvar):
        if not hasattr(self, "eps") or self.eps.shape != mu.shape:
            self.eps = torch.randn_like(mu)
        return mu + torch.exp(0.5 * logvar) * self.eps

    def forward(self, x):
        mu, logvar = self.encoder(x)
        logvar = logvar.clamp(*self.logvar_range)
        z = self.reparameterize(mu, logvar)
        return self.decoder(z), mu, logvar
