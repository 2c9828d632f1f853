#!/usr/bin/env python3
"""Writes tests/golden/data/baselines.h5: what PyTorch computes in double precision (torch_baselines.py) for small
networks of every kind, for baseline_golden_test.cpp.

  tests/golden/make_baseline_golden.py

Per case a group with attributes inputs and classes, /theta [n] (the parameters one after the other, in the order of
names()), /x [T, inputs], /labels [T], /logits [T, classes], and with fwp /fast [size, classes]."""

import os

import h5py
import numpy as np
import torch

from torch_baselines import FastWeightMemory, FastWeightProgrammer, Hebbian, MetaRnn, run

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, CLASSES, UNITS, MEMORY, FAST = 12, 3, 5, 3, 4
PLAIN, PICTURE = (1, 6, 1), (7, 7, 1)  # convolutions see squares; 7 -> 4 -> 2 -> 1 has paddings of both kinds
CHANNELS = {"meta_rnn": 64, "hebbian": 8, "fw_memory": 8}
CASES = {"meta_rnn": PLAIN, "meta_rnn_conv": PICTURE, "hebbian": PLAIN, "hebbian_plain": PLAIN, "hebbian_conv": PICTURE,
         "fw_memory": PLAIN, "fw_memory_conv": PICTURE, "fwp": PLAIN}


def kind_of(case):
    return case.replace("_conv", "").replace("_plain", "")


def names(case):
    """{name: shape} in the order of theta."""
    kind, features, shapes = kind_of(case), int(np.prod(CASES[case])), {}
    if case.endswith("_conv"):
        channels = CHANNELS[kind]
        for number, name in enumerate(("conv2_d", "conv2_d_1", "conv2_d_2")):
            shapes |= {f"{name}.w": (3, 3, channels if number else 1, channels), f"{name}.b": (channels,)}
        features = channels  # of the last convolution's only position
    x = features + 2 * CLASSES
    linears = {"meta_rnn": (("lstm.linear", x + UNITS, 4 * UNITS), ("linear", UNITS, CLASSES)),
               "fw_memory": (("lstm.linear", x + UNITS, 4 * UNITS), ("linear", UNITS, CLASSES),
                             ("linear_1", UNITS, 3 * MEMORY + 1), ("linear_2", UNITS, 2 * MEMORY),
                             ("linear_3", MEMORY, UNITS)),
               "fwp": (("linear", features + 3 * CLASSES, 2 * FAST + CLASSES + 1),), "hebbian": ()}
    for name, rows, columns in linears[kind]:
        shapes |= {f"{name}.w": (rows, columns), f"{name}.b": (columns,)}
    if kind == "hebbian":
        prefix = "hebbian_linear"
        shapes |= {f"{prefix}.w": (x, CLASSES), f"{prefix}.coeff": (x, CLASSES), f"{prefix}.fw_lr": (1,),
                   f"{prefix}.b": (CLASSES,)}
    return shapes


def network(case, p, fast):
    kind = kind_of(case)
    if kind == "meta_rnn":
        return MetaRnn(p)
    if kind == "hebbian":
        return Hebbian(p, oja=not case.endswith("_plain"))
    return FastWeightMemory(p) if kind == "fw_memory" else FastWeightProgrammer(p, fast)


def make_case(number, case, group):
    rng, image = np.random.default_rng(number), CASES[case]
    p = {}
    for name, shape in names(case).items():
        scale = 1 / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 0.5
        p[name] = torch.tensor(rng.normal(0, scale, shape))
    x, labels = rng.normal(0, 1, (STEPS, int(np.prod(image)))), rng.integers(0, CLASSES, STEPS, dtype=np.int32)
    fast = rng.normal(0, 0.5, (FAST, CLASSES))
    logits = run(network(case, p, torch.tensor(fast)), torch.tensor(x), labels, CLASSES, image)
    group.attrs["inputs"], group.attrs["classes"] = x.shape[1], CLASSES
    group["theta"] = np.concatenate([value.numpy().ravel() for value in p.values()])
    group["x"], group["labels"], group["logits"] = x, labels, logits.numpy()
    if case == "fwp":
        group["fast"] = fast


def make(folder):
    with h5py.File(os.path.join(folder, "baselines.h5"), "w") as file:
        for number, case in enumerate(CASES):
            make_case(number, case, file.create_group(case))


if __name__ == "__main__":
    torch.set_num_threads(1)
    make(os.path.join(HERE, "data"))
