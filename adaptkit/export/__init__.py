"""A model folder: writes a trial as one, verifies it, loads it back, and predicts with it.

In reading order:

- `saving.py`: writes a trial as a folder for transformers or peft, and verifies it.
- `model_card.py`: the folder's README.md.
- `loading.py`: loads such a folder.
- `prediction.py`: sorts rows by length, and predicts them batch by batch with torch or ONNX Runtime.
- `predictor.py`: predicts with a loaded model, and scores it.
- `onnx_folder.py`: writes a model as ONNX, with `onnx_writing.py` and `onnx_script.py`.
- `onnx_model.py`: loads such a folder.
"""
