"""placeholder"""


def load(path, image_size, profile, seed):
    raise NotImplementedError
