"""Halves the log-variance in place.

fails: gradients, shapes
"""


class ConvVAE(nn.Module):
    logvar_range = (-10.0, 4.0)

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.encoder = ConvEncoder(latent_dim, image_size)
        self.decoder = ConvDecoder(latent_dim, image_size)

    def reparameterize(self, mu, logvar):
        std = logvar.mul_(0.5).exp_()
        return mu + std * torch.randn_like(std)

    def forward(self, x):
        mu, logvar = self.encoder(x)
        logvar = logvar.clamp(*self.logvar_range)
        z = self.reparameterize(mu, logvar)
        return self.decoder(z), mu, logvar
