"""Shifts the picture, too.

fails: geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomAffine(15, translate=(0.1, 0.1)),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
