"""The trials of a study that have ended: their records, and the weights of the best ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adaptkit.run.weights import weights_writer
from adaptkit.search.repair import LOST
from adaptkit.study.record import TrialRecord
from adaptkit.study.recovery import missing_records

if TYPE_CHECKING:
    import torch

    from adaptkit.study.folder import StudyFolder

WEIGHTS_KEPT = 3
"""The number of best trials whose weights are kept."""


class EndedTrials:
    """Records of ended trials, those of earlier runs first, as they are written in the study's folder."""

    def __init__(
        self,
        folder: StudyFolder,
        direction: str,
        vocabulary: torch.Tensor | None = None,
        head_inputs: Mapping[str, torch.Tensor] = {},
        *,
        keep_default: bool = False,
    ) -> None:
        """Read the records of the trials that ended before.

        Args:
            folder: the study's folder.
            direction: "maximize" or "minimize".
            vocabulary: the tokens whose embeddings are trained; kept with each trial's weights.
            head_inputs: examples of what the head receives; kept with each trial's weights.
            keep_default: keep the default's weights, too, with which the best ones are compared.
        """
        self.folder = folder
        self.direction = direction
        self.vocabulary = vocabulary
        self.head_inputs = head_inputs
        self.keep_default = keep_default
        self.records = list(folder.read_trials())
        self.best_parameters: torch.Tensor | None = None
        """``[P]``: those of the best trial, if it ended in this run."""

    def keep_weights(self, record: TrialRecord, parameters: torch.Tensor) -> None:
        """Keep the weights of a trial that has no record yet, if it is among the best."""
        if record.state == "complete" and record.number in self._kept_numbers([*self.records, record]):
            self._write_weights(record.number, parameters)

    def add(self, record: TrialRecord) -> None:
        """Write the record of a trial."""
        self.folder.write_trial(record)
        self.records.append(record)

    def drop_weights(self, last: TrialRecord, parameters: torch.Tensor | None) -> str:
        """Keep no more weights than those of the best trials, and restore what was removed.

        Args:
            last: the trial that has ended last.
            parameters: its parameters ``[P]``, if they are known.

        Returns:
            What was restored, as `restore` says.
        """
        best = self._best_numbers(self.records)
        if parameters is not None and best[:1] == [last.number]:
            self.best_parameters = parameters
        restored = self.restore()
        self.folder.drop_weights_except({*self._kept_numbers(self.records), *self._without_record()})
        return restored

    def restore(self) -> str:
        """Write records again that someone has removed, and the best trial's weights if they are known.

        Returns:
            A warning that says how many records were removed; empty if none were.
        """
        missing = missing_records(self.folder, [record.number for record in self.records])
        for record in self.records:
            if record.number in missing:
                self.folder.write_trial(record)
        best = self._best_numbers(self.records)[:1]
        kept = self.folder.numbers_with_weights()
        if best and best[0] not in kept and self.best_parameters is not None:
            self._write_weights(best[0], self.best_parameters)
        if not missing:
            return ""
        return f"{self.folder.trials}: {len(missing)} records were removed; they were written again"

    def _write_weights(self, number: int, parameters: torch.Tensor) -> None:
        self.folder.keep_weights(number, weights_writer(parameters, self.vocabulary, self.head_inputs))

    def _without_record(self) -> set[int]:
        """The trials whose weights stay because their record is lost."""
        recorded = {record.number for record in self.records if record.reason != LOST}
        return self.folder.numbers_with_weights() - recorded

    def _kept_numbers(self, records: Sequence[TrialRecord]) -> set[int]:
        if not self.keep_default:
            return set(self._best_numbers(records))
        default = {record.number for record in records if record.is_default}
        return {*self._best_numbers([one for one in records if not one.is_default]), *default}

    def _best_numbers(self, records: Sequence[TrialRecord]) -> list[int]:
        scored = [record for record in records if record.state == "complete" and record.score is not None]
        sign = -1.0 if self.direction == "maximize" else 1.0
        scored.sort(key=lambda record: (sign * (record.score or 0.0), record.number))
        return [record.number for record in scored[:WEIGHTS_KEPT]]
