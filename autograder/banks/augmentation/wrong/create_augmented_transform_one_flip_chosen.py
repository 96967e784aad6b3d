"""Chooses one of the two flips for every picture.

fails: apart
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomChoice([transforms.RandomHorizontalFlip(1.0), transforms.RandomVerticalFlip(1.0)]),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
