"""The strategies: which parameters of a model are trained. `adaptkit.strategy` is their contract.

In reading order:

- `frozen`: the head only
- `lora`: low-rank updates beside the frozen weights, and the head
- `full`: every parameter
- `registry`: finds these and those of plugins, and loads one
- `apply`: applies one to a loaded model
"""
