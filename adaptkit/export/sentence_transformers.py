"""A pooled head as modules of sentence-transformers, which loads the folder without adaptkit.

Encoder, pooling, normalization where the head has it, and a dense layer:
`SentenceTransformer(folder).encode(texts)` gives the logits.
See https://sbert.net/docs/sentence_transformer/usage/custom_models.html.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from adaptkit.models.pooled_head import PooledHead
from adaptkit.system.files import write_json

POOLING_MODES = {"mean": "pooling_mode_mean_tokens", "first": "pooling_mode_cls_token"}
BEFORE = (("", "Transformer"), ("1_Pooling", "Pooling"))
NORMALIZE = ("2_Normalize", "Normalize")


def write_modules(folder: Path, head: PooledHead, tokenizer: Any, max_length: int) -> None:
    """Writes the files that make the model folder one of sentence-transformers, beside the encoder's own."""
    from safetensors.torch import save_file

    parts = [*BEFORE, *([NORMALIZE] if head.normalized else [])]
    dense_folder = f"{len(parts)}_Dense"
    parts.append((dense_folder, "Dense"))
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate(parts)
    ]
    write_json(folder / "modules.json", modules)
    lower = bool(getattr(tokenizer, "do_lower_case", False))
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": lower})
    for path, _ in parts[1:]:
        (folder / path).mkdir()
    width, outputs = head.out.in_features, head.out.out_features
    modes = {key: pooling == head.kind for pooling, key in POOLING_MODES.items()}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": width, **modes})
    dense = {
        "in_features": width,
        "out_features": outputs,
        "bias": True,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    write_json(folder / dense_folder / "config.json", dense)
    weights = {"linear.weight": head.out.weight, "linear.bias": head.out.bias}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    save_file(tensors, folder / dense_folder / "model.safetensors")
