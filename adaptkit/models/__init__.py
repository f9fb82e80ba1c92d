"""Loading pre-trained models with a task's head. Does not depend on data or training.

The files in reading order:

- `loading`: a model with head and tokenizer
- `files`: finds the files of a model, and refuses damaged ones
- `custom_head`: a task's own head on a pre-trained encoder
"""
