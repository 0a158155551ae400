"""A checkpoint as a safetensors file: the weights under PyTorch's names, the rest as metadata."""

from __future__ import annotations

from safetensors.torch import save

from charrnn.export.metadata import describe
from charrnn.model.checkpoint import Checkpoint


def to_safetensors(checkpoint: Checkpoint) -> bytes:
    """Return the content of a safetensors file. The weights are those of `CharLSTM.state_dict`, in float32."""
    weights = {name: weight.float().contiguous() for name, weight in checkpoint.weights.items()}
    return save(weights, metadata=describe(checkpoint))
