"""Reference answers of 04-encoder: The encoder, the reparameterisation and the KL divergence.

Exported from source/04-encoder/encoder.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def flattened_size(image_size: int) -> int:
    """How many numbers four stride-2 convolutions leave of a square image: `256 * (image_size // 16) ** 2`.

    Args:
        image_size: side of the image in pixels, a multiple of 16.

    Returns:
        Length of the flattened feature map.

    Raises:
        ValueError: `image_size` is not a positive multiple of 16.

    >>> flattened_size(128)
    16384
    """
    if image_size < 16 or image_size % 16:
        raise ValueError(f"image_size must be a positive multiple of 16, found {image_size}")
    return 256 * (image_size // 16) ** 2


class ConvEncoder(nn.Module):
    """Maps images to the mean and the log-variance of a Gaussian over latent codes.

    Shapes at the right edge are those at 128 px, with 64 latent dimensions.

    Args:
        latent_dim: length of a latent code.
        image_size: side of the square input images in pixels, a multiple of 16.

    Attributes:
        latent_dim: as given.
        flat_dim: length of the flattened feature map.

    Raises:
        ValueError: `image_size` is not a positive multiple of 16.
    """

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.flat_dim = flattened_size(image_size)
        self.conv1 = nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1)  # 128x128 => 64x64
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1)  # 64x64 => 32x32
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1)  # 32x32 => 16x16
        self.bn3 = nn.BatchNorm2d(128)
        self.conv4 = nn.Conv2d(128, 256, kernel_size=4, stride=2, padding=1)  # 16x16 => 8x8
        self.bn4 = nn.BatchNorm2d(256)
        self.act = nn.LeakyReLU(0.2)
        self.fc_mu = nn.Linear(self.flat_dim, latent_dim)  # 16384 => 64
        self.fc_logvar = nn.Linear(self.flat_dim, latent_dim)  # 16384 => 64

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Encode a batch of images.

        Args:
            x: images, shape `(B, 1, image_size, image_size)`, values in [0, 1].

        Returns:
            `(mu, logvar)`, each of shape `(B, latent_dim)`; the spread of the code is `exp(logvar / 2)`.

        Steps:
            1. Four times: convolution, then its batch normalisation, then the activation `self.act`.
            2. Flatten every feature map to one row per image.
            3. Two linear layers read the same row: `self.fc_mu` and `self.fc_logvar`.

        Hints:
            - The order within a block is convolution, normalisation, activation.
            - `h.flatten(start_dim=1)` keeps the batch dimension, also when the batch holds a single image.
            - No activation after `fc_mu` and `fc_logvar`: both may be negative.
        """
        h = self.act(self.bn1(self.conv1(x)))  # (B, 1, 128, 128) => (B, 32, 64, 64)
        h = self.act(self.bn2(self.conv2(h)))  # => (B, 64, 32, 32)
        h = self.act(self.bn3(self.conv3(h)))  # => (B, 128, 16, 16)
        h = self.act(self.bn4(self.conv4(h)))  # => (B, 256, 8, 8)
        h = h.flatten(start_dim=1)  # => (B, 16384)
        return self.fc_mu(h), self.fc_logvar(h)  # => (B, 64) each


class ConvDecoder(nn.Module):
    """Maps latent codes back to images: the encoder's mirror.

    Args:
        latent_dim: length of a latent code.
        image_size: side of the square images in pixels, a multiple of 16.

    Attributes:
        latent_dim: as given.
        flat_dim: length of the flattened feature map.

    Raises:
        ValueError: `image_size` is not a positive multiple of 16.
    """

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.flat_dim = flattened_size(image_size)
        self.side = image_size // 16
        self.fc = nn.Linear(latent_dim, self.flat_dim)  # 64 => 16384
        self.deconv1 = nn.ConvTranspose2d(256, 128, kernel_size=4, stride=2, padding=1)  # 8x8 => 16x16
        self.bn1 = nn.BatchNorm2d(128)
        self.deconv2 = nn.ConvTranspose2d(128, 64, kernel_size=4, stride=2, padding=1)  # 16x16 => 32x32
        self.bn2 = nn.BatchNorm2d(64)
        self.deconv3 = nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1)  # 32x32 => 64x64
        self.bn3 = nn.BatchNorm2d(32)
        self.deconv4 = nn.ConvTranspose2d(32, 1, kernel_size=4, stride=2, padding=1)  # 64x64 => 128x128
        self.act = nn.LeakyReLU(0.2)

    def forward(self, z: Tensor) -> Tensor:
        """Decode a batch of latent codes.

        Args:
            z: latent codes, shape `(B, latent_dim)`.

        Returns:
            Images, shape `(B, 1, image_size, image_size)`, values in (0, 1) because of the final sigmoid.
        """
        h = self.fc(z).unflatten(1, (256, self.side, self.side))  # (B, 64) => (B, 256, 8, 8)
        h = self.act(self.bn1(self.deconv1(h)))  # => (B, 128, 16, 16)
        h = self.act(self.bn2(self.deconv2(h)))  # => (B, 64, 32, 32)
        h = self.act(self.bn3(self.deconv3(h)))  # => (B, 32, 64, 64)
        return torch.sigmoid(self.deconv4(h))  # => (B, 1, 128, 128)


