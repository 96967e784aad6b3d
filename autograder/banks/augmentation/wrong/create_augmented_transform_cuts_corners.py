"""Enlarges and cuts the middle, so that no black corners show.

fails: geometry
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.Resize(img_size * 5 // 4),
            transforms.RandomRotation(15),
            transforms.CenterCrop(img_size),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
