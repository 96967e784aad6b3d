"""Returns random numbers of the right shape.

fails: train-mode, eval-mode, other-size, batch-of-one, function, gradients
"""


class ConvEncoder(nn.Module):
    def __init__(self, latent_dim: int = 64, image_size: int = 128) -> None:
        super().__init__()
        flat_dim = flattened_size(image_size)
        self.conv1 = nn.Conv2d(1, 32, kernel_size=4, stride=2, padding=1)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=4, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 128, kernel_size=4, stride=2, padding=1)
        self.bn3 = nn.BatchNorm2d(128)
        self.conv4 = nn.Conv2d(128, 256, kernel_size=4, stride=2, padding=1)
        self.bn4 = nn.BatchNorm2d(256)
        self.act = nn.LeakyReLU(0.2)
        self.fc_mu = nn.Linear(flat_dim, latent_dim)
        self.fc_logvar = nn.Linear(flat_dim, latent_dim)

    def forward(self, x):
        shape = (len(x), self.fc_mu.out_features)
        return torch.randn(shape), torch.randn(shape)
