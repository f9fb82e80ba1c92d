"""From a source the user named (a file, a folder, a hub id) to its splits, not read yet.

Knows nothing of what a good row is.
"""

from __future__ import annotations

import os.path
import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.data.columnar import dataset_rows
from adaptkit.data.hub import hub_splits, saved_splits
from adaptkit.data.readers import file_rows, is_readable, readable_suffixes
from adaptkit.data.rows import RawSplit, listed, shortened
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adaptkit.task import Task

SPLIT_NAMES = {
    "train": ("train",),
    "dev": ("dev", "validation", "valid", "val", "devel"),
    "test": ("test",),
}
"""What files and data sets call each split."""

MAX_HUB_ID = 250
"""Characters; the hub allows 96 for the owner and the name together, and a configuration may follow."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?(:[\w.-]+)?")


def splits_of(source: str, task: Task, wanted: Collection[str]) -> Mapping[str, RawSplit]:
    """The splits in a source, under "train", "dev" and "test"; a single file or data set is "train".

    ``wanted`` are the columns that a mapping names. Raises DataError for a source that is not there.
    """
    path = Path(source)
    if os.path.isfile(source):
        return {"train": RawSplit(source, file_rows(path, task, wanted))}
    if os.path.isdir(source):
        saved = (path / "dataset_dict.json").exists() or (path / "state.json").exists()
        return _dataset_splits(source, saved_splits(path)) if saved else _folder_splits(path, task, wanted)
    if _is_hub_id(source, task):
        return _dataset_splits(source, hub_splits(source))
    raise _missing(source)


def one_split(source: str, split: str, task: Task, wanted: Collection[str]) -> RawSplit:
    """A source that was named for one split: this split of it, or the only one it holds."""
    splits = splits_of(source, task, wanted)
    if split in splits:
        return splits[split]
    if len(splits) == 1:
        return next(iter(splits.values()))
    raise DataError(
        f"{source}: no {split} split; there are {listed(splits)}",
        expected=f"a source with a {split} split, or with a single one",
        next_step="Name the file itself",
    )


def _folder_splits(folder: Path, task: Task, wanted: Collection[str]) -> Mapping[str, RawSplit]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    splits: dict[str, RawSplit] = {}
    for split, names in SPLIT_NAMES.items():
        found = [path for path in files if path.stem.lower() in names and is_readable(path, task)]
        if len(found) > 1:
            raise DataError(
                f"{folder}: more than one {split} file: {listed(path.name for path in found)}",
                expected="one file a split",
                next_step="Name the files one by one with --train, --dev and --test",
            )
        if found:
            splits[split] = RawSplit(str(found[0]), file_rows(found[0], task, wanted))
    if not splits:
        raise DataError(
            f"{folder}: no data in this folder; its files: {listed(path.name for path in files) or 'none'}",
            expected="train.*, dev.* and test.* in one of the formats "
            f"{listed(readable_suffixes(task), most=20)}, or a folder written by datasets' save_to_disk",
            next_step="Name another folder, or the files one by one with --train, --dev and --test",
        )
    return splits


def _dataset_splits(source: str, datasets: Mapping[str, object]) -> Mapping[str, RawSplit]:
    chosen = {
        split: name for split, names in SPLIT_NAMES.items() for name in reversed(names) if name in datasets
    }
    if not chosen:
        raise DataError(
            f"{source}: none of its splits {listed(datasets)} is known",
            expected="splits named train, validation and test",
            next_step="Save the splits under these names, or as files",
        )
    return {
        split: RawSplit(f"{source}/{name}", dataset_rows(f"{source}/{name}", datasets[name]))
        for split, name in chosen.items()
    }


def _is_hub_id(source: str, task: Task) -> bool:
    """Whether a source that is no file here reads as a hub id rather than as a mistyped path."""
    if len(source) > MAX_HUB_ID or not _HUB_ID.fullmatch(source):
        return False
    path = Path(source)
    if path.suffix.lower() in [*readable_suffixes(task), ".txt"]:
        return False
    return not path.parent.is_dir() if "/" in source else not _near_names(path)


def _near_names(path: Path) -> list[str]:
    try:
        names = os.listdir(path.parent)
    except (OSError, ValueError):
        return []
    return get_close_matches(path.name, names, n=3)


def _missing(source: str) -> DataError:
    path = Path(source)
    near = _near_names(path)
    if near:
        next_step = f"Did you mean {' or '.join(repr(str(path.with_name(name))) for name in near)}?"
    elif os.path.isdir(path.parent):
        next_step = f"Check the name; the folder {str(path.parent)!r} is there"
    else:
        next_step = (
            f"Check the path; there is no folder {shortened(str(path.parent), most=MAX_HUB_ID)} either"
        )
    return DataError(
        f"no file or folder {shortened(source, most=MAX_HUB_ID)}",
        expected="a file, a folder, or the id of a data set",
        next_step=next_step,
    )
