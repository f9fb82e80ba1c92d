"""How fast models predict: in this process, by ONNX Runtime, by transformers' pipelines, and over HTTP."""
