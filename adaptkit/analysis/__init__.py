"""What a study's results are compared with. Depends on the task contract and the records, and not on torch.

- `baselines`: the scores of a task's baselines, on the rows that the trials are scored on
"""
