"""Both flips together or none: half a turn, never a mirror image.

fails: apart
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomApply([transforms.RandomHorizontalFlip(1.0), transforms.RandomVerticalFlip(1.0)], p=0.5),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
