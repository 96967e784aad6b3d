"""Noise on whole grey levels, before the conversion to floats."""

from torchvision.transforms import v2


def create_augmented_transform(img_size=128):
    return v2.Compose(
        [
            v2.ToImage(),
            v2.Resize((img_size, img_size)),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomRotation(15),
            v2.GaussianNoise(sigma=0.02),
            v2.ToDtype(torch.float32, scale=True),
            v2.ToPureTensor(),
        ]
    )
