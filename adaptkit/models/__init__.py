"""Loading pre-trained models with a task's head. Does not depend on data or training.

The files in reading order:

- `loading`: a model with head and tokenizer
- `files`: finds the files of a model, and refuses damaged ones
- `custom_head`: a task's own head on a pre-trained encoder
- `pooling`: heads on the mean of a text's tokens, or on the first one
- `pairs`: heads on two texts that the encoder reads apart
- `depth`: how many of the encoder's layers are used
"""
