"""Adds noise by hand and lets values leave [0, 1].

fails: range
"""


def create_augmented_transform(img_size=128):
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(15),
            transforms.ToTensor(),
            transforms.Lambda(lambda x: x + 0.02 * torch.randn_like(x)),
        ]
    )
