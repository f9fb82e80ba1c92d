"""Asks the hub for one answer within seconds: the libraries wait minutes for a hub that is not reachable."""

from __future__ import annotations

import threading

ANSWER_SECONDS = 5.0


def hub_answers() -> bool:
    """Whether the hub gives any answer at all within seconds."""
    answered = threading.Event()

    def ask() -> None:
        from huggingface_hub import constants, get_session

        try:
            get_session().head(constants.ENDPOINT, timeout=ANSWER_SECONDS)
        except Exception:  # every kind of failure means the same here
            return
        answered.set()

    # A thread, because looking up a name has no timeout of its own.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return answered.is_set()
