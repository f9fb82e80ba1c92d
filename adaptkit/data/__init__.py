"""From the data sources that the user names to padded tensors. Does not depend on models, except tokenizers.

The files in reading order:

- `load`: a data set from start to end: read, check, split
- `sources`: the splits of a file, a folder or a hub id
- `readers`: the reader of a file, by its first bytes and its suffix; `options`: what the user said about it
- `text` and `compressed`: the bytes of files
- `tables` with `delimiters`, `json_rows` with `json_shapes`, `columnar`, `excel`, `hub`: the formats
- `formats/`: the exports of annotation tools; `word_tables`: tables with one word per row
- `rows`: rows with their origin
- `checks` with `columns`, `labels`, `duplicates`: what is checked
- `splits`: dev rows split off the training rows
- `encode`: rows to examples and padded tensors
- `plan`: the order of examples in an epoch
"""
