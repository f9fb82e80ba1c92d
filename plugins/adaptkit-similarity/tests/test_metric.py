from __future__ import annotations

import numpy as np
import pytest
from adaptkit_similarity.metric import metric_for
from adaptkit_similarity.scale import Scale
from scipy import stats

METRIC = metric_for(Scale(lowest=0, highest=5))


def scores(predictions, true):
    return METRIC.compute(predictions, [{"score": score} for score in true])


def test_correlations_and_error_equal_numpys():
    random = np.random.default_rng(0)
    for count in (2, 3, 10, 500):
        true = random.integers(0, 11, count) / 2  # with many ties
        true[:2] = 0, 5
        predicted = np.clip(true + random.normal(0, 1, count), 0, 5)
        values = scores(predicted.tolist(), true.tolist()).values
        ranks = [stats.rankdata(one) for one in (predicted, true)]  # equal values share their mean rank
        assert values["pearson"] == pytest.approx(np.corrcoef(predicted, true)[0, 1])
        assert values["spearman"] == pytest.approx(np.corrcoef(*ranks)[0, 1])
        assert values["absolute_error"] == pytest.approx(np.abs(predicted - true).mean())


def test_every_named_score_is_computed_in_its_direction():
    true = [0.0, 1.0, 2.5, 4.0, 5.0]
    good, bad = scores(true, true).values, scores(true[::-1], true).values
    assert good == pytest.approx({"pearson": 1, "spearman": 1, "absolute_error": 0})
    for name, direction in {METRIC.name: METRIC.direction, **METRIC.others}.items():
        assert (good[name] > bad[name]) == (direction == "maximize")


@pytest.mark.parametrize("constant", [0.0, 2.3, 1 / 3])
def test_a_constant_prediction_has_correlation_0(constant):
    values = scores([constant] * 7, [0, 1, 2, 3, 4, 5, 0.1]).values
    assert values["pearson"] == values["spearman"] == 0.0
    assert values["absolute_error"] > 0


def test_rows_of_a_single_score_are_refused():
    with pytest.raises(ValueError, match=r"all 3 rows have the score 2.5; expected at least two different"):
        scores([1, 2, 3], [2.5, 2.5, 2.5])
    with pytest.raises(ValueError, match="all 1 rows"):
        scores([1.0], [2.0])


def test_a_correlation_is_never_greater_than_1():
    tiny = [0.1e-9, 0.2e-9, 0.3e-9]
    values = scores(tiny, tiny).values
    assert values["pearson"] == pytest.approx(1)
    assert values["pearson"] <= 1
    assert values["spearman"] <= 1


def test_the_bands_of_the_scale_are_reported_in_order():
    found = scores([1.0, 4.0, 4.5, 0.5], [4.0, 5.0, 4.5, 0.2])
    assert list(found.groups) == ["0 to 1", "4 to 5"]
    assert found.groups["4 to 5"] == pytest.approx({"predicted": 9.5 / 3, "error": 4 / 3})
    assert found.groups["0 to 1"] == pytest.approx({"predicted": 0.5, "error": 0.3})
