"""Sets the seed at every call.

fails: horizontal, vertical, rotation, noise
"""


def create_augmented_transform(img_size=128):
    steps = [
        transforms.Resize((img_size, img_size)),
        transforms.RandomHorizontalFlip(),
        transforms.RandomVerticalFlip(),
        transforms.RandomRotation(15),
        transforms.ToTensor(),
        GaussianNoise(),
    ]
    pipeline = transforms.Compose(steps)

    def apply(image):
        torch.manual_seed(42)
        return pipeline(image)

    return apply
