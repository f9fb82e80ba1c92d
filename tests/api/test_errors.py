from __future__ import annotations

import pickle
import signal

import pytest

from adaptkit.api.errors import KeyboardInterrupted, in_python_words, with_arguments
from adaptkit.errors import ConfigError, Interrupted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name --train, or --dev and --test", "Name train=, or dev= and test="),
        ("Add --head-solver adamw.", "Add head_solver='adamw'."),
        ("Choose --folds 0, or leave it out", "Choose folds=0, or leave it out"),
        ("Change --lr and --batch-size.", "Change learning_rate= and batch_sizes=."),
        ("leave out bad rows with --skip-bad-rows", "leave out bad rows with skip_bad_rows=True"),
        ("pip install --upgrade adaptkit", "pip install --upgrade adaptkit"),
        ("run the same 'adaptkit tune' command again", "run the same call again"),
        ("or start a study with 'adaptkit tune'.", "or start a study with adaptkit.tune()."),
        ("Run the same command again", "Run the same call again"),
        ("name it with --column text=body", "name it with columns={'text': 'body'}"),
        ("Use --option a=b,c, or", "Use options={'a': 'b,c'}, or"),
        ("Use --metric-option a='b, c'.", "Use metric_options={'a': 'b, c'}."),
        ("Leave out --option.", "Leave out options=."),
        ("with --column a=x --column b=COLUMN.", "with columns={'a': 'x', 'b': 'COLUMN'}."),
    ],
)  # fmt: skip
def test_options_become_arguments(text: str, expected: str) -> None:
    assert with_arguments(text) == expected


def test_an_error_is_reworded_and_keeps_its_code() -> None:
    with pytest.raises(ConfigError) as caught, in_python_words():
        raise ConfigError("--merge", expected="no --merge", next_step="Leave out --merge.", code="x")
    assert str(caught.value) == "merge=True. Expected no merge=True. Leave out merge=True."
    assert caught.value.code == "x"


def test_ctrl_c_is_a_keyboard_interrupt() -> None:
    stopped = Interrupted(signal.SIGINT)
    stopped.study = "study"
    with pytest.raises(KeyboardInterrupt) as caught, in_python_words():
        raise stopped
    assert isinstance(caught.value, Interrupted)
    assert caught.value.study == "study"
    assert str(caught.value) == "stopped by SIGINT. Make the same call again to continue."


def test_sigterm_is_none() -> None:
    with pytest.raises(Interrupted) as caught, in_python_words():
        raise Interrupted(signal.SIGTERM)
    assert not isinstance(caught.value, KeyboardInterrupt)


@pytest.mark.parametrize("kind", [Interrupted, KeyboardInterrupted])
def test_an_interruption_can_be_pickled(kind: type[Interrupted]) -> None:
    error = pickle.loads(pickle.dumps(kind(signal.SIGINT)))
    assert type(error) is kind
    assert error.exit_code == 130
