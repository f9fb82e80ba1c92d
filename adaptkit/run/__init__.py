"""One study from start to end. `tune.py` reads from top to bottom as the complete program.

In reading order:

- `tune.py`: `tune` and `run`: the stages of a study in their order.
- `resolve.py`: checks the configuration, and resolves its name, metric and device.
- `setup.py`: the stages before the first trial: read the data, load the model, encode, measure.
- `opening.py`: creates a study on disk, or opens an existing one.
- `context.py`: what every later stage needs: the study's folder and summary, the clock, the progress.
- `training.py`: trains the remaining trials.
- `scheduler.py`: between the engine and the search: suggests trials, prunes them, records their ends.
- `finalize.py`: exports the winner, scores it on the test rows, and writes the report.
- `study.py`: the result: a study on disk, as `adaptkit.tune` returns it.
"""
