"""Version 2 of the transforms, on tensors throughout."""

from torchvision.transforms import v2


def create_augmented_transform(img_size=128):
    return v2.Compose(
        [
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Resize((img_size, img_size), antialias=True),
            v2.RandomHorizontalFlip(0.5),
            v2.RandomVerticalFlip(0.5),
            v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
            GaussianNoise(sigma=0.02),
        ]
    )
