from __future__ import annotations

import numpy as np
import pytest
from adaptkit_similarity.metric import correlation, metric_for, ranks
from adaptkit_similarity.scale import Scale
from scipy import stats

METRIC = metric_for(Scale(lowest=0, highest=5))


def scores(predictions, true):
    return METRIC.compute(predictions, [{"score": score} for score in true])


def test_correlations_and_error_are_those_of_scipy_and_numpy():
    random = np.random.default_rng(0)
    for count in (2, 3, 10, 500):
        true = random.integers(0, 11, count) / 2  # with many ties
        true[:2] = 0, 5
        predicted = np.clip(true + random.normal(0, 1, count), 0, 5)
        values = scores(predicted.tolist(), true.tolist()).values
        assert values["pearson"] == pytest.approx(stats.pearsonr(predicted, true).statistic)
        assert values["spearman"] == pytest.approx(stats.spearmanr(predicted, true).statistic)
        assert values["absolute_error"] == pytest.approx(np.abs(predicted - true).mean())


def test_ranks_are_those_of_scipy_ties_share_theirs():
    values = np.array([3.0, 1.0, 3.0, 2.0, 3.0, 1.0])
    assert ranks(values).tolist() == stats.rankdata(values).tolist() == [5, 1.5, 5, 3, 5, 1.5]


def test_every_named_number_is_given_and_points_the_right_way():
    true = [0.0, 1.0, 2.5, 4.0, 5.0]
    good, bad = scores(true, true).values, scores(true[::-1], true).values
    assert good == pytest.approx({"pearson": 1, "spearman": 1, "absolute_error": 0})
    for name, direction in {METRIC.name: METRIC.direction, **METRIC.others}.items():
        assert (good[name] > bad[name]) == (direction == "maximize")


@pytest.mark.parametrize("constant", [0.0, 2.3, 1 / 3])
def test_the_same_prediction_for_all_correlates_with_nothing(constant):
    values = scores([constant] * 7, [0, 1, 2, 3, 4, 5, 0.1]).values
    assert values["pearson"] == values["spearman"] == 0.0
    assert values["absolute_error"] > 0


def test_rows_of_a_single_score_are_refused():
    with pytest.raises(ValueError, match=r"all 3 rows have the score 2.5; expected at least two different"):
        scores([1, 2, 3], [2.5, 2.5, 2.5])
    with pytest.raises(ValueError, match="all 1 rows"):
        scores([1.0], [2.0])


def test_a_correlation_never_leaves_its_range():
    values = np.array([0.1, 0.2, 0.3]) * 1e-9
    assert -1 <= correlation(values, values) <= 1


def test_each_band_of_the_scale_is_told_in_order():
    found = scores([1.0, 4.0, 4.5, 0.5], [4.0, 5.0, 4.5, 0.2])
    assert list(found.groups) == ["0 to 1", "4 to 5"]
    assert found.groups["4 to 5"] == pytest.approx({"predicted": 9.5 / 3, "error": 4 / 3})
    assert found.groups["0 to 1"] == pytest.approx({"predicted": 0.5, "error": 0.3})
