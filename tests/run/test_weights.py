from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file

from adaptkit.run.weights import HEAD_INPUT, weights_writer


def test_a_file_has_the_parameters_and_what_belongs_to_them(tmp_path: Path) -> None:
    row, mask = torch.tensor([0.5, -1.0]), torch.ones(2, 3)
    weights_writer(row, None)(tmp_path / "alone")
    assert {name: one.tolist() for name, one in load_file(tmp_path / "alone").items()} == {"row": [0.5, -1.0]}
    weights_writer(row, torch.tensor([3, 5]), {"mask": mask})(tmp_path / "all")
    found = load_file(tmp_path / "all")
    assert found["vocabulary"].tolist() == [3, 5]
    assert found[f"{HEAD_INPUT}mask"].equal(mask)
