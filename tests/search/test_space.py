"""The search space: the user's ranges before the task's hints, and these before the strategy's ranges."""

import math
from dataclasses import dataclass, field

import pytest

from adaptkit.config import SearchConfig
from adaptkit.errors import ConfigError
from adaptkit.search.space import EXAMPLES_TO_SEE, MORE_EXAMPLES_TO_SEE, PenaltySpace, Space, space_for
from adaptkit.strategies.registry import built_in


@dataclass(frozen=True)
class Hints:
    learning_rate: dict[str, tuple[float, float]] = field(default_factory=dict)
    batch_sizes: tuple[int, ...] | None = None
    epochs: float | None = None


NO_HINTS = Hints()


@pytest.mark.parametrize(
    ("strategy", "rates", "rate", "epochs"),
    [
        ("full", (1e-5, 2e-4), 5e-5, 3),
        ("lora", (1e-4, 2e-3), 5e-4, 3),
        ("frozen", (2e-3, 2e-1), 1e-2, 10),
    ],
)
def test_the_strategies_ranges(strategy: str, rates: tuple[float, float], rate: float, epochs: float) -> None:
    space = space_for(built_in(strategy), SearchConfig(), NO_HINTS, rows=10_000)
    assert space.learning_rate == rates
    assert space.batch_sizes == (8, 16, 32, 64)
    assert space.default == {"learning_rate": rate, "batch_size": 16}
    assert space.fixed == {"epochs": epochs, "weight_decay": 0.01, "warmup": 0.1}


@pytest.mark.parametrize(
    ("strategy", "rates", "rate"),
    [("full", (1e-5, 2e-4), 5e-5), ("lora", (5e-5, 2e-3), 5e-4), ("frozen", (1e-4, 1e-1), 5e-3)],
)
def test_started_studies_keep_their_ranges(strategy: str, rates: tuple[float, float], rate: float) -> None:
    space: Space = space_for(built_in(strategy), SearchConfig(), NO_HINTS, rows=10_000, width=384, version=1)
    assert (space.learning_rate, space.default_learning_rate) == (rates, rate)


@pytest.mark.parametrize(
    ("strategy", "version", "rates", "rate"),
    [
        ("lora", 3, (2e-4, 4e-3), 1e-3),
        ("lora", 2, (1e-4, 2e-3), 5e-4),
        ("lora", 1, (5e-5, 2e-3), 5e-4),
        ("frozen", 3, (2e-3, 2e-1), 1e-2),
    ],
)
def test_heads_on_tokens_have_higher_rates(
    strategy: str, version: int, rates: tuple[float, float], rate: float
) -> None:
    space: Space = space_for(
        built_in(strategy), SearchConfig(), NO_HINTS, rows=10_000, on_tokens=True, version=version
    )
    assert (space.learning_rate, space.default_learning_rate) == (rates, rate)
    given = SearchConfig(learning_rate=(1e-4, 1e-3))
    on_tokens = space_for(built_in(strategy), given, NO_HINTS, rows=10_000, on_tokens=True, version=version)
    assert on_tokens.learning_rate == (1e-4, 1e-3)


@pytest.mark.parametrize(
    ("width", "rates"),
    [
        (768, (1e-5, 2e-4)),
        (384, (2e-5, 4e-4)),
        (32, (2e-5, 4e-4)),
        (1536, (5e-6, 1e-4)),
        (9999, (5e-6, 1e-4)),
    ],
)
def test_narrow_encoders_have_higher_rates(width: int, rates: tuple[float, float]) -> None:
    space: Space = space_for(built_in("full"), SearchConfig(), NO_HINTS, rows=10_000, width=width)
    assert space.learning_rate == rates
    assert (
        space_for(built_in("frozen"), SearchConfig(), NO_HINTS, rows=10_000, width=width).fixed["epochs"]
        == 10
    )


