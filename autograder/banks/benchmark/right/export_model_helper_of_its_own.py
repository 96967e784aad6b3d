"""A helper of its own for the largest difference, and an assertion for each file."""


def differ(got, want):
    if isinstance(want, torch.Tensor):
        return (got - want).abs().max().item()
    return max(differ(a, b) for a, b in zip(got, want))


def export_model(model, path, img_size=128):
    mode = model.training
    model.eval()
    example = torch.rand(2, 1, img_size, img_size)
    new = torch.rand(5, 1, img_size, img_size)
    pt, pt2 = str(path) + ".pt", str(path) + ".pt2"
    result = {}
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(model, example), pt)
        batch = torch.export.Dim("batch")
        torch.export.save(torch.export.export(model, (example,), dynamic_shapes=({0: batch},)), pt2)
        loaded = {"torchscript": (pt, torch.jit.load(pt)), "torch_export": (pt2, torch.export.load(pt2).module())}
        for name, (file, again) in loaded.items():
            difference = differ(again(new), model(new))
            assert difference < 1e-5, f"{name}: {difference}"
            result[name] = {"file": file, "size_bytes": os.path.getsize(file), "max_difference": difference}
    model.train(mode)
    return result
