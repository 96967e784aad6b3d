"""Version 2 of the transforms, on PIL images, with its own noise."""

from torchvision.transforms import v2


def create_augmented_transform(img_size=128):
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomRotation(degrees=(-15, 15), fill=128),
            v2.Resize(size=[img_size, img_size]),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.GaussianNoise(sigma=0.02),
        ]
    )
