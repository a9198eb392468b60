"""A model as one ONNX graph. onnx is imported here only."""
