"""The search for hyperparameters: Optuna suggests them, pruning stops bad trials. Does not import torch.

In reading order:

- `space.py`: which hyperparameters are searched, and in which ranges.
- `search.py`: asks Optuna for trials and tells it their results, so that the total stays exact.
- `pruning.py`: which trials end early after a rung: successive halving.
- `importance.py`: how much each hyperparameter matters.
- `storage.py`: Optuna's storage, one SQLite file.
- `repair.py`: rebuilds a damaged storage from the trial records.
- `recovery.py`: rebuilds lost trial records from the storage.
"""
