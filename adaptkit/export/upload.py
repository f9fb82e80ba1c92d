"""Uploads a model folder to the Hugging Face hub, with huggingface_hub's own client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from adaptkit.errors import AdaptkitError, ConfigError, HubError
from adaptkit.export.loading import read_description
from adaptkit.export.saving import CARD
from adaptkit.report.loading import is_hub_id
from adaptkit.system.hub import hub_answers
from adaptkit.system.manifest import MANIFEST, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

LOG_IN = "Log in with 'hf auth login', or set HF_TOKEN to a token that may write."


@dataclass(frozen=True, kw_only=True)
class Upload:
    """What is uploaded, and where to."""

    folder: Path
    repository: str
    files: Mapping[str, int]
    """The name of each file, and its bytes."""

    left_out: Sequence[str]
    """Files in the folder that adaptkit did not write."""

    warning: str = ""


def planned(folder: Path, repository: str) -> Upload:
    """What an upload of the folder would do. Checks the folder's files, and asks nothing of the hub.

    Args:
        folder: a model folder that adaptkit wrote.
        repository: the name of the repository on the hub, such as "acme/rivers".

    Raises:
        ConfigError: the hub has no repositories of this name.
        ModelError: the folder was not exported by adaptkit.
        StudyError: one of its files is damaged.
    """
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise ConfigError(
            f"{repository!r:.200} is not the name of a repository",
            expected="OWNER/NAME or NAME, of letters, digits, '-', '_' and '.'",
            next_step="Give, for example, your-name/my-model.",
            code="repository-name",
        ) from error
    about = read_description(folder)
    ours = {*read_manifest(folder), MANIFEST, CARD}
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    warning = ""
    if about.base_model is not None and not is_hub_id(about.base_model):
        warning = (
            f"the folder holds an adapter for {about.base_model}, which is not a model of the hub: others "
            "cannot load it. 'adaptkit export STUDY --merge' writes a complete model."
        )
    return Upload(
        folder=folder, repository=repository, warning=warning,
        files={name: path.stat().st_size for name, path in sorted(found.items()) if name in ours},
        left_out=sorted(set(found) - ours),
    )  # fmt: skip


def upload(given: Upload, *, private: bool) -> str:
    """Create the repository if there is none, upload the files in one commit, and return its address.

    Args:
        given: what to upload.
        private: create a private repository. An existing public one is refused.

    Raises:
        ConfigError: there is no token, it may not write there, or the repository is public.
        HubError: the hub cannot be reached, or failed.
    """
    if get_token() is None:
        raise _no_token()
    if constants.HF_HUB_OFFLINE or not hub_answers():
        raise HubError(
            f"the hub at {constants.ENDPOINT} cannot be reached",
            expected="no HF_HUB_OFFLINE"
            if constants.HF_HUB_OFFLINE
            else "a connection to it, or another address in HF_ENDPOINT",
            next_step="Nothing was uploaded. Run the same command again.",
            code="hub-unreachable",
        )
    with _in_words(given.repository):
        return _committed(given, HfApi(library_name="adaptkit"), private=private).commit_url


def _committed(given: Upload, hub: HfApi, *, private: bool) -> CommitInfo:
    name = hub.create_repo(given.repository, private=private or None, exist_ok=True).repo_id
    if private and not hub.repo_info(name).private:
        raise ConfigError(
            f"the repository {name} is public, and --private was given",
            expected="a private repository, or a new one",
            next_step="Nothing was uploaded. Make it private in its settings, or choose another name.",
            code="repository-public",
        )
    added = [
        CommitOperationAdd(path_in_repo=file, path_or_fileobj=given.folder / file) for file in given.files
    ]
    return hub.create_commit(name, added, commit_message="Upload a model with adaptkit")


@contextmanager
def _in_words(repository: str) -> Iterator[None]:
    """Raise what huggingface_hub raises in the block as adaptkit's errors."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise _no_token() from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise _refusal(repository, error) from error
    except (ValueError, RuntimeError) as error:  # of the large files; the cause says why
        raise _refusal(repository, error.__cause__ or error) from error


def _no_token() -> ConfigError:
    return ConfigError(
        "there is no token for the hub", next_step=f"{LOG_IN} Nothing was uploaded.", code="hub-no-token"
    )


def _refusal(repository: str, error: BaseException) -> AdaptkitError:
    """The error in adaptkit's words, by the status of the hub's answer if there was one."""
    response = getattr(error, "response", None)
    status = 0 if response is None else response.status_code
    said = getattr(error, "server_message", None) or str(error).partition("\n")[0] or type(error).__name__
    if status == 401:
        return ConfigError(
            f"the hub does not accept the token ({said})", next_step=LOG_IN, code="hub-bad-token"
        )
    if status == 403:
        return ConfigError(
            f"the token may not write to {repository} ({said})",
            expected="a token that may write, and a repository of yours or of your organisation",
            next_step="Choose another repository, or use another token.",
            code="hub-forbidden",
        )
    if status == 404:
        return ConfigError(
            f"the hub has no place for {repository} ({said})",
            expected="OWNER/NAME, with your name or that of an organisation you belong to",
            next_step="Check the name; 'hf auth whoami' shows yours.",
            code="hub-not-found",
        )
    return HubError(
        f"the upload to {repository} failed ({said})",
        next_step="The repository has either all files or none of them. Run the same command again.",
        code="hub-failed",
    )
