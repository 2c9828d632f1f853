#!/usr/bin/env python3
"""Writes tests/golden/data: for small models what PyTorch computes (torch_models.py), for golden_test.cpp.

  tests/golden/make_golden.py [CASE ...]

Per case a checkpoint with fixed weights, an episodes file, and <case>.expected.h5: /logits f32 [targets, N] of the
checkpoint in evaluation mode, and in double precision /losses [steps] and /final/<name> after some steps of Adam."""

import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "data_scripts"))

import h5py
import numpy as np
import torch

import torch_models
from convert_torch_checkpoint import ENCODERS, model_of, write_checkpoint

STEPS = 20
OPTIM = {"rate": 1e-3, "schedule": "constant", "beta1": 0.9, "beta2": 0.995, "eps": 1e-9}
SMALL = {"layers": 2, "heads": 2, "hidden": 16, "ff_factor": 2}
SYNC = {"kind": "sync", "n_way": 3, "k_shot": 1}
DELAYED = {"kind": "delayed", "n_way": 3, "k_shot": 2}
# Two more images of each class follow the one of the support: 3-shot in all.
FUTURE = {"kind": "sync", "n_way": 3, "k_shot": 1, "future": 2}
# The images of 33 x 50 leave the convolutions as 2 x 3 maps, so that the order of the features shows.
CASES = {
    "srwm": (SYNC, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (28, 28, 1), 8),
    "delta_net": (SYNC, {"kind": "delta_net", **SMALL}, (28, 28, 1), 8),
    "lstm": (SYNC, {"kind": "lstm", "layers": 2, "hidden": 16}, (28, 28, 1), 8),
    "srwm_softmax": (SYNC, {"kind": "srwm", **SMALL, "layer_norm": False, "input_softmax": True}, (28, 28, 1), 8),
    "srwm_delayed": (DELAYED, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (33, 50, 3), 4),
    "linear_transformer": (SYNC, {"kind": "linear_transformer", **SMALL}, (28, 28, 1), 8),
    "transformer": (DELAYED, {"kind": "transformer", **SMALL}, (28, 28, 1), 4),
    "res12_srwm": (SYNC, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (32, 33, 3), 4),
    "res12_delta_net": (DELAYED, {"kind": "delta_net", **SMALL}, (17, 19, 3), 4),
    "res12_lstm": (SYNC, {"kind": "lstm", "layers": 1, "hidden": 16}, (16, 16, 1), 4),
    "srwm_kl": (FUTURE, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (28, 28, 1), 8),
    "srwm_state_mse": (FUTURE, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (28, 28, 1), 8),
    # The published size of Mini-ImageNet, which leaves the convolutions as 5 x 5 maps.
    "srwm_84": (SYNC, {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False}, (84, 84, 1), 2),
    "delta_net_84": (SYNC, {"kind": "delta_net", **SMALL}, (84, 84, 1), 2),
    "lstm_84": (SYNC, {"kind": "lstm", "layers": 2, "hidden": 16}, (84, 84, 1), 2),
}


CONV4 = {"kind": "conv4", "channels": 4}
# Encoders of cases that have another: the published ones in small.
RES12 = {"res12_srwm": {"kind": "res12", "channels": 4, "size": "base"},
         "res12_delta_net": {"kind": "res12", "channels": 2, "size": "big"},
         "res12_lstm": {"kind": "res12", "channels": 4, "size": "base"}}


def make_spec(name, protocol, core):
    spec = {"name": "golden_" + name, "protocol": {key: protocol[key] for key in SYNC},
            "model": {"vision": RES12.get(name, CONV4), "core": core}, "optim": OPTIM,
            "train": {"steps": STEPS, "batch": 2}}
    if "future" in protocol:
        spec["bootstrap"] = {"kind": name.removeprefix("srwm_"), "future_shots": protocol["future"], "loss_scale": 1,
                             "match_scale": 10, "future_loss_scale": 0.5}
    return spec


