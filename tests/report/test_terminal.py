from __future__ import annotations

import io
import re
import subprocess
import sys
import unicodedata

import pytest
from rich.cells import cell_len
from rich.console import Console

from adaptkit.report.terminal import print_report
from tests.helpers.studies import edge_studies

STUDIES = edge_studies()


def printed(name: str, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    print_report(Console(file=file, width=width, color_system=None), *STUDIES[name])
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("width", [50, 80, 200])
@pytest.mark.parametrize("name", STUDIES)
def test_no_line_is_too_wide_and_only_text_is_printed(name: str, width: int, encoding: str) -> None:
    text = printed(name, width, encoding)
    assert max(cell_len(line) for line in text.split("\n")) <= min(width, 100)
    hidden = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs")}
    assert hidden <= {"\n"}
    assert " nan" not in text
    assert " inf " not in text


def test_the_report_of_a_finished_study() -> None:
    text = " ".join(printed("finished").split())
    for said in (
        "people-and-places finished",
        "Winner: trial 8",
        "dev 0.8977",
        "test 0.8791",
        "learning rate 9.80e-4 · batch size 16",
        "0.0279 better than the default hyperparameters (trial 0: 0.8698)",
        "studies/people-and-places/best",
        "from peft import PeftModel",
        "6 complete, 5 pruned, 1 failed",
        "diverged after epoch 0.75",
        "after epoch 1: 0.557, below the best third of its rung",
        "All with epochs 3, weight decay 0.01, warmup 0.1.",
        "learning rate 78%",
        "By entity type",
        "Straße",
        "東京",
        "letters/train.conll",
        "14,041 12 14,102",
        "8 trials in one population",
        "peak memory 6.4 GiB",
        "train 5 min 12 s",
        "12 rows of letters/train.conll were skipped",
    ):
        assert said in text, said
    assert all(f" {number} " in text or f"★{number} " in text for number in range(12))


@pytest.mark.parametrize(
    ("name", "said", "unsaid"),
    [
        ("running", "Still running: 5 of 12 trials have ended.", "Winner:"),
        ("interrupted", "Run the same command again", "Winner:"),
        ("resumed", "4 pruned, 1 failed, 1 interrupted.", "nothing"),
        ("resumed", "stopped by SIGINT", "interrupted: "),
        ("failed", "Every trial failed (12 of 12 trials ended)", "Best so far"),
        ("failed", "12 trials out of memory", "Winner:"),
        ("no trials", "0 of 12 trials have ended", "Trials"),
        ("one trial", "These are the default hyperparameters", "better than"),
        ("all pruned", "2 pruned", "Winner:"),
        ("hundred trials", "The best 20 of 100", "nothing"),
        ("many classes", "The 15 most frequent of 77: adaptkit report --html FILE shows all.", "nothing"),
        ("calibrated", "Chosen on the dev rows: null threshold 0.341512.", "nothing"),
        ("finished", "that score is somewhat too high", "Chosen on the dev rows"),
        ("frozen", "read the data once for all trials", "peft"),
        ("full", "from transformers import AutoModelForTokenClassification, AutoTokenizer", "peft"),
        ("own head", "model = adaptkit.load(folder)", "transformers import"),
        ("own head", "This is the task's sample", "transformers import"),
        ("hostile", "\\x1b[31mred\\x1b[0m \\u202egnp.exe [bold]b[/bold] <script>", "nothing"),
    ],
)
def test_states_and_edges(name: str, said: str, unsaid: str) -> None:
    text = " ".join(printed(name).split())
    assert said in text
    assert unsaid not in text


def test_a_coloured_report_has_no_escapes_from_the_data() -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    print_report(console, *STUDIES["hostile"])
    assert "\x1b[31mred" not in file.getvalue()
    assert "\u202e" not in file.getvalue()
    assert "[bold]b[/bold]" in file.getvalue()


def test_the_terminal_report_imports_nothing_heavy() -> None:
    names = ("terminal", "document", "markdown", "progress")
    code = f"import sys, {', '.join(f'adaptkit.report.{name}' for name in names)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"torch", "optuna", "transformers", "datasets", "numpy", "pandas", "jinja2"}


def test_long_names_that_differ_at_their_ends_stay_distinct() -> None:
    text = printed("many classes")
    assert all(re.search(rf"class_{place} ", text) for place in range(15))


def test_the_baselines_stand_below_the_winners_scores() -> None:
    text = printed("baselines")
    assert re.search(r"baselines, dev\s*\n    majority class +0\.1000 .*\n    words +0\.8125 ", text)
    joined = " ".join(text.split())
    assert "0.0852 better than the best baseline, words (0.8125)" in joined
    assert "93% of the rows have the most frequent class" in joined
    assert "baseline" not in printed("finished")


def test_test_rows_have_baselines_and_lowest_classes() -> None:
    text = printed("tested baselines")
    assert re.search(r"words +0\.8125 .*\n  baselines, test *\n    words +0\.8500 ", text)
    joined = " ".join(text.split())
    assert "this model is 0.0291 better than the best baseline scored there, words (0.8500)." in joined
    assert "The lowest f1 on test" not in joined, "the table shows all classes"
    assert "The lowest f1 on test: " in " ".join(printed("many classes").split())


def test_a_winner_that_does_not_beat_a_baseline_is_reported() -> None:
    joined = " ".join(printed("unbeaten").split())
    assert "The baseline words scores 0.9500 on the same rows: this model does not beat it." in joined
    assert "Try --strategy full" in joined


def test_cross_validation_is_not_called_dev() -> None:
    text = printed("folds").split("Data\n")[0]
    assert "5-fold" in text
    assert "5-fold cross-validation on the training rows" in " ".join(text.split())
    assert not re.search(r"\bdev\b", text)


def test_stopped_trials_are_not_called_complete() -> None:
    text = printed("stopped")
    assert "6 stopped" in text
    assert "after epoch 3.00: the" in text
    assert " complete" not in text


def test_the_intervals_of_the_test_scores() -> None:
    text = " ".join(printed("intervals").split())
    assert "95% interval over the test rows: f1 0.8641 to 0.8925, recall 0.8500 to 0.8950." in text
    without = " ".join(printed("finished").split())
    assert without.count("interval") == without.count("doubling gained 0.0051 (95% interval") == 1


def test_the_configurations_with_new_seeds() -> None:
    text = " ".join(printed("beats").split())
    assert "Confirmation 3 configurations, 3 runs of each with new seeds" in text
    assert "★6 3 0.8930 0.0040 +0.0273 +0.0120 to +0.0421" in text
    assert "dev 0.8970" in text
    assert "ties the default" in printed("ties")
