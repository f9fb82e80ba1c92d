"""Callbacks that write a study's trials to experiment trackers, one run per trial; each needs an extra.

- `values.py`: what is written: parameters, scores after each rung, final scores.
- `earlier.py`: trials that ended before the tracker was there.
- `mlflow.py`, `tensorboard.py`, `wandb.py`: where it is written.
- `trackers.py`: a tracker by its name, as ``adaptkit tune --track`` takes it.
"""
