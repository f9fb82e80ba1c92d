"""Cost-weighted accuracy: a metric for tasks with one label, where mistakes on some labels cost more."""

from adaptkit import Metric, Scores


def weighted_accuracy(*, costs: tuple[str, ...] = ()) -> Metric:
    """``costs`` are LABEL=COST, such as fraud=10,other=1; a label that is not named costs 1."""
    cost_of = {label: float(cost) for label, _, cost in (pair.rpartition("=") for pair in costs)}

    def compute(predictions, rows):
        weights = [cost_of.get(row["label"], 1.0) for row in rows]
        right = [one["label"] == row["label"] for one, row in zip(predictions, rows, strict=True)]
        saved = sum(weight for weight, correct in zip(weights, right, strict=True) if correct)
        return Scores(values={"weighted_accuracy": saved / sum(weights)})

    return Metric(
        name="weighted_accuracy", direction="maximize", compute=compute,
        description="share of the costs of all rows that the correct predictions save",
    )  # fmt: skip
