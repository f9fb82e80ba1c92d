"""Checks within seconds whether the hub can be reached; the libraries themselves wait for minutes."""

from __future__ import annotations

import threading

ANSWER_SECONDS = 5.0


def hub_answers() -> bool:
    """Whether the hub answers a request within `ANSWER_SECONDS`."""
    answered = threading.Event()

    def ask() -> None:
        from huggingface_hub import constants, get_session

        try:
            get_session().head(constants.ENDPOINT, timeout=ANSWER_SECONDS)
        except Exception:  # any failure means that the hub cannot be reached
            return
        answered.set()

    # In a thread, because a DNS lookup has no timeout of its own.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return answered.is_set()
