"""Run the same training step in other frameworks: 3 layers, one-hot characters, dropout 0.5, RMSProp, float32.

Each is written as its documentation has it. A peer that is not installed is left out of the table, and named:
`pip install jax keras` brings both (some 700 MB, so no extra of this project does).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], object]

LEARNING_RATE, DECAY, CLIP = 2e-3, 0.95, 0.1


def installed() -> dict[str, Callable[..., Step]]:
    """Return the installed peers by name: (characters, rnn_size, num_layers, dropout, batch, time) -> a step."""
    needs = {"jax": (_jax, ("jax",)), "keras": (_keras, ("keras", "jax"))}
    return {name: make for name, (make, packages) in needs.items() if all(map(importlib.util.find_spec, packages))}


def missing() -> list[str]:
    """Return the names of the peers that are not installed."""
    return [name for name in ("jax", "keras") if name not in installed()]


def _jax(characters: int, size: int, layers: int, dropout: float, batch: int, time: int) -> Step:
    import jax
    import jax.numpy as jnp

    draw = np.random.default_rng(1)

    def uniform(*shape: int) -> Any:
        return jnp.asarray(draw.uniform(-0.08, 0.08, shape), jnp.float32)

    inputs = [characters] + [size] * (layers - 1)
    weights = {
        "layers": [(uniform(before, 4 * size), uniform(size, 4 * size), uniform(4 * size)) for before in inputs],
        "decoder": (uniform(size, characters), uniform(characters)),
    }
    squares = jax.tree.map(jnp.zeros_like, weights)
    state = [(jnp.zeros((batch, size)), jnp.zeros((batch, size))) for _ in range(layers)]
    ids = jnp.asarray(draw.integers(characters, size=(time + 1, batch)))

    def layer(x: Any, before: Any, w: Any) -> Any:
        projected = x @ w[0] + w[2]  # of all times at once

        def cell(carried: Any, projected_now: Any) -> Any:
            h, c = carried
            i, f, g, o = jnp.split(projected_now + h @ w[1], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        return jax.lax.scan(cell, before, projected)

    def loss(w: Any, state: Any, ids: Any, key: Any) -> Any:
        x = jax.nn.one_hot(ids[:-1], characters)
        after = []
        for number, (one, before) in enumerate(zip(w["layers"], state, strict=True)):
            last, x = layer(x, before, one)
            after.append(last)
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - dropout, x.shape)
            x = jnp.where(kept, x / (1 - dropout), 0)
        scores = jax.nn.log_softmax(x @ w["decoder"][0] + w["decoder"][1])
        return -jnp.take_along_axis(scores, ids[1:, :, None], -1).mean(), after

    @jax.jit
    def update(w: Any, squares: Any, state: Any, key: Any) -> Any:
        gradients, after = jax.grad(loss, has_aux=True)(w, state, ids, key)
        gradients = jax.tree.map(lambda g: jnp.clip(g, -CLIP, CLIP), gradients)
        squares = jax.tree.map(lambda s, g: DECAY * s + (1 - DECAY) * g * g, squares, gradients)
        w = jax.tree.map(lambda p, g, s: p - LEARNING_RATE * g / (jnp.sqrt(s) + 1e-8), w, gradients, squares)
        return w, squares, after

    carried = [weights, squares, state]
    steps = [0]

    def step() -> None:
        steps[0] += 1
        carried[:] = update(*carried, jax.random.key(steps[0]))
        jax.block_until_ready(carried)

    return step


def _keras(characters: int, size: int, layers: int, dropout: float, batch: int, time: int) -> Step:
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    hidden: list[Any] = []
    for _ in range(layers):
        hidden += [keras.layers.LSTM(size, return_sequences=True, stateful=True), keras.layers.Dropout(dropout)]
    model = keras.Sequential(
        [keras.Input(batch_shape=(batch, time, characters)), *hidden, keras.layers.Dense(characters)]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(LEARNING_RATE, rho=DECAY, clipvalue=CLIP),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    ids = np.random.default_rng(1).integers(characters, size=(batch, time + 1))
    one_hot = np.eye(characters, dtype=np.float32)[ids[:, :-1]]
    return lambda: model.train_on_batch(one_hot, ids[:, 1:])
