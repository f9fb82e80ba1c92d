"""The sentences about the runs with new seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.report import candidates, comparison, confirmation, facts
from adaptkit.report.document import as_document
from adaptkit.study.confirmation import AVERAGE, Confirmation
from adaptkit.study.record import best_trial
from adaptkit.study.winner import counting
from tests.helpers.confirmations import DEFAULT_WINS, TIES, UNFINISHED
from tests.helpers.confirmations import confirmation as made
from tests.helpers.studies import edge_studies

STUDIES = edge_studies()


def notes(its: Confirmation, name: str = "beats", **changes: object) -> str:
    summary, trials = STUDIES[name]
    return " ".join(confirmation.notes(replace(summary, confirmation=its, **changes), trials))  # type: ignore[arg-type]


def test_before_the_export_no_weights_are_called_exported() -> None:
    said = notes(STUDIES["beats"][0].confirmation, model_folder=None)  # type: ignore[arg-type]
    assert "This configuration gives 0.8930 ± 0.0040 on average." in said
    assert "exported" not in said


def test_a_configuration_that_is_better_than_the_default() -> None:
    summary, trials = STUDIES["beats"]
    assert confirmation.notes(summary, trials) == [
        "Trial 6's configuration is better than the default: +0.0273 on average over 3 runs with new seeds, "
        "95% interval +0.0120 to +0.0421.",
        "This configuration gives 0.8930 ± 0.0040 on average; the exported weights are those of run 2, which "
        "scored 0.8970 on dev.",
        "The best trial of the search was trial 8, with 0.8977; its configuration gives 0.8860 ± 0.0044 with "
        "new seeds.",
    ]


@pytest.mark.parametrize(
    ("score", "exported", "words"),
    [
        (0.9, AVERAGE, "runs scored 0.9000 on dev and is exported; the best of them, run 2, scored 0.8970."),
        (0.89, AVERAGE, "0.8900 on dev and is exported, as it is less than a standard error worse than"),
        (0.8, 1, "0.8000 on dev, which is worse; the best of them, run 2, scored 0.8970 and is exported."),
    ],
)  # fmt: skip
def test_the_average_and_why_it_is_exported(score: float, exported: int, words: str) -> None:
    its = STUDIES["beats"][0].confirmation
    assert its is not None
    assert its.exported is not None
    average = replace(its.exported, run=AVERAGE, score=score)
    assert words in notes(
        replace(
            its, average=average, best_run=its.exported, exported_run=exported,
            exported=average if exported == AVERAGE else its.exported,
        )
    )  # fmt: skip


def test_a_configuration_that_ties_the_default() -> None:
    said = notes(TIES)
    assert said.startswith("Trial 8's configuration ties the default: +0.0037 on average")
    assert "the 95% interval of the difference, -0.0043 to +0.0131, contains 0." in said
    assert "The best trial of the search" not in said


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_tie_says_why_it_wins(direction: str) -> None:
    """The lead is between 1.5 standard errors, which decide, and the 1.96 of the interval."""
    sign = 1 if direction == "maximize" else -1
    best = best_trial(STUDIES["beats"][1], direction)
    assert best is not None
    scores = {1: (0.5 + 0.0143 * sign, 0.5 + 0.0143 * sign), 0: (0.5, 0.5)}
    ends = (sign * 0.0143 - 0.0163, sign * 0.0143 + 0.0163)
    its = replace(made(1, scores, ends), searched_best=best.number, runs=2)
    gain, (low, high) = candidates.signed(sign * 0.0143), map(candidates.signed, ends)
    assert notes(its, direction=direction).startswith(
        f"Trial 1's configuration ties the default: the 95% interval of the difference, {low} to {high}, "
        f"contains 0. It wins because its lead, {gain} on average over 2 runs with new seeds, is at least "
        "1.5 standard errors, which decides. "
    )


def test_the_default_as_the_winner() -> None:
    said = notes(DEFAULT_WINS)
    assert said.startswith("The default itself is the winner: it has the best mean of 3 runs")
    assert "the next best, trial 8, differs from it by -0.0163, 95% interval -0.0243 to -0.0031." in said
    assert "The best trial of the search was trial 8" in said


def test_the_default_wins_where_no_lead_is_clear() -> None:
    its = made(0, {8: (0.5, 0.6, 0.55), 0: (0.5, 0.6, 0.549)}, (-0.01, 0.0107))
    said = notes(its)
    assert said.startswith("The default itself is the winner: trial 8 has the best mean of 3 runs")
    assert "but its lead of 0.0003, 95% interval -0.0100 to +0.0107, is less than 1.5 standard" in said
    without = [replace(one, low=None, high=None) for one in its.candidates]
    assert "but its lead of 0.0003 is less than 1.5 standard" in notes(replace(its, candidates=without))


def test_a_lower_score_that_is_better() -> None:
    its = made(1, {1: (0.2, 0.3, 0.25), 0: (0.4, 0.5, 0.45)}, (-0.3, -0.1))
    lowest = best_trial(STUDIES["beats"][1], "minimize")
    assert lowest is not None
    its = replace(its, searched_best=lowest.number)
    assert "is better than the default: -0.2000" in notes(its, direction="minimize", metric="error")


@pytest.mark.parametrize(
    ("its", "said"),
    [
        (made(8, {8: (0.9, 0.8, 0.85), 0: (0.8, 0.8, 0.7)}), "the interval of the difference is not known"),
        (made(8, {8: (0.9, 0.8, 0.85), 0: ()}), "the default has no run with a score"),
        (made(0, {8: (), 0: (0.9, 0.8, 0.85)}), "no other configuration has a score"),
        (replace(TIES, exported=None, exported_run=None), "weights are those of the trial itself"),
    ],
)
def test_what_is_not_known_is_said(its: Confirmation, said: str) -> None:
    assert said in notes(its, best=its.winner)


def test_the_sentence_about_one_run_of_each_is_replaced() -> None:
    for name, once in (("finished", True), ("beats", False), ("ties", False), ("confirming", True)):
        summary, trials = STUDIES[name]
        best = facts.winner(summary, trials)
        assert best is not None
        assert ("Each was trained once" in " ".join(comparison.notes(summary, best, trials))) == once, name


def test_how_many_runs_have_ended() -> None:
    summary, trials = STUDIES["confirming"]
    assert "12 of 12 trials and 3 of 9 runs with new seeds" in facts.progress_sentence(summary, trials)
    (said,) = confirmation.unfinished(summary, trials)
    assert said.startswith("3 of 9 runs with new seeds have ended. The same command trains the others.")
    best = facts.winner(summary, trials)
    assert best is not None
    assert best.number == 8
    assert said in comparison.notes(summary, best, trials)


def test_no_run_with_a_score() -> None:
    summary, trials = STUDIES["not confirmed"]
    assert confirmation.notes(summary, trials) == []
    assert "No run with new seeds has a score" in confirmation.unfinished(summary, trials)[0]


def test_few_trials_are_not_confirmed_and_it_is_said() -> None:
    summary, trials = STUDIES["beats"]
    few = replace(summary, best=None, confirmation=None, trials=3)
    assert "fewer than 4 trials, the winner is not confirmed" in confirmation.unfinished(few, trials[:3])[0]
    assert confirmation.unfinished(few, trials[:1]) == []  # nothing is chosen
    assert confirmation.unfinished(few, trials) == []
    assert confirmation.unfinished(replace(few, state="interrupted"), trials[:3]) == []
    failed = [replace(trials[0], state="fail", rungs=(), best_rung=None), *trials[1:3]]
    assert "unless --confirm asks for it" in confirmation.unfinished(few, failed)[0]


def test_a_confirmation_of_another_best_trial_does_not_count() -> None:
    summary, trials = STUDIES["beats"]
    older = replace(summary, best=8, confirmation=replace(TIES, searched_best=6))
    assert counting(older, trials) is None
    assert confirmation.notes(older, trials) == confirmation.unfinished(older, trials) == []
    stale = replace(summary, best=None, confirmation=replace(UNFINISHED, searched_best=6))
    assert confirmation.progress(stale, trials) == ""


def test_the_winner_has_the_numbers_of_the_exported_run() -> None:
    summary, trials = STUDIES["beats"]
    best = facts.winner(summary, trials)
    assert best is not None
    assert (best.number, best.score, best.values["f1"], best.seed) == (6, 0.897, 0.897, 99)
    assert best.groups["person"]["f1"] == 0.91
    assert trials[6].score != best.score
    document = as_document(summary, trials)
    assert document["best"]["score"] == document["study"]["confirmation"]["exported"]["score"] == 0.897
    assert document["study"]["confirmation"]["winner"] == 6
    assert "run 2 by its dev score" in comparison.caveats(summary, best, trials)


def test_with_folds_the_winner_keeps_its_numbers() -> None:
    summary, trials = STUDIES["confirmed folds"]
    best = facts.winner(summary, trials)
    assert best is not None
    assert best.score == trials[6].score
    said = " ".join([*comparison.notes(summary, best, trials), comparison.caveats(summary, best, trials)])
    assert "over 3 runs, each with other folds" in said
    assert "chosen by its mean in 5-fold cross-validation" in said
    assert "on dev" not in said


def over_rows(its: Confirmation) -> Confirmation:
    """The same of solved heads on dev rows: one run each, without weights of their own."""
    once = [replace(one, scores=one.scores[:1], deviation=None) for one in its.candidates]
    return replace(its, over="rows", runs=1, candidates=once, exported=None, exported_run=None)


@pytest.mark.parametrize(
    ("its", "verdict"),
    [
        (TIES, "Trial 8's configuration ties the default: +0.0037 on dev, but the 95% interval of the "
         "difference over the dev rows, -0.0043 to +0.0131, contains 0."),
        (DEFAULT_WINS, "The default itself is the winner: it has the best score; the next best, trial 8, "),
    ],
)  # fmt: skip
def test_solved_heads_on_dev_rows(its: Confirmation, verdict: str) -> None:
    said = notes(over_rows(its))
    assert said.startswith(verdict)
    assert "with new seeds on average" not in said
    assert "exported weights" not in said


def test_a_head_that_scores_otherwise_once_more_is_said() -> None:
    its = over_rows(TIES)
    of_search = STUDIES["beats"][1][8].score
    assert "solved once more" in notes(its, best=8)
    same = [replace(one, mean=of_search) if one.trial == 8 else one for one in its.candidates]
    assert "solved once more" not in notes(replace(its, candidates=same), best=8)


def test_tables_of_solved_heads_say_what_the_interval_is() -> None:
    its = over_rows(TIES)
    assert candidates.head(its) == "2 configurations, compared on resamples of the dev rows"
    assert "over the dev rows; no seed changes a solved head" in candidates.legend(its, "f1")
