from __future__ import annotations

import pytest
from adaptkit_ner.conllu import reader

SENTENCES = """\
# newdoc id = weblog
# sent_id = 1
# text = Don't go to # 5!
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVB\tMood=Imp\t3\taux\t3:aux\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t3:advmod\t_
3\tgo\tgo\tVERB\tVB\tMood=Imp\t0\troot\t0:root\t_
3.1\tyou\tyou\tPRON\tPRP\t_\t_\t_\t3:nsubj\tCopyOf=-1
4\tto\tto\tADP\tIN\t_\t5\tcase\t5:case\t_
5\t#\t#\tSYM\tNN\t_\t3\tobl\t3:obl\t_
6\t5\t5\tNUM\tCD\tNumType=Card\t5\tnummod\t5:nummod\tSpaceAfter=No
7\t!\t!\tPUNCT\t.\t_\t3\tpunct\t3:punct\t_

# sent_id = 2
1\tNew York\tNew York\tPROPN\tNNP\t_\t0\troot\t0:root\t_
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text, **columns):
        path = tmp_path / "words.conllu"
        path.write_bytes(text.encode())
        return list(reader(**columns)(path))

    return read_text


def test_comments_ranges_and_empty_nodes_are_left_out(read):
    tags = ["AUX", "PART", "VERB", "ADP", "SYM", "NUM", "PUNCT"]
    assert read(SENTENCES) == [
        (4, {"tokens": ["Do", "n't", "go", "to", "#", "5", "!"], "tags": tags}),
        (15, {"tokens": ["New York"], "tags": ["PROPN"]}),
    ]


def test_other_columns_can_be_chosen_from_either_end(read):
    last = read(SENTENCES, token_column=2, tag_column=4)[-1][1]
    assert last == {"tokens": ["New York"], "tags": ["NNP"]}
    assert read(SENTENCES, tag_column=-3)[-1][1]["tags"] == ["root"]


def test_crlf_and_a_missing_last_newline(read):
    assert read(SENTENCES.replace("\n", "\r\n").rstrip()) == read(SENTENCES)


def test_a_file_of_comments_has_no_rows(read):
    assert read("") == read("# global.columns = ID FORM\n\n\n") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 Ada Ada PROPN", r"1 column; expected the 10 columns of CoNLL-U"),
        ("1\tAda\tAda\tPROPN", r"4 columns; expected the 10"),
        ("one\tAda" + "\t_" * 8, r"the ID 'one'; expected a number, a range such as 1-2, or an empty node"),
        ("1\tAda\tAda\t" + "\t_" * 6, r"the column of the tags is empty"),
    ],
)
def test_reading_continues_after_a_malformed_sentence(tmp_path, line, message):
    path = tmp_path / "words.conllu"
    path.write_text(f"# sent_id = 0\n{line}\n\n{SENTENCES}")
    rows = reader()(path)
    with pytest.raises(ValueError, match=f"^line 2: {message}"):
        next(rows)
    assert len(list(rows)) == 2


@pytest.mark.parametrize("column", [10, -11])
def test_the_error_names_a_missing_column(read, column):
    with pytest.raises(ValueError, match=f"^line 4: 10 columns, so no tags in column {column}"):
        read("# a\n# b\n# c\n" + SENTENCES.split("\n", 4)[4], tag_column=column)
