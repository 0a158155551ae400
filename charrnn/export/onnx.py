"""A checkpoint as an ONNX model, which ONNX Runtime and others run without PyTorch.

Inputs: `ids` (batch, time) int64 and the state before them, `hidden` and, for an LSTM, `cell`, each (layers, batch,
rnn_size) float32, zeros at the beginning. Outputs: `logits` (batch, time, vocabulary) float32, and the state after
the last character, `hidden_out` and `cell_out`. Batch and time are free. The operators are those of
https://onnx.ai/onnx/operators/, whose gates stand in another order than PyTorch's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from charrnn.export.metadata import describe
from charrnn.model.checkpoint import Checkpoint
from charrnn.model.lstm import ModelConfig

OPSET = 17
IR_VERSION = 8
"""Old enough for any ONNX Runtime since 1.12 (2022)."""

Floats = NDArray[np.float32]

_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
# Where each gate of ONNX stands in PyTorch's weights: an LSTM's are i o f c in ONNX and i f g o in PyTorch, a GRU's
# z r h and r z n.
_GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}


def to_onnx(checkpoint: Checkpoint) -> bytes:
    """Return the content of a `.onnx` file; its `metadata_props` are those of `describe`."""
    config = checkpoint.config
    weights = {name: weight.float().numpy() for name, weight in checkpoint.weights.items()}
    parts = ("hidden", "cell") if config.model == "lstm" else ("hidden",)
    nodes, constants = _network(config, weights, parts)
    state: list[str | int | None] = [config.num_layers, "batch", config.rnn_size]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "time"])]
    inputs += [helper.make_tensor_value_info(part, TensorProto.FLOAT, state) for part in parts]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "time", config.vocab_size])]
    outputs += [helper.make_tensor_value_info(f"{part}_out", TensorProto.FLOAT, state) for part in parts]
    initializers = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "char-rnn", inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="dream-jobs"
    )
    helper.set_model_props(model, describe(checkpoint))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    return content


def _network(
    config: ModelConfig, weights: Mapping[str, Floats], parts: tuple[str, ...]
) -> tuple[list[onnx.NodeProto], dict[str, NDArray[np.generic]]]:
    """Return the nodes from `ids` to all outputs, and the constants that they name."""
    constants: dict[str, NDArray[np.generic]] = {
        "depth": np.array(config.vocab_size, np.int64),
        "off_on": np.array([0, 1], np.float32),
        "direction": np.array([1], np.int64),  # the axis of the directions in a layer's output, of which there is one
        "decoder_weight": np.ascontiguousarray(weights["decoder.weight"].T),
        "decoder_bias": weights["decoder.bias"],
    }
    nodes = [
        helper.make_node("Transpose", ["ids"], ["ids_by_time"], perm=[1, 0]),
        helper.make_node("OneHot", ["ids_by_time", "depth", "off_on"], ["x0"], axis=-1),
    ]
    layers = range(config.num_layers)
    for part in parts:
        nodes.append(helper.make_node("Split", [part], [f"{part}{layer}" for layer in layers], axis=0))
    # ONNX's reset gate of a GRU works before the product unless it is told that it works as in cuDNN and PyTorch.
    how: dict[str, Any] = {"linear_before_reset": 1} if config.model == "gru" else {}
    for layer in layers:
        names = [f"{kind}{layer}" for kind in ("input_weight", "recurrent_weight", "bias")]
        constants |= zip(names, _layer_weights(config, weights, layer), strict=True)
        nodes += [
            helper.make_node(
                _OPERATORS[config.model],
                [f"x{layer}", *names, "", *(f"{part}{layer}" for part in parts)],
                [f"y{layer}", *(f"{part}_after{layer}" for part in parts)],
                hidden_size=config.rnn_size,
                **how,
            ),
            helper.make_node("Squeeze", [f"y{layer}", "direction"], [f"x{layer + 1}"]),
        ]
    for part in parts:
        after = [f"{part}_after{layer}" for layer in layers]
        nodes.append(helper.make_node("Concat", after, [f"{part}_out"], axis=0))
    nodes += [
        helper.make_node("MatMul", [f"x{config.num_layers}", "decoder_weight"], ["products"]),
        helper.make_node("Add", ["products", "decoder_bias"], ["logits_by_time"]),
        helper.make_node("Transpose", ["logits_by_time"], ["logits"], perm=[1, 0, 2]),
    ]
    return nodes, constants


def _layer_weights(config: ModelConfig, weights: Mapping[str, Floats], layer: int) -> tuple[Floats, Floats, Floats]:
    """Return W (1, gates * size, inputs), R (1, gates * size, size) and B (1, 2 * gates * size) of a layer."""

    def in_order(name: str) -> Floats:
        gates = np.split(weights[f"layers.{layer}.{name}_l0"], len(_GATES[config.model]))
        return np.concatenate([gates[gate] for gate in _GATES[config.model]])

    biases = np.concatenate([in_order("bias_ih"), in_order("bias_hh")])
    return in_order("weight_ih")[None], in_order("weight_hh")[None], biases[None]
