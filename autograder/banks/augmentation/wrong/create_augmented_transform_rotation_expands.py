"""Expands the picture to hold the rotated one, then shrinks it.

fails: rotation, geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.RandomHorizontalFlip(),
            transforms.RandomVerticalFlip(),
            transforms.RandomRotation(15, expand=True),
            transforms.Resize((img_size, img_size)),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
