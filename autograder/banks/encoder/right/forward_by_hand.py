"""Convolution and normalisation as functions, the activation as a maximum, another clamp."""


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

    def block(self, x, conv, bn):
        x = F.conv2d(x, conv.weight, conv.bias, stride=2, padding=1)
        x = F.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias, training=self.training)
        return torch.maximum(x, 0.2 * x)

    def forward(self, x):
        for number in range(1, 5):
            x = self.block(x, getattr(self, f"conv{number}"), getattr(self, f"bn{number}"))
        rows = torch.stack([image.ravel() for image in x])
        return F.linear(rows, self.fc_mu.weight, self.fc_mu.bias), self.fc_logvar(rows).clamp(-30, 20)
