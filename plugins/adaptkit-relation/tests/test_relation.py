from __future__ import annotations

from pathlib import Path

import pytest
from adaptkit_relation import MARKS, encode, head, prepare, relation

from adaptkit.testing import wordpiece_tokenizer

TEXT = "<e1>Ada</e1> knows <e2>Bo</e2>"


def with_marks(texts):
    tokenizer = wordpiece_tokenizer(texts)
    tokenizer.add_tokens(list(MARKS.values()), special_tokens=True)
    return tokenizer


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"text": TEXT, "label": "friend"}, {"text": TEXT, "label": "friend"}),
        ({"sentence": TEXT, "relation": 3}, {"text": TEXT, "label": "3"}),
        ({"text": TEXT}, {"text": TEXT}),
    ],
)
def test_rows(row, expected):
    assert prepare(row) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada knows Bo",
        "<e1>Ada</e1> knows Bo",
        TEXT + " <e1>x</e1>",
        "</e1>Ada<e1> <e2>Bo</e2>",
        f"{TEXT} [E1]",
    ],
)
def test_texts_whose_entities_are_not_marked_once(text):
    with pytest.raises(ValueError, match=r"expected|empty"):
        prepare({"text": text, "label": "friend"})


@pytest.mark.parametrize("length", [8, 12, 30])
def test_the_tokens_nearest_to_the_marks_are_kept(length):
    long = f"{'far ' * 50}<e1>Ada</e1> {'between ' * 50}<e2>Bo</e2> {'after ' * 50}"
    tokenizer = with_marks([long])
    (example,) = encode([{"text": long}], tokenizer, (), length)
    ids = example.inputs["input_ids"]
    assert len(ids) == len(example.inputs["attention_mask"]) == length
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    marks = tokenizer.convert_tokens_to_ids(list(MARKS.values()))
    assert [one for one in ids if one in marks] == marks
    assert [ids[place] for place in example.inputs["starts"]] == [marks[0], marks[2]]


def test_entities_in_the_other_order():
    text = "<e2>Bo</e2> is known by <e1>Ada</e1>"
    (example,) = encode([{"text": text, "label": "b"}], with_marks([text]), ("a", "b"), 32)
    first, second = example.inputs["starts"]
    assert first > second
    assert example.inputs["labels"] == 1


def test_the_head_reads_the_two_states():
    import torch
    import transformers

    made = head(transformers.BertConfig(hidden_size=8), ("a", "b", "c")).eval()
    hidden, starts = torch.randn(2, 6, 8), torch.tensor([[1, 4], [3, 0]])
    logits = made(hidden, torch.ones(2, 6), starts)
    expected = made.out(
        torch.stack([torch.cat([hidden[0, 1], hidden[0, 4]]), torch.cat([hidden[1, 3], hidden[1, 0]])])
    )
    torch.testing.assert_close(logits, expected)


def test_plugin_and_pyproject_have_at_most_110_lines():
    root = Path(__file__).resolve().parents[1]
    files = [root / "pyproject.toml", root / "src" / "adaptkit_relation" / "__init__.py"]
    if not all(path.exists() for path in files):
        pytest.skip("the plugin is installed as a wheel")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 110


def test_the_task_optimises_macro_f1():
    task = relation()
    assert (task.metric.name, task.new_tokens) == ("macro_f1", tuple(MARKS.values()))
