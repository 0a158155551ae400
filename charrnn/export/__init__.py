"""Write a checkpoint for other programs: ONNX and safetensors."""
