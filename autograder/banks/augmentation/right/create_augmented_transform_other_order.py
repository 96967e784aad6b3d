"""Flips and rotation first, the size last, bilinear."""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.RandomVerticalFlip(),
            transforms.RandomRotation(15, interpolation=transforms.InterpolationMode.BILINEAR),
            transforms.RandomHorizontalFlip(),
            transforms.Resize(img_size),
            transforms.ToTensor(),
            GaussianNoise(),
        ]
    )
