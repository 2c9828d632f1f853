#!/usr/bin/env python3
"""Writes tests/golden/data/vsml_<case>.h5: for small networks of sub-RNNs what PyTorch computes in double precision
(torch_vsml.py), for vsml_golden_test.cpp.

  tests/golden/make_vsml_golden.py

Per file /theta [n]; for each of STEPS steps /x, /targets and /c_first of EPISODES episodes, and /noise [STEPS,
EPISODES, n], standard normal. Then, each from /theta on, STEPS steps of Adam on the same episodes: with the gradient of
the mean loss (/backward), and with evolution's estimate of it from antithetic pairs, one per episode (/evolution). Of
both /<name>/losses of every run and /<name>/theta after the last step; of the former also /backward/logits of the first
step and /backward/gradient of it.

And data/vsml_given.h5, for stream_file_test.py: per network of GIVEN a group with /theta, what a stream file has (/inputs,
/labels, /cells, every example with a label) and the /logits."""

import os

import h5py
import numpy as np
import torch

from torch_vsml import Layer, Options, run, set_count, set_shapes, state_shape

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, EPISODES = 5, 2
ADAM = {"betas": (0.9, 0.999), "eps": 1e-8}
BACKWARD_RATE, CLIP_NORM, EVOLUTION_RATE, DEVIATION = 1e-3, 0.05, 0.025, 0.05
SMALL = {"message_size": 4, "cell_size": 6}
CASES = {
    "dense": (8, Options((Layer(6, 3),))),
    "streams": (4, Options((Layer(4, 3),), message_size=3, cell_size=5, micro_ticks=3, output_index=2, bound=0.0,
                           streams=3, layer_norm=True)),
    "deep": (6, Options((Layer(4, 3), Layer(3, 2)), **SMALL, layer_norm=True, feed_label=True)),
    "reverse": (5, Options((Layer(4, 3), Layer(3, 2)), **SMALL, reverse_tick=True, separate_reverse=True,
                           layerwise=True, last_step=True)),
    "conv": (4, Options((Layer(1, 2, 5, 4, 2), Layer(2, 1, 3, 2, 2), Layer(2, 2)), **SMALL, layer_norm=True,
                        feed_label=True, reverse_tick=True, published_conv_mask=True)),
}

GIVEN = {  # networks that a spec can have on square images
    "dense": (8, Options((Layer(6, 3),))),
    "streams": (6, Options((Layer(6, 3),), streams=3, feed_label=True)),
    "deep": CASES["deep"],
    "reverse": CASES["reverse"],
    "conv": (4, Options((Layer(1, 2, 4, 4, 2), Layer(2, 1, 2, 2, 1), Layer(4, 2)), **SMALL, layer_norm=True,
                        feed_label=True, reverse_tick=True, published_conv_mask=True)),
}


def make_inputs(rng, steps, o):
    """What both kinds of training are given."""
    shapes = set_shapes(o)
    theta = []
    for _ in range(set_count(o)):
        for name, shape in shapes.items():
            value = rng.normal(0, 1 / np.sqrt(shape[0]) if len(shape) == 2 else 0.3, shape)
            theta.append((value + name.startswith("gamma")).ravel())
    theta = np.concatenate(theta)
    first, classes = o.layers[0], o.layers[-1].outputs
    inputs = first.inputs * (first.height * first.width if first.height else 1)
    cells = sum(int(np.prod(state_shape(o, layer))) for layer in o.layers)
    sequences = (STEPS, EPISODES * o.streams, steps)
    targets = rng.integers(-1, classes, sequences, dtype=np.int32)
    targets[..., -1] = np.maximum(targets[..., -1], 0)  # a loss needs a label
    return {"theta": theta, "x": rng.normal(0, 1, (*sequences, inputs)),
            "targets": targets, "c_first": rng.normal(0, 0.3, (STEPS, EPISODES, cells)),
            "noise": rng.normal(0, 1, (STEPS, EPISODES, len(theta)))}


def losses_of(o, inputs, step, thetas):
    """thetas: one per episode. Logits [E K, T, O] and losses [E]."""
    logits, losses = [], []
    for e, theta in enumerate(thetas):
        rows = slice(e * o.streams, (e + 1) * o.streams)
        out, loss = run(o, theta, torch.tensor(inputs["x"][step, rows]), inputs["targets"][step, rows],
                        torch.tensor(inputs["c_first"][step, e]))
        logits.append(out)
        losses.append(loss)
    return torch.cat(logits), torch.stack(losses)


def train_backward(o, inputs):
    theta = torch.tensor(inputs["theta"], requires_grad=True)
    adam = torch.optim.Adam([theta], lr=BACKWARD_RATE, **ADAM)
    result = {"losses": []}
    for step in range(STEPS):
        adam.zero_grad()
        logits, losses = losses_of(o, inputs, step, [theta] * EPISODES)
        losses.mean().backward()
        if step == 0:
            result["logits"], result["gradient"] = logits.detach().numpy(), theta.grad.numpy().copy()
        torch.nn.utils.clip_grad_norm_([theta], CLIP_NORM)
        adam.step()
        result["losses"].append(losses.detach().numpy())
    return {**result, "losses": np.stack(result["losses"]), "theta": theta.detach().numpy()}


def train_evolution(o, inputs):
    theta = torch.tensor(inputs["theta"], requires_grad=True)
    adam = torch.optim.Adam([theta], lr=EVOLUTION_RATE, **ADAM)
    every = []
    for step in range(STEPS):
        with torch.no_grad():
            d = DEVIATION * torch.tensor(inputs["noise"][step])
            plus = losses_of(o, inputs, step, [theta + row for row in d])[1]
            minus = losses_of(o, inputs, step, [theta - row for row in d])[1]
            theta.grad = (d * ((plus - minus) / (2 * DEVIATION**2))[:, None]).mean(0)
        adam.step()
        every.append(torch.stack([plus, minus], 1).ravel().numpy())  # the runs of a pair follow each other
    return {"losses": np.stack(every), "theta": theta.detach().numpy()}


def make_case(number, name, folder):
    steps, o = CASES[name]
    inputs = make_inputs(np.random.default_rng(number), steps, o)
    with h5py.File(os.path.join(folder, f"vsml_{name}.h5"), "w") as file:
        for key, value in inputs.items():
            file[key] = value
        for kind, result in (("backward", train_backward(o, inputs)), ("evolution", train_evolution(o, inputs))):
            for key, value in result.items():
                file[f"{kind}/{key}"] = value


def make_given(folder):
    with h5py.File(os.path.join(folder, "vsml_given.h5"), "w") as file:
        for number, (name, (steps, o)) in enumerate(GIVEN.items()):
            inputs = make_inputs(np.random.default_rng(100 + number), steps, o)
            inputs["targets"] = np.maximum(inputs["targets"], 0)
            logits, _ = losses_of(o, inputs, 0, [torch.tensor(inputs["theta"])] * EPISODES)
            group = file.create_group(name)
            group["theta"], group["logits"] = inputs["theta"], logits.numpy()
            for key, source in (("inputs", "x"), ("labels", "targets"), ("cells", "c_first")):
                group[key] = inputs[source][0]


def main():
    torch.set_num_threads(1)
    make_given(os.path.join(HERE, "data"))
    for number, name in enumerate(CASES):
        make_case(number, name, os.path.join(HERE, "data"))


if __name__ == "__main__":
    main()