class ConvVAE(nn.Module):
    """Convolutional variational autoencoder (Kingma and Welling, 2014).

    Args:
        latent_dim: length of a latent code.
        image_size: side of the square images in pixels, a multiple of 16.

    Attributes:
        latent_dim: as given.
        flat_dim: length of the flattened feature map.
        logvar_range: `forward` clamps the log-variance to this range; the notebook tells why.
    """

    logvar_range = (-10.0, 4.0)

    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        self.encoder = ConvEncoder(latent_dim, image_size)
        self.decoder = ConvDecoder(latent_dim, image_size)
        self.latent_dim = latent_dim
        self.flat_dim = self.encoder.flat_dim

    def reparameterize(self, mu: Tensor, logvar: Tensor) -> Tensor:
        """Draw a latent code from N(mu, exp(logvar)) such that gradients reach `mu` and `logvar`.

        Args:
            mu: means, any shape, usually `(B, latent_dim)`.
            logvar: log-variances, the same shape.

        Returns:
            `z`, the same shape: one new, independent draw per element.

        Steps:
            1. The standard deviation is `exp(logvar / 2)`.
            2. Draw standard normal noise of the same shape, type and device.
            3. Shift and scale the noise.

        Hints:
            - `torch.randn_like` gives noise for every element separately.
            - `logvar` is the logarithm of the *variance*; the noise is scaled by the *standard deviation*.
        """
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + std * eps

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw one code per image, decode.

        Args:
            x: images, shape `(B, 1, image_size, image_size)`, values in [0, 1].

        Returns:
            `(x_recon, mu, logvar)`: `x_recon` has the shape of `x`; `mu` and the clamped `logvar` have the
            shape `(B, latent_dim)`.
        """
        mu, logvar = self.encoder(x)
        logvar = logvar.clamp(*self.logvar_range)
        z = self.reparameterize(mu, logvar)
        return self.decoder(z), mu, logvar


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL divergence of N(mu, exp(logvar)) from the prior N(0, I), in nats per image.

    It is SUMMED over the latent dimensions and AVERAGED over the batch.

    Args:
        mu: means, shape `(B, latent_dim)`.
        logvar: log-variances, shape `(B, latent_dim)`.

    Returns:
        A scalar tensor, at least 0.

    Steps:
        1. Per element: `-0.5 * (1 + logvar - mu**2 - exp(logvar))`.
        2. Sum over the latent dimensions: one number per image.
        3. Mean over the batch: one number.

    Hints:
        - `.mean()` over everything would divide by `latent_dim`, too.

    >>> kl_divergence(torch.ones(8, 1), torch.zeros(8, 1))
    tensor(0.5000)
    """
    per_element = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp())
    return per_element.sum(dim=1).mean()


def vae_loss(
    x_recon: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0
) -> tuple[Tensor, Tensor, Tensor]:
    """The negative ELBO of a decoder with Bernoulli pixels, with weight `beta` on its KL term, in nats per image.

    Args:
        x_recon: reconstructions, shape `(B, 1, S, S)`, values in [0, 1].
        x: images, the same shape, values in [0, 1].
        mu: means, shape `(B, latent_dim)`.
        logvar: log-variances, shape `(B, latent_dim)`.
        beta: weight of the KL term; 1 is the ELBO itself.

    Returns:
        `(total_loss, recon_loss, kl_loss)`: scalar tensors with `total_loss = recon_loss + beta * kl_loss`.
        `recon_loss` is the binary cross-entropy, summed over pixels; `kl_loss` is summed over latent dimensions; both
        are divided by the batch size.

    >>> x, zeros = torch.ones(8, 1, 4, 4), torch.zeros(8, 2)
    >>> vae_loss(torch.full_like(x, 0.5), x, zeros, zeros)[1]  # 16 pixels of ln 2 each
    tensor(11.0904)
    """
    recon_loss = F.binary_cross_entropy(x_recon, x, reduction="sum") / len(x)
    kl_loss = kl_divergence(mu, logvar)
    return recon_loss + beta * kl_loss, recon_loss, kl_loss
