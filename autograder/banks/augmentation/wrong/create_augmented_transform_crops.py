"""Cuts out a random part.

fails: geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.RandomResizedCrop(img_size),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
