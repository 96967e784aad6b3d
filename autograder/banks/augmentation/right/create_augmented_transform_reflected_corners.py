"""Fills the corners with a reflection of the picture."""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.Pad(img_size // 4, padding_mode="reflect"),
            transforms.RandomRotation(15, interpolation=transforms.InterpolationMode.BILINEAR),
            transforms.CenterCrop(img_size),
            transforms.ToTensor(),
            GaussianNoise(0.02),
        ]
    )
