"""Compares what is in memory, not what was written.

fails: verified
"""


def export_model(model, path, img_size=128):
    was_training = model.training
    model.eval()
    example, new = torch.rand(2, 1, img_size, img_size), torch.rand(5, 1, img_size, img_size)
    script_file, export_file = f"{path}.pt", f"{path}.pt2"

    def difference(got, want):
        if isinstance(want, torch.Tensor):
            got, want = (got,), (want,)
        return max((a - b).abs().max().item() for a, b in zip(got, want, strict=True))

    result = {}
    with torch.no_grad():
        traced = torch.jit.trace(model, example)
        traced.save(script_file)
        exported = torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))
        torch.export.save(exported, export_file)
        loaded = {"torchscript": (script_file, traced), "torch_export": (export_file, exported.module())}
        for name, (file, program) in loaded.items():
            result[name] = {
                "file": file,
                "size_bytes": os.path.getsize(file),
                "max_difference": difference(program(new), model(new)),
            }
    model.train(was_training)
    for entry in result.values():
        if entry["max_difference"] >= 1e-5:
            raise ValueError("the file differs")
    return result
