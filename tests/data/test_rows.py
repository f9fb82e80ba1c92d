from adaptkit.data.rows import Rows, listed, shortened


def test_take_keeps_the_origin_of_each_row() -> None:
    rows = Rows([{"n": 0}, {"n": 1}, {"n": 2}], ["f:1", "f:2", "f:3"], "f", ["f:4: bad"])
    taken = rows.take([2, 0])
    assert taken.values == [{"n": 2}, {"n": 0}]
    assert taken.origins == ["f:3", "f:1"]
    assert (taken.source, taken.skipped, len(taken)) == ("f", ["f:4: bad"], 2)


def test_listed_is_limited_and_counts_the_rest() -> None:
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(range(12_000), most=2) == "0, 1 and 11,998 more"


def test_control_characters_in_names_are_escaped() -> None:
    assert shortened("\x1b[31mred\u202e") == r"'\x1b[31mred\u202e'"
    assert len(shortened("x" * 1000)) == 80
