"""An affine transform that only rotates."""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomAffine(degrees=15),
            transforms.ToTensor(),
            GaussianNoise(),
            transforms.Lambda(lambda x: x.clamp(0, 1)),
        ]
    )
