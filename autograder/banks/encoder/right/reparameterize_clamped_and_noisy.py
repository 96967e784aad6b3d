"""Clamps the log-variance, prints and warns."""

import warnings


class ConvVAE(nn.Module):
    logvar_range = (-10.0, 4.0)

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.encoder = ConvEncoder(latent_dim, image_size)
        self.decoder = ConvDecoder(latent_dim, image_size)

    def reparameterize(self, mu, logvar):
        print(f"drawing {tuple(mu.shape)}")
        warnings.warn("sampling", stacklevel=1)
        logvar = torch.clamp(logvar, -10, 4)
        eps = torch.normal(torch.zeros_like(mu), torch.ones_like(mu))
        return mu + eps * logvar.mul(0.5).exp_()

    def forward(self, x):
        mu, logvar = self.encoder(x)
        logvar = logvar.clamp(*self.logvar_range)
        z = self.reparameterize(mu, logvar)
        return self.decoder(z), mu, logvar