def test_the_first_points_are_spread_and_differ_by_seed() -> None:
    space: Space = space_for(built_in("full"), SearchConfig(), NO_HINTS, rows=10_000)
    points = space.first_points(seed=1)
    low, high = space.learning_rate
    places = (math.log(point["learning_rate"] / low) / math.log(high / low) for point in points)
    assert sorted(int(4 * place) for place in places) == [0, 1, 2, 3]
    assert sorted(point["batch_size"] for point in points) == [8, 16, 32, 64]
    assert space.first_points(seed=1) == points != space.first_points(seed=2)


@pytest.mark.parametrize(
    ("best", "range_"),
    [
        (2e-5, (1e-5, 2e-4)),
        (1.02e-5, (1e-5 / 3, 2e-4)),
        (2e-4, (1e-5, 6e-4)),
        (5e-4, (1e-5, 6e-4)),
        (4e-6, (1e-5 / 3, 2e-4)),
    ],
)
def test_a_range_is_extended_once_where_the_best_is(best: float, range_: tuple[float, float]) -> None:
    space: Space = space_for(built_in("full"), SearchConfig(), NO_HINTS, rows=10_000)
    assert space.extended({"learning_rate": best}).learning_rate == pytest.approx(range_)
    penalty = PenaltySpace(l2=(1e-5, 2e-4), default_l2=1e-4)
    assert penalty.extended({"l2": best}).l2 == pytest.approx(range_)
    for widest in (space.widest().learning_rate, penalty.widest().l2):
        assert widest == pytest.approx((1e-5 / 3, 6e-4))


@pytest.mark.parametrize(
    ("search", "hints", "version"),
    [
        (SearchConfig(learning_rate=(1e-5, 1e-4)), NO_HINTS, 2),
        (SearchConfig(), Hints(learning_rate={"full": (1e-5, 1e-4)}), 2),
        (SearchConfig(), NO_HINTS, 1),
    ],
)
def test_ranges_that_are_set_are_not_extended(search: SearchConfig, hints: Hints, version: int) -> None:
    space: Space = space_for(built_in("full"), search, hints, rows=10_000, version=version)
    assert space.extended({"learning_rate": space.learning_rate[1]}) == space == space.widest()


def test_first_points_within_a_range_of_one_value() -> None:
    user = SearchConfig(learning_rate=(3e-5, 3e-5), batch_sizes=(4,))
    space: Space = space_for(built_in("full"), user, NO_HINTS, rows=10_000)
    assert space.first_points(seed=0) == [{"learning_rate": 3e-5, "batch_size": 4}] * 4


def test_hints_precede_the_strategy_and_the_user_both() -> None:
    hints = Hints(learning_rate={"lora": (1e-4, 1e-3), "full": (1e-6, 1e-5)}, batch_sizes=(32, 8), epochs=2)
    hinted = space_for(built_in("lora"), SearchConfig(), hints, rows=10_000)
    assert (hinted.learning_rate, hinted.batch_sizes, hinted.epochs) == ((1e-4, 1e-3), (8, 32), 2)
    user = SearchConfig(learning_rate=(3e-5, 3e-5), batch_sizes=(4, 4), epochs=0.5)
    space = space_for(built_in("lora"), user, hints, rows=10_000)
    assert (space.learning_rate, space.batch_sizes, space.epochs) == ((3e-5, 3e-5), (4,), 0.5)


@pytest.mark.parametrize(
    ("rates", "sizes", "default"),
    [
        ((1e-6, 1e-5), (64, 128), (1e-5, 64)),
        ((1e-3, 1e-2), (2, 4), (1e-3, 4)),
        ((1e-5, 1e-4), (8, 32), (5e-5, 8)),
        ((1e-5, 1e-4), (10, 24), (5e-5, 24)),
    ],
)
def test_the_default_is_within_the_users_ranges(
    rates: tuple[float, float], sizes: tuple[int, ...], default: tuple[float, int]
) -> None:
    space = space_for(
        built_in("full"), SearchConfig(learning_rate=rates, batch_sizes=sizes), NO_HINTS, rows=10_000
    )
    assert tuple(space.default.values()) == default
    for name, distribution in space.as_distributions().items():
        assert distribution._contains(distribution.to_internal_repr(space.default[name]))


