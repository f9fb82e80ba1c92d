"""How well predicted scores agree with the true ones: correlations by SciPy, and the mean absolute error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from adaptkit_similarity.scale import Scale


def metric_for(scale: Scale) -> Metric:
    """Pearson's correlation, Spearman's correlation and the mean absolute error on ``scale``.

    Pearson's correlation is optimised. It is the score of STS-B (Cer et al. 2017,
    https://aclanthology.org/S17-2001), and like the loss it depends on the distances between scores, while
    Spearman's depends only on their order.
    """
    return Metric(
        name="pearson",
        direction="maximize",
        compute=partial(_scores, scale=scale),
        others={"spearman": "maximize", "absolute_error": "minimize"},
        description="correlation of the predicted with the true scores",
        groups_title="true score",
    )


def _correlation(coefficient: Callable[..., Any], one: NDArray[Any], other: NDArray[Any]) -> float:
    """A correlation of two arrays ``[rows]``; 0 if one of them is constant, where it is not defined."""
    if one.min() == one.max() or other.min() == other.max():
        return 0.0
    return float(coefficient(one, other).statistic)


def _scores(predictions: Sequence[float], rows: Sequence[Row], *, scale: Scale) -> Scores:
    """Raises ValueError if all true scores are equal, because no correlation is defined then."""
    import numpy as np
    from scipy import stats

    true = np.array([row["score"] for row in rows], dtype=np.float64)  # [rows]
    predicted = np.array(predictions, dtype=np.float64)  # [rows]
    if np.ptp(true) == 0:
        raise ValueError(
            f"all {len(rows)} rows have the score {true[0]:g}; expected at least two different scores, "
            "because a correlation with a constant is not defined"
        )
    errors = np.abs(predicted - true)  # [rows]
    bands = np.array([scale.band(score) for score in true])  # [rows]
    in_order = dict.fromkeys(bands[np.argsort(true)].tolist())
    return Scores(
        values={
            "pearson": _correlation(stats.pearsonr, predicted, true),
            "spearman": _correlation(stats.spearmanr, predicted, true),
            "absolute_error": float(errors.mean()),
        },
        groups={
            band: {
                "predicted": float(predicted[bands == band].mean()),
                "error": float(errors[bands == band].mean()),
            }
            for band in in_order
        },
    )
