"""One image and one channel at a time, with a print."""


def error_heatmap(x, x_recon):
    print("images:", len(x))
    maps = []
    for image, rebuilt in zip(x, x_recon):
        total = torch.zeros_like(image[0])
        for channel in range(image.shape[0]):
            total = total + (rebuilt[channel] - image[channel]) ** 2
        maps.append(total / image.shape[0])
    return torch.stack(maps)
