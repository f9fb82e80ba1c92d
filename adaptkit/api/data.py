"""`check_data`: labelled rows as `tune` reads them, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adaptkit.api import arguments as given
from adaptkit.api.errors import in_python_words
from adaptkit.api.sources import RowSource, Sources, refuse_for_rows, sources_of
from adaptkit.config import DataConfig, SearchConfig, StudyConfig, columns_of

if TYPE_CHECKING:
    from adaptkit.data.overview import DataOverview


def check_data(
    task: str,
    *,
    data: RowSource | Mapping[str, RowSource] | None = None,
    train: RowSource | None = None,
    dev: RowSource | float | None = None,
    test: RowSource | None = None,
    columns: Mapping[str, str | int] | None = None,
    dev_fraction: float | None = None,
    skip_bad_rows: bool = False,
    delimiter: str | None = None,
    encoding: str | None = None,
    reader: str | None = None,
    group: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = StudyConfig.seed,
) -> DataOverview:
    """Read the rows as `tune` does with these arguments, and say what they are. Nothing is trained.

    `tune` explains the arguments. ``seed`` decides which dev rows are split off.

    Returns:
        The rows of each split, how they were read, the labels, the lengths, and all that `tune` warns of
        before it loads the model. Which rows are longer than the model reads needs its tokenizer: only `tune`
        warns of it.

    Raises:
        UserError: an argument or the data are wrong; the message names the first bad row.
    """
    from adaptkit.data.load import load
    from adaptkit.data.overview import overview
    from adaptkit.run.resolve import refuse_problems
    from adaptkit.tasks import registry

    with in_python_words():
        sources = sources_of(data, train, dev, test)
        config = StudyConfig(
            task=given.text("task", task),
            options=given.mapping("options", options),
            seed=given.whole_number("seed", seed),
            data=data_config(
                sources, columns=columns, dev_fraction=dev_fraction, skip_bad_rows=skip_bad_rows,
                delimiter=delimiter, encoding=encoding, reader=reader, group=group,
            ),
            search=SearchConfig(),
        )  # fmt: skip
        refuse_problems(config)
        loaded = registry.load(config.task, config.options)
        rows = {its.reference: its for its in sources.rows}
        return overview(loaded, load(loaded, config.data, config.seed, given=rows))


def data_config(
    sources: Sources, *, columns: object, dev_fraction: object, skip_bad_rows: object, delimiter: object,
    encoding: object, reader: object, group: object,
) -> DataConfig:  # fmt: skip
    """Where the rows are and how they are read, from the arguments of a call; raises ConfigError."""
    if sources.all_in_memory:
        refuse_for_rows(delimiter=delimiter, encoding=encoding, reader=reader)
    return DataConfig(
        data=sources.data, train=sources.train, dev=sources.dev, test=sources.test,
        columns=columns_of(given.mapping("columns", columns)),
        dev_fraction=_dev_fraction(sources, dev_fraction),
        skip_bad_rows=given.flag("skip_bad_rows", skip_bad_rows),
        delimiter=given.optional_text("delimiter", delimiter),
        encoding=given.optional_text("encoding", encoding),
        reader=given.optional_text("reader", reader),
        group=given.optional_text("group", group),
    )  # fmt: skip


def _dev_fraction(sources: Sources, dev_fraction: object) -> float | None:
    """The fraction that `dev` or `dev_fraction` gives, if any; raises ConfigError if they differ."""
    fraction = given.optional_number("dev_fraction", dev_fraction)
    if sources.dev_fraction is None:
        return fraction
    if fraction not in (None, sources.dev_fraction):
        given.refuse("dev_fraction", dev_fraction, f"no other fraction than dev = {sources.dev_fraction}")
    return sources.dev_fraction
