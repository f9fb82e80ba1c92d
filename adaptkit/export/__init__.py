"""A model folder: writes a trial as one, verifies it, loads it back, and predicts with it.

In reading order:

- `saving.py`: writes a trial as a folder for transformers or peft, and verifies it.
- `model_card.py`: the folder's README.md.
- `loading.py`: loads such a folder.
- `predictor.py`: predicts with a loaded model, and scores it.
"""
