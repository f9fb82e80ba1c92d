"""Finds the splits of a source that the user named: a file, a folder or a hub id. Reads no rows."""

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
"""The names of each split in files and data sets."""

MAX_HUB_ID = 250
"""The most characters; the hub allows 96 for owner and name together, and a configuration may follow."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?(:[\w.-]+)?")


def splits_of(source: str, task: Task, wanted: Collection[str]) -> Mapping[str, RawSplit]:
    """The splits of a source, as "train", "dev" and "test"; a single file or data set is "train".

    ``wanted`` are the columns that the user named. Raises DataError if the source does not exist.
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
    """The split of this name in a source, or the source's only split."""
    splits = splits_of(source, task, wanted)
    if split in splits:
        return splits[split]
    if len(splits) == 1:
        return next(iter(splits.values()))
    raise DataError(
        f"{source}: no {split} split; it has {listed(splits)}",
        expected=f"a source with a {split} split, or with only one split",
        next_step="Name the file of the split itself",
        code="no-such-split",
    )


def _folder_splits(folder: Path, task: Task, wanted: Collection[str]) -> Mapping[str, RawSplit]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    splits: dict[str, RawSplit] = {}
    for split, names in SPLIT_NAMES.items():
        found = [path for path in files if path.stem.lower() in names and is_readable(path, task)]
        if len(found) > 1:
            raise DataError(
                f"{folder}: more than one {split} file: {listed(path.name for path in found)}",
                expected="one file per split",
                next_step="Name the files one by one with --train, --dev and --test",
                code="ambiguous-split",
            )
        if found:
            splits[split] = RawSplit(str(found[0]), file_rows(found[0], task, wanted))
    if not splits:
        raise DataError(
            f"{folder}: no data in this folder; its files: {listed(path.name for path in files) or 'none'}",
            expected="train.*, dev.* and test.* in one of the formats "
            f"{listed(readable_suffixes(task), most=20)}, or a folder written by datasets' save_to_disk",
            next_step="Choose another folder, or name the files one by one with --train, --dev and --test",
            code="no-data-in-folder",
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
            code="unknown-splits",
        )
    return {
        split: RawSplit(f"{source}/{name}", dataset_rows(f"{source}/{name}", datasets[name]))
        for split, name in chosen.items()
    }


def _is_hub_id(source: str, task: Task) -> bool:
    """Whether a source that does not exist as a file is a hub id rather than a mistyped path."""
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
        next_step = f"Check the name; the folder {str(path.parent)!r} exists"
    else:
        next_step = (
            f"Check the path; the folder {shortened(str(path.parent), most=MAX_HUB_ID)} does not exist either"
        )
    return DataError(
        f"no file or folder {shortened(source, most=MAX_HUB_ID)}",
        expected="a file, a folder, or the id of a data set",
        next_step=next_step,
        code="no-such-source",
    )
