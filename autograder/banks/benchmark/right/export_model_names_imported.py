"""Imports the functions that read the files, and switches gradients off by a decorator."""

from torch.export import load as read_program
from torch.jit import load, save


@torch.no_grad()
def export_model(model, path, img_size=128):
    was_training = model.training
    model.eval()
    example, new = torch.rand(3, 1, img_size, img_size), torch.rand(4, 1, img_size, img_size)
    want = model(new)
    want = (want,) if isinstance(want, torch.Tensor) else want
    script, program = Path(f"{path}.pt"), Path(f"{path}.pt2")
    save(torch.jit.trace(model, example), str(script))
    torch.export.save(torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("n")},)), program)
    report = {}
    for name, file, again in (
        ("torchscript", script, load(str(script))),
        ("torch_export", program, read_program(program).module()),
    ):
        got = again(new)
        got = (got,) if isinstance(got, torch.Tensor) else got
        worst = max((a - b).abs().max().item() for a, b in zip(got, want, strict=True))
        assert worst < 1e-5, f"{name}: {worst}"
        report[name] = {"file": file, "size_bytes": file.stat().st_size, "max_difference": worst}
    model.train(was_training)
    return report
