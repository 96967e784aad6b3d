"""Divides by 255 once more.

fails: intensity, geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            transforms.Lambda(lambda x: x / 255),
            GaussianNoise(0.02),
        ]
    )
