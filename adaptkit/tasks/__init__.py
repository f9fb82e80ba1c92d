"""Finding and loading task plugins, and helpers for their authors. Does not depend on data files or models.

The files in reading order:

- `registry`: finds installed tasks and loads one
- `options`: the options of a task
- `calls`: names the plugin in errors of its parts, and keeps them from ending the program
- `validation`: whether the parts of a task have the right types
- `resampled`: a task's scores on resampled rows
- `columns`, `examples`, `scores`, `classification`, `baselines` with `tfidf`, `truncation`, `thresholds`:
  helpers for plugin authors
- `marks`, `words`, `word_spans`, `word_examples`: the same for tasks on words
- `scaffold/`: the files of a new plugin
"""
