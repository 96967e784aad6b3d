"""Flips with probability 0.2.

fails: horizontal, vertical
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.2),
            transforms.RandomVerticalFlip(p=0.2),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
