#!/usr/bin/env python3
"""Runs the networks of sub-RNNs of the authors' own code (louiskirsch/vsml-neurips2021) and writes what they say, for
test_golden "[authors]". Their code is not part of this project. It wants jax 0.4.30, dm-haiku 0.0.12 and chex; hk.vmap is
told what it asks for since (split_rng), and the initial cells are given.

  tests/golden/authors_vsml.py vsml-neurips2021 OUT_DIR          SRWM_AUTHORS_VSML=OUT_DIR test_golden "[authors]"
  tests/golden/authors_vsml.py vsml-neurips2021 --time           processor time of the default network

Per network the file of make_vsml_golden.py with one step, one episode and no evolution, in double precision."""

import functools
import os
import resource
import sys
import time

import haiku as hk
import h5py
import jax
import jax.numpy as jnp
import numpy as np

SUB_RNN = {"slow_size": 16, "msg_size": 8, "init_rand_proportion": 0.5, "layer_norm": False}
NETWORK = {"num_micro_ticks": 2, "tanh_bound": 100.0, "output_idx": 1, "backward_pass": False,
           "separate_backward_rnn": False, "feed_label": False, "layerwise_rnns": False}
CASES = {  # image, classes, layers, differences from the defaults, steps
    "dense": ((28, 28, 1), 10, [{"type": "dense"}], {}, 40),
    "dense_label": ((28, 28, 1), 10, [{"type": "dense"}], {"layer_norm": True, "feed_label": True}, 20),
    "deep": ((28, 28, 1), 10, [{"type": "dense", "out_size": 32}, {"type": "dense"}],
             {"layer_norm": True, "feed_label": True}, 20),
    "reverse": ((14, 14, 1), 5, [{"type": "dense", "out_size": 8}, {"type": "dense"}],
                {"backward_pass": True, "separate_backward_rnn": True, "layerwise_rnns": True}, 12),
    "conv": ((14, 13, 1), 5, [{"type": "conv", "out_channels": 4, "stride": 2},
                              {"type": "conv", "out_channels": 3, "stride": 2}, {"type": "dense"}],
             {"layer_norm": True, "feed_label": True, "backward_pass": True}, 6),
}
ARRAYS = (("custom_lstm/linear", "w"), ("custom_lstm/linear", "b"), ("linear", "w"), ("linear", "b"), ("linear_1", "w"),
          ("linear_1", "b"), ("layer_norm", "scale"), ("layer_norm", "offset"), ("layer_norm_1", "scale"),
          ("layer_norm_1", "offset"))


def inner_loss(logits, labels):
    """As their experiment's: a mean over the batch."""
    return -jnp.mean(jnp.sum(labels * jax.nn.log_softmax(logits), -1))


class Authors:
    """One of their networks, its parameters as one vector in the order of theta."""

    def __init__(self, modules, case):
        self.models, config, self.recurrent = modules
        self.image, self.classes, self.layers, options, self.steps = case
        config.GLOBAL_CONFIG["model"] = {
            "sub_rnn": {**SUB_RNN, **{k: v for k, v in options.items() if k in SUB_RNN}},
            "vsml_rnn": {**NETWORK, **{k: v for k, v in options.items() if k in NETWORK}}}
        self.network = hk.without_apply_rng(hk.transform(self.forward))
        shape = (self.steps, 1, *self.image)
        self.cells = []
        self.params = self.network.init(jax.random.PRNGKey(1), None, jnp.zeros(shape),
                                        jnp.zeros((self.steps, 1, self.classes)))
        self.modules = sorted({name.split("/~/")[1] for name in self.params}, key=lambda name: (len(name), name))

    def forward(self, cells, images, labels):
        """`cells`: c of every layer, or None for zeros, whose shapes are noted."""
        given = iter(cells) if cells is not None else None

        def initial_state(_, shape, __):
            shape = (*shape, SUB_RNN["slow_size"])
            if given is None:
                self.cells.append(shape)
            dtype = images.dtype
            return self.recurrent.LSTMState(jnp.zeros(shape, dtype),
                                            next(given) if given else jnp.zeros(shape, dtype))

        self.recurrent.CustomLSTM.initial_vsml_state = initial_state
        specs = [self.models.create_spec(dict(layer)) for layer in self.layers]
        self.models.complete_specs(specs, self.image, self.classes)
        return self.models.VSMLRNN(layer_specs=specs, loss_func=inner_loss)(images, labels)

    def names(self):
        for module in self.modules:
            for part, array in ARRAYS:
                name = f"vsmlrnn/~/{module}/~/{part}"
                if name in self.params:
                    yield name, array

    def to_params(self, theta):
        params, at = {}, 0
        for name, array in self.names():
            shape = self.params[name][array].shape
            size = int(np.prod(shape))
            params.setdefault(name, {})[array] = theta[at:at + size].reshape(shape)
            at += size
        return params

    def loss(self, theta, cells, images, labels):
        logits = self.network.apply(self.to_params(theta), cells, images, labels)
        return jnp.mean(-jnp.sum(labels * jax.nn.log_softmax(logits), -1)), logits

    def random_theta(self, rng):
        parts = []
        for name, array in self.names():
            shape = self.params[name][array].shape
            value = rng.normal(0, 1 / np.sqrt(shape[0]) if len(shape) == 2 else 0.3, shape)
            parts.append((value + (array == "scale")).ravel())
        return np.concatenate(parts)