def test_the_ranges_in_words_are_exact() -> None:
    assert space_for(built_in("full"), SearchConfig(), NO_HINTS, rows=10_000).in_words() == {
        "learning_rate": "1e-05 … 2e-04 (log)",
        "batch_size": "8, 16, 32, 64",
    }
    narrow = SearchConfig(learning_rate=(1.23456e-5, 1.234561e-5), batch_sizes=(16,))
    assert space_for(built_in("full"), narrow, NO_HINTS, rows=10_000).in_words() == {
        "learning_rate": "1.23456e-05 … 1.234561e-05 (log)",
        "batch_size": "16",
    }
    one = SearchConfig(learning_rate=(0.1 + 0.2, 0.1 + 0.2))
    assert (
        space_for(built_in("full"), one, NO_HINTS, rows=10_000).in_words()["learning_rate"]
        == "3.0000000000000004e-01"
    )


@pytest.mark.parametrize(
    "hints",
    [
        Hints(learning_rate={"full": (1e-3, 1e-4)}),
        Hints(learning_rate={"full": (0.0, 1e-4)}),
        Hints(learning_rate={"full": (1e-4, float("inf"))}),
        Hints(learning_rate={"full": (1e-4, float("nan"))}),
        Hints(batch_sizes=(0, 8)),
    ],
)
def test_invalid_ranges_are_rejected(hints: Hints) -> None:
    with pytest.raises(ConfigError) as error:
        space_for(built_in("full"), SearchConfig(), hints, rows=10_000)
    assert error.value.code == "invalid-search-space"


def test_a_space_cannot_be_changed() -> None:
    space: Space = space_for(built_in("full"), SearchConfig(), NO_HINTS, rows=10_000)
    with pytest.raises(AttributeError):
        space.epochs = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("strategy", "rows", "epochs"),
    [("full", 10_000, 3), ("full", 667, 3), ("full", 404, 5), ("lora", 50, 10), ("frozen", 404, 10)],
)
def test_few_rows_make_more_epochs_within_limits(strategy: str, rows: int, epochs: float) -> None:
    assert space_for(built_in(strategy), SearchConfig(), NO_HINTS, rows=rows).epochs == epochs
    assert space_for(built_in(strategy), SearchConfig(epochs=1.5), NO_HINTS, rows=rows).epochs == 1.5


@pytest.mark.parametrize(
    ("strategy", "rows", "examples", "epochs"),
    [
        ("full", 10_000, MORE_EXAMPLES_TO_SEE, 3),
        ("full", 3_000, MORE_EXAMPLES_TO_SEE, 4),
        ("lora", 1_275, MORE_EXAMPLES_TO_SEE, 8),
        ("lora", 200, MORE_EXAMPLES_TO_SEE, 10),
        ("full", 1_500, EXAMPLES_TO_SEE, 3),
        ("frozen", 1_500, MORE_EXAMPLES_TO_SEE, 10),
    ],
)
def test_a_trial_sees_at_least_so_many_examples(
    strategy: str, rows: int, examples: int, epochs: float
) -> None:
    space: Space = space_for(built_in(strategy), SearchConfig(), NO_HINTS, rows=rows, examples=examples)
    assert space.epochs == epochs


def test_penalties_are_tried_around_the_default_first() -> None:
    space = PenaltySpace(l2=(1e-4, 0.5), default_l2=1e-2)
    weights = [point["l2"] for point in space.first_points(seed=0)]
    assert sorted(weights)[1] < 1e-2 < sorted(weights)[2]
    assert all(1e-4 <= weight <= 0.5 for weight in weights)
    assert space.first_points(seed=0) == space.first_points(seed=0)
    assert space.first_points(seed=0) != space.first_points(seed=1)
    assert space.in_words() == {"l2": "1e-04 … 5e-01 (log)"}
