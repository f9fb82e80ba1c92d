"""The fast paths: they make the engine faster and do not change what it computes, rounding apart.

Each has a figure with and without it in benchmarks/README.md, and ``--no-fast-paths`` turns all of them off.
In reading order:

- `fast_paths`: their names, and the function that applies those that replace parts of a model
- `attention`: one fused attention kernel for all trials of a pass
- `lora`: peft's linear layers in few and large products
- `probe`: which hidden states a head reads, by the gradient of its outputs
- `first_token`: under a frozen encoder, whether the first token's state is all that a head reads
- `layer_forms`: how a layer of a known form computes the first token's state alone
- `last_layer`: the encoder's last layer for the first token alone
- `vocabulary`: the embeddings of tokens that do not occur, left out of a trial's slot
"""
