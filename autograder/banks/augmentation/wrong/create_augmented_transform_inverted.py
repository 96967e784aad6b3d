"""Inverts the picture.

fails: intensity, geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(15),
            transforms.RandomInvert(p=1.0),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
