"""A model as one ONNX graph, and graphs with weights in fewer bits."""