def make_episodes(rng, protocol, image, episodes):
    """Labels, and images of noise around a pattern of each class. [E, T, H, W, C] and [E, T]."""
    def shuffled(shots):
        return rng.permutation(np.repeat(np.arange(protocol["n_way"]), shots))
    labels = np.stack([np.concatenate([shuffled(protocol["k_shot"]), shuffled(protocol.get("future", 0))])
                       for _ in range(episodes)]).astype(np.int32)
    if protocol["kind"] == "sync":
        labels = np.concatenate([labels, rng.integers(protocol["n_way"], size=(episodes, 1), dtype=np.int32)], 1)
    patterns = rng.integers(0, 160, size=(episodes, protocol["n_way"], *image))
    images = patterns[np.arange(episodes)[:, None], labels] + rng.integers(0, 96, size=(*labels.shape, *image))
    return images.astype(np.uint8), labels


def make_weights(rng, model, image, features):
    """Weights of the size that training leaves, none of them at a special value such as 0 or 1."""
    sees_image = ENCODERS[model.vision["kind"]][1]
    first = "rnn.weight_ih_l0" if model.core["kind"] == "lstm" else "input_proj.weight"
    sizes = {sees_image: np.empty((0, image[2], 3, 3)), first: np.empty((0, features + model.n_way))}
    weights = {}
    for name, shape in model.shapes(sizes).items():
        is_product = len(shape) == 2 or len(shape) == 4 and ("conv" in name or "downsample" in name)
        scale = 1 / np.sqrt(np.prod(shape[1:])) if is_product else 0.35
        value = rng.normal(0, scale, shape)
        if name.endswith("running_var"):
            value = 0.2 + value ** 2
        elif len(shape) == 1 and re.search(r"(\.1|norm|\.bn\d)\.weight$", name):
            value += 1
        weights[name] = value.astype(np.float32)
    return weights


def tensors(weights, dtype):
    return {name: torch.tensor(value, dtype=dtype) for name, value in weights.items()}


def write_episodes(path, protocol, images, labels):
    with h5py.File(path, "w") as file:
        file.attrs.update({"srwm_format": "episodes", "format_version": 1, "generator": "make_golden.py",
                           "protocol": protocol["kind"], "n_way": protocol["n_way"],
                           "k_shot": protocol["k_shot"] + protocol.get("future", 0)})
        file["images"], file["labels"] = images, labels


def write_expected(path, weights, images, labels, spec):
    with torch.no_grad():
        logits, _ = torch_models.logits(tensors(weights, torch.float32), images, labels, spec, training=False)
    trained = tensors(weights, torch.float64)
    losses = list(torch_models.adam_steps(trained, images, labels, spec, STEPS))
    with h5py.File(path, "w") as file:
        file.attrs.update({"srwm_format": "golden", "format_version": 1,
                           "generator": f"make_golden.py, PyTorch {torch.__version__}"})
        file["logits"], file["losses"] = logits.flatten(0, 1).numpy(), np.array(losses)
        for name, value in trained.items():
            file["final/" + name] = value.detach().numpy()
    return losses


def make_case(number, name, folder):
    protocol, core, image, episodes = CASES[name]
    rng = np.random.default_rng(number)
    spec = make_spec(name, protocol, core)
    text = json.dumps(spec)
    model = model_of(text, name)
    features = model.vision["channels"] * (image[0] // 16) * (image[1] // 16)
    images, labels = make_episodes(rng, protocol, image, episodes)
    weights = make_weights(rng, model, image, features)
    stem = os.path.join(folder, name)
    write_episodes(stem + ".episodes.h5", protocol, images, labels)
    write_checkpoint(stem + ".checkpoint.h5", text, weights, {})
    losses = write_expected(stem + ".expected.h5", weights, torch.from_numpy(images),
                            torch.from_numpy(labels).long(), spec)
    print(f"{name}: loss {losses[0]:.4f} -> {losses[-1]:.4f}")


def main():
    torch.set_num_threads(1)
    folder = os.path.join(HERE, "data")
    os.makedirs(folder, exist_ok=True)
    wanted = sys.argv[1:] or CASES
    for number, name in enumerate(CASES):
        if name in wanted:
            make_case(number, name, folder)


if __name__ == "__main__":
    main()
