"""One study from start to end. `tune.py` reads from top to bottom as the complete program.

In reading order:

- `tune.py`: `run`: the stages of a study in their order.
- `resolve.py`: checks the configuration, and resolves its name, metric and device.
- `method.py`: what "auto" resolves to: pooling, solver, folds, layers.
- `pooling.py`, `penalty.py`, `weighting.py`: how the head pools, the range of its penalty, the class weights.
- `setup.py`: the stages before the first trial: read the data, load the model, encode, measure.
- `opening.py`: creates a study on disk, or opens an existing one.
- `context.py`: what every later stage needs: the study's folder and summary, the clock, the progress.
- `reshuffling.py`: gives each trial dev rows of its own.
- `head_init.py`: solves the head that the trials start with.
- `training.py`: trains the remaining trials.
- `heads.py`: solves the remaining trials' heads instead, and the best one again on all rows.
- `scheduler.py`: between the engine and the search: suggests trials, prunes them.
- `ended_trials.py`: the records of the trials that have ended, and the weights of the best ones.
- `confirmation.py`: trains the best configurations again, or scores their heads on resamples of the rows.
- `confirmation_scheduler.py`, `initials.py`: which of these runs come next, and where they start.
- `confirmed.py`, `soup.py`: their result, and the average of the winner's weights.
- `refit.py`, `refitting.py`: train the winner again on all rows.
- `baselines.py`: scores the task's baselines on the rows that score the trials, and on the test rows.
- `finalize.py`: exports the winner, scores it on the test rows, and writes the report.
- `study.py`: the result: a study on disk, as `adaptkit.tune` returns it.
"""
