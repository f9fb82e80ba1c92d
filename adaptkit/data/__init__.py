"""From the data sources that the user names to padded tensors. Does not depend on models, except tokenizers.

The files in reading order:

- `load`: a data set from start to end: read, check, split
- `sources`: the splits of a file, a folder or a hub id
- `readers`: the reader of a file, by its suffix
- `text`, `tables`, `json_rows`, `columnar`, `hub`: the formats that adaptkit reads
- `rows`: rows with their origin
- `checks`, `labels`, `duplicates`: what is checked
- `splits`: dev rows split off the training rows
- `encode`: rows to examples and padded tensors
- `plan`: the order of examples in an epoch
"""
