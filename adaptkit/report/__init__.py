"""A study shown to people and programs: terminal, HTML, Markdown, JSON, and live progress.

Reads the records only; does not import torch or Optuna. In reading order:

- `facts.py`: the contents of a report: the winner, the order of the trials, the tables.
- `baselines.py`, `comparison.py`, `edges.py`: the winner compared with baselines, the default and the ranges
  that were searched.
- `weak_classes.py`: the classes that it finds least on the test rows.
- `advice.py`: warnings about the winner, with the options that may help.
- `setting.py`: how the study was done: what was searched, and on what device.
- `formatting.py`: numbers as text.
- `escaping.py`: makes texts from data and plugins safe to show.
- `loading.py`: the Python code that loads the exported model.
- `terminal.py`, `trial_table.py`, `widgets.py`: the report in a terminal.
- `html.py`, `report.html.jinja`, `style.css.jinja`, `charts.py`: the report as a web page with two charts.
- `markdown.py`: the report as GitHub Markdown.
- `document.py`: the report as JSON.
- `progress.py`, `running_trials.py`, `throughput.py`: the progress of a running study.
"""
