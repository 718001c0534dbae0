#!/usr/bin/env python3
"""Makes the TorchScript files beside it: programs that pytorch_test.cc wants handled with care. The recorded
answers of well-behaved ones are in tests/fixtures/models.

    python -m venv VENV; VENV/bin/pip install -r tests/fixtures/requirements.txt
    VENV/bin/python backends/pytorch/testdata/make_testdata.py
"""

import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples" / "digits"))
from train import save_torchscript  # isort: skip

import torch
from torch import Tensor


class ReadsFile(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.from_file("/etc/hostname", False, 1, dtype=torch.uint8)


class Counter(torch.nn.Module):
    """Answers how often it was called."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls.add_(1)
        return self.calls


class Random(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


class InPlace(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(2)


class TakesList(torch.nn.Module):
    def forward(self, xs: list[Tensor]) -> Tensor:
        return xs[0]


class TakesNumbers(torch.nn.Module):
    def forward(self, x: Tensor, rate: int, gain: float, loud: bool, name: str, steps: list[int]) -> Tensor:
        y = x * float(rate) * gain + float(len(name)) + float(len(steps))
        return -y if loud else y


class Grows(torch.nn.Module):
    """A dict whose keys depend on the input."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        answer = {"x": x}
        for i in range(x.size(-1)):
            answer["part" + str(i)] = x[..., i]
        return answer


class MaybeNothing(torch.nn.Module):
    def forward(self, x: Tensor) -> int:
        return x.dim()


def main():
    here = Path(__file__).resolve().parent
    for name, module in {
        "reads_file": ReadsFile(), "counter": Counter(), "random": Random(), "in_place": InPlace(),
        "takes_list": TakesList(), "takes_numbers": TakesNumbers(), "grows": Grows(), "no_tensor": MaybeNothing(),
    }.items():  # fmt: skip
        save_torchscript(torch.jit.script(module.eval()), here / f"{name}.pt")
    # Only the names of its records are looked at; the records hold the paths of the maker's files.
    exported = torch.export.export(torch.nn.Linear(2, 1).eval(), (torch.zeros(1, 2),))
    with tempfile.NamedTemporaryFile(suffix=".pt2") as whole:
        torch.export.save(exported, whole.name)
        with zipfile.ZipFile(whole.name) as source, zipfile.ZipFile(here / "exported.pt2", "w") as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), b"")


if __name__ == "__main__":
    main()
