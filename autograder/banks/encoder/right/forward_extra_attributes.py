"""In-place activations, memory format, and attributes that nobody asked for."""


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
        self.slope = 0.2
        self.mean_head = self.fc_mu  # an alias
        self.unused = nn.Linear(3, 3)

    def forward(self, x):
        h = x.contiguous(memory_format=torch.channels_last)
        h = F.leaky_relu(self.bn1(self.conv1(h)), negative_slope=self.slope, inplace=True)
        h = F.leaky_relu(self.bn2(self.conv2(h)), negative_slope=self.slope, inplace=True)
        h = F.leaky_relu(self.bn3(self.conv3(h)), negative_slope=self.slope, inplace=True)
        h = F.leaky_relu(self.bn4(self.conv4(h)), negative_slope=self.slope, inplace=True)
        self.last_shape = tuple(h.shape)
        flat = h.reshape(h.shape[0], -1)
        return self.mean_head(flat), self.fc_logvar(flat)
