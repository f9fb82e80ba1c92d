"""The Python interface: what `import adaptkit` offers to run studies and to use their models.

In reading order:

- `tune.py`: `tune` and `run_study`.
- `arguments.py`: the values that users write, converted to those of the configuration.
- `sources.py`: data as paths or as rows in memory.
- `errors.py`: messages that name arguments instead of command-line options.
- `models.py`: `load`, `evaluate` and `export`.
- `studies.py`: `open_study`.
"""