def write_case(modules, number, name, folder):
    authors, rng = Authors(modules, CASES[name]), np.random.default_rng(number)
    theta = authors.random_theta(rng)
    images = rng.normal(0, 1, (authors.steps, 1, *authors.image))
    targets = rng.integers(0, authors.classes, authors.steps, dtype=np.int32)
    cells = [rng.normal(0, 0.3, shape) for shape in authors.cells]
    labels = np.eye(authors.classes)[targets][:, None]
    gradient = jax.jit(jax.value_and_grad(authors.loss, has_aux=True))
    (loss, logits), grad = gradient(jnp.array(theta), [jnp.array(c) for c in cells], images, labels)
    with h5py.File(os.path.join(folder, f"vsml_{name}.h5"), "w") as file:
        file["theta"], file["x"] = theta, images.reshape(1, 1, authors.steps, -1)
        file["targets"], file["c_first"] = targets[None, None], np.concatenate([c.ravel() for c in cells])[None, None]
        file["backward/logits"], file["backward/gradient"] = np.array(logits)[:, 0][None], np.array(grad)
        file["backward/losses"] = np.array([[loss]])
    print(name, len(theta), float(loss))


def measure(modules):
    """Of one episode of 100 steps of the default network in float32, per step, the best of five."""
    image, classes, layers, options, _ = CASES["dense"]
    authors, rng = Authors(modules, (image, classes, layers, options, 100)), np.random.default_rng(0)
    theta = jnp.array(authors.random_theta(rng), jnp.float32)
    images = jnp.array(rng.normal(0, 1, (100, 1, *image)), jnp.float32)
    labels = jnp.array(np.eye(classes)[rng.integers(0, classes, 100)][:, None], jnp.float32)
    cells = [jnp.array(rng.normal(0, 0.03, shape), jnp.float32) for shape in authors.cells]
    for what, function in (("forward", authors.loss), ("forward and gradient", jax.grad(authors.loss, has_aux=True))):
        run = jax.jit(function)
        jax.block_until_ready(run(theta, cells, images, labels))
        best = [float("inf")] * 2
        for _ in range(5):
            start = time.process_time(), time.perf_counter()
            jax.block_until_ready(run(theta, cells, images, labels))
            best = [min(best[0], time.process_time() - start[0]), min(best[1], time.perf_counter() - start[1])]
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{what}: {best[0] * 10:.2f} ms of processor time a step, {best[1] * 10:.2f} ms by the clock; "
              f"the process had up to {most:.0f} MiB")


def main():
    theirs, out = sys.argv[1:]
    sys.path.insert(0, theirs)
    hk.vmap = functools.partial(hk.vmap, split_rng=False)
    jax.config.update("jax_enable_x64", out != "--time")
    import config
    import models
    import recurrent
    modules = models, config, recurrent
    if out == "--time":
        measure(modules)
        return
    os.makedirs(out, exist_ok=True)
    for number, name in enumerate(CASES):
        write_case(modules, number, name, out)


if __name__ == "__main__":
    main()
