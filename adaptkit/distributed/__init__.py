"""Trains a study's trials on several devices or machines, with Ray; needs the extra ``adaptkit[ray]``.

One actor per device trains populations of its own with the same engine. The driver alone owns the search and
the study: a worker asks it what a `Scheduler` is asked, and waits for the answer.
"""
