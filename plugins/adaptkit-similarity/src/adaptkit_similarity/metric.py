"""How well predicted scores follow the true ones; knows no texts and no tensors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adaptkit_similarity.scale import Scale


def metric_for(scale: Scale) -> Metric:
    """Pearson's correlation; beside it Spearman's and the mean absolute error, on ``scale``.

    Pearson's is optimised: it is what STS-B is scored by (Cer et al. 2017, https://aclanthology.org/S17-2001),
    and it asks for the distances between scores, which the loss learns, where Spearman's asks for
    their order only.
    """
    return Metric(
        name="pearson",
        direction="maximize",
        compute=partial(_scores, scale=scale),
        others={"spearman": "maximize", "absolute_error": "minimize"},
        groups_title="true score",
    )


def correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Pearson's r of two arrays ``[rows]``; 0 where one of them is constant, as it then tells nothing."""
    import numpy as np

    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    one, other = one - one.mean(), other - other.mean()  # [rows] both
    r = one @ other / (np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.clip(r, -1, 1))


def ranks(values: NDArray[Any]) -> NDArray[Any]:
    """The rank of each value, from 1; equal values share the mean of theirs: ``[rows]``."""
    import numpy as np

    _, positions, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()  # [different values]
    mean: NDArray[Any] = (last - (counts - 1) / 2)[positions]
    return mean


def _scores(predictions: Sequence[float], rows: Sequence[Row], *, scale: Scale) -> Scores:
    """Raises ValueError where all true scores are the same: no correlation is defined then."""
    import numpy as np

    true = np.array([row["score"] for row in rows], dtype=np.float64)  # [rows]
    predicted = np.array(predictions, dtype=np.float64)  # [rows]
    if np.ptp(true) == 0:
        raise ValueError(
            f"all {len(rows)} rows have the score {true[0]:g}; expected at least two different scores, "
            "as nothing can correlate with a single one"
        )
    errors = np.abs(predicted - true)  # [rows]
    bands = np.array([scale.band(score) for score in true])  # [rows]
    in_order = dict.fromkeys(bands[np.argsort(true)].tolist())
    return Scores(
        values={
            "pearson": correlation(predicted, true),
            "spearman": correlation(ranks(predicted), ranks(true)),
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
