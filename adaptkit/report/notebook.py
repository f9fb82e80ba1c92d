"""How a study is shown in a Python session: one line of text, and the HTML report inside a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from adaptkit.report import facts, formatting
from adaptkit.report.escaping import visible
from adaptkit.study.record import StudySummary, TrialRecord

STYLE = (
    "box-sizing: border-box; width: 100%; height: 42rem; border: 1px solid rgba(128, 128, 128, 0.35);"
    " border-radius: 6px"
)
SANDBOX = "allow-same-origin"
"""No scripts, forms or pop-ups. Without this word, browsers draw the frame in a process of its own, and it is
empty in prints and screenshots of a notebook."""


def in_one_line(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """The study's name, state, number of trials and best score."""
    best = None if summary.state == "failed" else facts.winner(summary, trials)
    parts = [summary.state, facts.ended_trials(summary, trials)]
    if best is not None and best.score is not None:
        parts.append(
            f"best {visible(summary.metric, 40)} {formatting.score(best.score)} (trial {best.number})"
        )
    return f"<Study {visible(summary.name, 100)!r}: {', '.join(parts)}>"


def embedded(page: str, name: str) -> str:
    """A complete HTML page as one element of another page.

    The frame has its own styles and runs no scripts, so the page and the notebook do not affect each other.
    """
    title = escape(f"Report of the study {visible(name, 120)}", quote=True)
    attributes = f'sandbox="{SANDBOX}" title="{title}" style="{STYLE}"'
    return f'<iframe {attributes} srcdoc="{escape(page, quote=True)}"></iframe>'
