from __future__ import annotations

import pytest
from adaptkit_ner.rules import counted_pairs, rules_of

BIO = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC"]


@pytest.mark.parametrize(
    ("sentences", "name"),
    [
        ([BIO], "BIO"),
        ([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]], "IOB1"),
        ([["I-PER", "O"], ["I-LOC"]], "IO"),
        ([["I-PER", "E-PER", "O", "E-LOC"]], "IOE"),
        ([["B-PER", "E-PER", "O", "S-LOC"]], "BIOES"),
        ([["B-PER", "L-PER", "O", "U-LOC"]], "BILOU"),
        ([["B-PER", "M-PER", "E-PER", "W-LOC"]], "BMEWO"),
        ([["B-PER", "I-PER", "E-PER", "O", "B-LOC", "E-LOC"]], "BIOES"),
        ([["S-PER", "O", "S-LOC", "S-LOC"]], "BIOES"),
        ([["O", "U-PER", "U-LOC"]], "BILOU"),
        ([["B-PER", "L-PER", "O"]], "BILOU"),
        ([["B-PER", "M-PER", "E-PER", "O"]], "BMEWO"),
        ([["O", "W-PER"]], "BMEWO"),
        ([["B-PER", "O", "B-LOC"]], "BIO"),
        ([["O", "E-PER"]], "IOE"),
        ([["O", "O"]], ""),
        ([], ""),
    ],
)
def test_the_name_of_the_scheme(sentences, name):
    pairs = counted_pairs(sentences)
    rules = rules_of(pairs)
    assert rules.name == name
    assert all(map(rules.allows, pairs))


@pytest.mark.parametrize(
    ("sentences", "name", "wrong"),
    [
        ([BIO, ["B-PER", "I-LOC"]], "BIO", {("B-PER", "I-LOC")}),
        ([["I-PER", "O", "I-PER"], ["B-PER"]], "IOB1", {(None, "B-PER")}),
        ([["I-PER", "O", "E-PER"], ["I-LOC", "E-LOC"]], "IOE", {("I-PER", "O")}),
        ([["S-PER", "I-PER"]], "BIOES", {("S-PER", "I-PER"), ("I-PER", None)}),
        ([["B-PER", "O", "S-PER", "B-PER", "E-PER"]], "BIOES", {("B-PER", "O")}),
        ([["B-PER", "L-LOC"], ["U-PER"]], "BILOU", {("B-PER", "L-LOC")}),
        ([["B-PER", "M-PER"], ["W-PER"]], "BMEWO", {("M-PER", None)}),
        ([*[BIO] * 50, ["O", "S-LOC", "O"]], "BIO", {("O", "S-LOC")}),
        ([*[BIO] * 50, ["O", "E-LOC", "O"]], "BIO", {("O", "E-LOC")}),
        ([*[BIO] * 50, ["B-LOC", "L-LOC"]], "BIO", {("B-LOC", "L-LOC")}),
        ([*[["I-PER", "B-PER", "O"]] * 50, ["S-LOC"]], "IOB1", {(None, "S-LOC")}),
        ([*[["I-PER", "E-PER", "O"]] * 50, ["B-LOC"]], "IOE", {(None, "B-LOC")}),
        ([*[["I-PER", "I-PER", "O"]] * 50, ["U-LOC", "O"]], "IO", {(None, "U-LOC")}),
        ([*[["B-PER", "E-PER", "O"]] * 50, ["I-LOC"]], "BIOES", {(None, "I-LOC"), ("I-LOC", None)}),
        ([*[["S-PER", "O"]] * 50, ["B-LOC", "I-LOC"]], "BIOES", {("I-LOC", None)}),
    ],
)
def test_pairs_that_the_scheme_does_not_allow(sentences, name, wrong):
    pairs = counted_pairs(sentences)
    rules = rules_of(pairs)
    assert rules.name == name
    assert {pair for pair in pairs if not rules.allows(pair)} == wrong
