"""Loading pre-trained models with a task's head. Does not depend on data or training.

The files in reading order:

- `loading`: a model with head and tokenizer
- `files`: finds the files of a model, and refuses damaged ones
- `adapters`: refuses adapters where a complete model is needed
- `settings`: refuses settings that lead outside the model's folder
- `fingerprint`: the SHA-256 of a base model
- `tokenizer`: its tokenizer, and whether it fits
- `compatibility`: whether it is an encoder, and complete
- `existing_head`: what becomes of a head that it brings along
- `examples`: whether it can read the training rows
- `custom_head`: a task's own head on a pre-trained encoder
- `pooling`: heads on the mean of a text's tokens, or on the first one
- `pairs`: heads on two texts that the encoder reads apart
- `depth`: how many of the encoder's layers are used
"""
