"""Normalises to [-1, 1].

fails: range, intensity, noise
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            GaussianNoise(0.02),
            transforms.Normalize([0.5], [0.5]),
        ]
    )
