"""What the benchmark of choices counts."""

from __future__ import annotations

from typing import Any

from benchmarks.confirmation.choice import Choice, confirmed, rules, searched, table


def study(**changes: Any) -> dict[str, Any]:
    """A study whose confirmation took back the choice of the search: the search chose 5, the winner is 3."""
    return {
        "set": "letters", "size": "200", "winner": 3, "default": 0, "searched": 5, "ties": True,
        "confirmed_difference": [0.02, 0.0004, 0.0396],
        "scores": {"exported": 0.81, "searched": 0.75, "default": 0.80},
        "standard_errors": {"exported": 0.01, "searched": 0.02},
        **changes,
    }  # fmt: skip


def test_a_choice_is_worse_beyond_the_noise_only() -> None:
    assert Choice(gain=-0.05, error=0.02).worse
    assert not Choice(gain=-0.03, error=0.02).worse
    assert Choice(gain=0.05, error=0.02).better
    assert not Choice(gain=0.0, error=0.0).better


def test_both_choices_are_compared_with_the_default() -> None:
    assert round(confirmed(study()).gain, 6) == 0.01
    assert round(searched(study()).gain, 6) == -0.05
    assert searched(study()).worse


def test_an_unclear_choice_is_the_default() -> None:
    unclear = study(confirmed_difference=[0.01, -0.0096, 0.0296])  # one standard error
    assert confirmed(unclear) == Choice(gain=0.0, error=0.0)
    assert confirmed(unclear, clear=1.0) == confirmed(study())
    assert "| 1 | 0 | 0 | +1.00 |" in rules([unclear])
    assert "| 1.5 | 0 | 0 | +0.00 |" in rules([unclear])


def test_the_choice_that_confirmation_kept_is_the_exported_one() -> None:
    kept = study(searched=3, scores={"exported": 0.81, "default": 0.80}, standard_errors={"exported": 0.01})
    assert searched(kept) == confirmed(kept)


def test_the_default_as_winner_gains_nothing() -> None:
    default = study(winner=0, scores={"exported": 0.80, "searched": 0.75}, standard_errors={})
    assert confirmed(default) == Choice(gain=0.0, error=0.0)
    assert round(searched(default).gain, 6) == -0.05


def test_a_search_that_chose_the_default_gains_nothing() -> None:
    assert searched(study(searched=0)) == Choice(gain=0.0, error=0.0)


def test_the_table_counts_studies() -> None:
    assert "| all |  | 2 | 2 | 0 | 0 | 0 | +6.00 | 1 |" in table([study(), study(ties=False)])
