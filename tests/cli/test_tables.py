from __future__ import annotations

import pytest

from adaptkit.cli.tables import print_table


def test_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    name = "n" * 400
    print_table(("name", "rows"), [[name[:250], "7"], ["a\x1b\n[b]", "1,234"]], right={1})
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == f"{'name':250}   rows"
    assert first == f"{name[:250]}      7"
    assert second.split() == ["a\\x1b", "[b]", "1,234"]
