"""The Python code that loads an exported model: with transformers, with peft for LoRA, or with adaptkit."""

from __future__ import annotations

from adaptkit.study.record import StudySummary


def loading_lines(summary: StudySummary, width: int = 76) -> list[str]:
    """The lines of Python that load the winner, at most ``width`` characters wide; empty before the export.

    If the head is the task's own, its plugin creates it, so adaptkit must load the model.
    """
    if not summary.model_folder:
        return []
    if summary.pooling == "pair":
        return _pair_lines(summary.model_folder, width)
    if summary.pooling != "checkpoint" and summary.strategy != "lora":
        return _pooled_lines(summary, width)
    if not summary.head:
        return _own_head_lines(summary.model_folder, width)
    auto = "AutoModelFor" + "".join(word.capitalize() for word in summary.head.split("-"))
    folder = _assignment("folder", summary.model_folder, width)
    tokenizer = "tokenizer = AutoTokenizer.from_pretrained(folder)"
    if summary.strategy != "lora":
        imports = f"from transformers import {auto}, AutoTokenizer"
        return [imports, "", *folder, tokenizer, f"model = {auto}.from_pretrained(folder)"]
    return [
        "from peft import PeftModel",
        "from transformers import AutoConfig, AutoTokenizer",
        f"from transformers import {auto}",
        "",
        *folder,
        *_assignment("base", summary.model, width),
        tokenizer,
        f"model = {auto}.from_pretrained(",
        "    base, config=AutoConfig.from_pretrained(folder)",
        ")",
        "model = PeftModel.from_pretrained(model, folder)",
    ]


def _pair_lines(folder: str, width: int) -> list[str]:
    return [
        "import adaptkit",
        "",
        *_assignment("folder", folder, width),
        "model = adaptkit.load(folder)",
        'model.predict(["a text ||| another text"])',
    ]


def _pooled_lines(summary: StudySummary, width: int) -> list[str]:
    return [
        "from sentence_transformers import SentenceTransformer",
        "",
        *_assignment("folder", str(summary.model_folder), width),
        "model = SentenceTransformer(folder)",
        'logits = model.encode(["a text"])  # in the order of the labels in config.json',
    ]


def _own_head_lines(folder: str, width: int) -> list[str]:
    return [
        "# The head is the task's own, so its plugin must be installed.",
        "import adaptkit",
        "",
        *_assignment("folder", folder, width),
        "model = adaptkit.load(folder)",
        'model.predict(["a text"])',
    ]


def _assignment(name: str, value: str, width: int) -> list[str]:
    line = f"{name} = {_literal(value)}"
    if len(line) <= width:
        return [line]
    step = max((width - 6) // max(len(ascii(character)) - 2 for character in value), 1)
    parts = [value[start : start + step] for start in range(0, len(value), step)]
    return [f"{name} = (", *(f"    {_literal(part)}" for part in parts), ")"]


def _literal(value: str) -> str:
    """The string as Python source, with unprintable characters escaped. It is exact, and safe to show."""
    plain = repr(value)
    return plain if '"' in plain or "'" in plain[1:-1] else f'"{plain[1:-1]}"'
