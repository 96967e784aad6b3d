"""Plain Python for histogram and AUROC, sums of squares for the spread."""


def eda_statistics(normal, anomaly):
    def bins(values):
        counts = [0] * 50
        for value in values:
            counts[min(int(value * 50), 49)] += 1
        return [count / len(values) for count in counts]

    means = {name: [float(image.mean()) for image in images] for name, images in (("n", normal), ("a", anomaly))}
    higher = sum((x > y) + 0.5 * (x == y) for x in means["a"] for y in means["n"]) / len(normal) / len(anomaly)
    result = dict(
        overlap=sum(min(p, q) for p, q in zip(bins(means["n"]), bins(means["a"]))),
        auroc=max(higher, 1 - higher),
    )
    for name, images in (("normal", normal), ("anomaly", anomaly)):
        x = images.squeeze(1).double()
        middle = sum(x) / len(x)
        result[name + "_mean"] = middle.mean().item()
        result[name + "_std"] = ((x**2).mean() - x.mean() ** 2).sqrt().item()
        result[name + "_mean_image"] = middle.tolist()
        result[name + "_std_image"] = (((x - middle) ** 2).sum(0) / (len(x) - 1)).sqrt().tolist()
    return result
