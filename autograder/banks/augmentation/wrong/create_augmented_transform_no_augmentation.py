"""Resizes and converts, no more.

fails: horizontal, vertical, rotation, noise
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.ToTensor(),
        ]
    )
