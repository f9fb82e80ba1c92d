"""What one study keeps for the next: the outputs of a frozen encoder, which depend only on encoder and data.

The files in reading order:

- `entries`: the cache folder, its entries and its size limit
- `features`: a feature store that uses the cache, and maps features that do not fit into memory
"""
