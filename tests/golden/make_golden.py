#!/usr/bin/env python3
"""Writes for small models what PyTorch computes (torch_models.py), for golden_test.cpp.

  tests/golden/make_golden.py [CASE ...]     into tests/golden/data, the cases that are kept there
  tests/golden/make_golden.py --all FOLDER   every core with every encoder in every kind of training, into FOLDER:
                                             SRWM_GOLDEN_DIR=FOLDER build/release/tests/golden/test_golden "[few-shot]"

Per case a checkpoint with fixed weights, an episodes file, and <case>.expected.h5: /logits f32 [targets, N] of the
checkpoint in evaluation mode, and in double precision /losses [steps] and /final/<name> after some steps of Adam. Where
two tasks follow each other, the file's episodes are a segment of each; /mean and /std [2, C] are those of the tasks'
pixels, /kept [passes, 2] says how many positions of each segment a pass of training sees, and /first [passes] which
task comes first. Dropout is off: its random numbers are not PyTorch's."""

import argparse
import itertools
import json
import os
import re
import sys
from typing import NamedTuple

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
CORES = {"srwm": {"kind": "srwm", **SMALL, "layer_norm": True, "input_softmax": False},
         "delta_net": {"kind": "delta_net", **SMALL}, "linear_transformer": {"kind": "linear_transformer", **SMALL},
         "transformer": {"kind": "transformer", **SMALL}, "lstm": {"kind": "lstm", "layers": 2, "hidden": 16}}
SYNC = {"kind": "sync", "n_way": 3, "k_shot": 1}
DELAYED = {"kind": "delayed", "n_way": 3, "k_shot": 2}
SEQUENTIAL = {"kind": "sequential", "n_way": 3, "k_shot": 2, "max_trim": 4}
FUTURE_SHOTS = 2
CONV4 = {"kind": "conv4", "channels": 4}
BASE = {"kind": "res12", "channels": 4, "size": "base"}
BIG = {"kind": "res12", "channels": 2, "size": "big"}


class Case(NamedTuple):
    seed: int
    protocol: dict
    core: dict
    image: tuple
    episodes: int
    vision: dict = CONV4
    bootstrap: str = "none"


# Options and sizes that are not in the matrix. The images of 33 x 50 leave the convolutions as 2 x 3 maps, so that the
# order of the features shows; 84 x 84 is the published size of Mini-ImageNet, which leaves them as 5 x 5 maps.
SINGLE_CASES = {
    "srwm": Case(0, SYNC, CORES["srwm"], (28, 28, 1), 8),
    "delta_net": Case(1, SYNC, CORES["delta_net"], (28, 28, 1), 8),
    "lstm": Case(2, SYNC, CORES["lstm"], (28, 28, 1), 8),
    "srwm_softmax": Case(3, SYNC, CORES["srwm"] | {"layer_norm": False, "input_softmax": True}, (28, 28, 1), 8),
    "srwm_delayed": Case(4, DELAYED, CORES["srwm"], (33, 50, 3), 4),
    "linear_transformer": Case(5, SYNC, CORES["linear_transformer"], (28, 28, 1), 8),
    "transformer": Case(6, DELAYED, CORES["transformer"], (28, 28, 1), 4),
    "res12_srwm": Case(7, SYNC, CORES["srwm"], (32, 33, 3), 4, BASE),
    "res12_delta_net": Case(8, DELAYED, CORES["delta_net"], (17, 19, 3), 4, BIG),
    "res12_lstm": Case(9, SYNC, CORES["lstm"] | {"layers": 1}, (16, 16, 1), 4, BASE),
    "srwm_kl": Case(10, SYNC, CORES["srwm"], (28, 28, 1), 8, bootstrap="kl"),
    "srwm_state_mse": Case(11, SYNC, CORES["srwm"], (28, 28, 1), 8, bootstrap="state_mse"),
    "srwm_84": Case(12, SYNC, CORES["srwm"], (84, 84, 1), 2),
    "delta_net_84": Case(13, SYNC, CORES["delta_net"], (84, 84, 1), 2),
    "lstm_84": Case(14, SYNC, CORES["lstm"], (84, 84, 1), 2),
}


def matrix():
    """Names and cases of every core with every encoder in every kind of training."""
    odd = {"hidden": 12}  # heads of 6 fill no vector
    trainings = {"sync": (SYNC, "none"), "delayed": (DELAYED, "none"), "kl": (SYNC, "kl"),
                 "state_mse": (SYNC, "state_mse"), "sequential": (SEQUENTIAL, "none")}
    encoders = {"conv4": (CONV4, (33, 35, 1)), "res12": ({"kind": "res12", "channels": 2, "size": "base"}, (17, 19, 3))}
    for seed, (training, encoder, core) in enumerate(itertools.product(trainings, encoders, CORES), 100):
        protocol, bootstrap = trainings[training]
        if core == "transformer" and bootstrap == "state_mse":
            continue  # its state grows with the sequence: a spec of this is refused
        vision, image = encoders[encoder]
        yield f"{core}.{encoder}.{training}", Case(seed, protocol, CORES[core] | odd, image, 4, vision, bootstrap)


MATRIX = dict(matrix())
# What tests/golden/data holds.
CASES = SINGLE_CASES | {name: MATRIX[name] for name in (
    "lstm.conv4.delayed", "linear_transformer.conv4.delayed", "transformer.conv4.sync", "delta_net.conv4.kl",
    "lstm.conv4.state_mse", "srwm.conv4.sequential", "linear_transformer.res12.sync", "transformer.res12.delayed")}


def is_sequential(case):
    return case.protocol["kind"] == "sequential"


def future_shots(case):
    return 0 if case.bootstrap == "none" else FUTURE_SHOTS


def make_spec(name, case):
    train = {"steps": STEPS, "batch": 2} | ({"accumulate": 2} if is_sequential(case) else {})
    spec = {"name": "golden_" + name.replace(".", "_"), "protocol": case.protocol,
            "model": {"vision": case.vision, "core": case.core}, "optim": OPTIM, "train": train}
    if future_shots(case):
        spec["bootstrap"] = {"kind": case.bootstrap, "future_shots": future_shots(case), "loss_scale": 1,
                             "match_scale": 10, "future_loss_scale": 0.5}
    return spec


def make_labels(rng, case):
    """[E, T]: the support, or the segment of each task, and what follows it."""
    protocol = case.protocol
    n_way, k_shot = protocol["n_way"], protocol["k_shot"]
    after = k_shot if is_sequential(case) else future_shots(case)

    def shuffled(shots):
        return rng.permutation(np.repeat(np.arange(n_way), shots))
    labels = np.stack([np.concatenate([shuffled(k_shot), shuffled(after)])
                       for _ in range(case.episodes)]).astype(np.int32)
    if protocol["kind"] == "sync":
        labels = np.concatenate([labels, rng.integers(n_way, size=(case.episodes, 1), dtype=np.int32)], 1)
    return labels


def make_images(rng, case, labels):
    """[E, T, H, W, C] of noise around a pattern of each class, which two tasks share."""
    patterns = rng.integers(0, 160, size=(case.episodes, case.protocol["n_way"], *case.image))
    images = patterns[np.arange(case.episodes)[:, None], labels] + \
        rng.integers(0, 96, size=(*labels.shape, *case.image))
    return images.astype(np.uint8)


def make_tasks(rng, case):
    """Two tasks whose sequences differ in length and order from pass to pass."""
    segment, passes = case.protocol["n_way"] * case.protocol["k_shot"], 2 * STEPS
    mean, std = (torch.from_numpy(rng.uniform(0.2, 0.4, (2, case.image[2]))) for _ in range(2))
    kept = segment - rng.integers(case.protocol["max_trim"] + 1, size=(passes, 2))
    return torch_models.TwoTasks(mean, std, kept.tolist(), rng.integers(2, size=passes).tolist())


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


def write_episodes(path, case, images, labels):
    sequential = is_sequential(case)
    shots = case.protocol["k_shot"] * (2 if sequential else 1) + future_shots(case)
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update({"srwm_format": "episodes", "format_version": 1, "generator": "make_golden.py",
                           "protocol": "delayed" if sequential else case.protocol["kind"],
                           "n_way": case.protocol["n_way"], "k_shot": shots})
        file["images"], file["labels"] = images, labels


def expected(weights, images, labels, spec, tasks):
    """What PyTorch computes, by its name in the file."""
    with torch.no_grad():
        numbers = torch_models.whole(images, torch.float32, tasks)
        logits, _ = torch_models.logits(tensors(weights, torch.float32), numbers, labels, spec, training=False)
    trained = tensors(weights, torch.float64)
    losses = list(torch_models.adam_steps(trained, images, labels, spec, STEPS, tasks))
    found = {"logits": logits.flatten(0, 1).numpy(), "losses": np.array(losses)}
    if tasks is not None:
        found |= {name: np.asarray(value) for name, value in tasks._asdict().items()}
    return found | {"final/" + name: value.detach().numpy() for name, value in trained.items()}


def write_expected(path, values):
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update({"srwm_format": "golden", "format_version": 1,
                           "generator": f"make_golden.py, PyTorch {torch.__version__}"})
        for name, value in values.items():
            file[name] = value


def make_case(name, case, folder):
    rng = np.random.default_rng(case.seed)
    spec = make_spec(name, case)
    text = json.dumps(spec)
    model = model_of(text, name)
    features = model.vision["channels"] * (case.image[0] // 16) * (case.image[1] // 16)
    labels = make_labels(rng, case)
    images = make_images(rng, case, labels)
    weights = make_weights(rng, model, case.image, features)
    tasks = make_tasks(rng, case) if is_sequential(case) else None
    values = expected(weights, torch.from_numpy(images), torch.from_numpy(labels).long(), spec, tasks)
    stem = os.path.join(folder, name)
    write_episodes(stem + ".episodes.h5", case, images, labels)
    write_checkpoint(stem + ".checkpoint.h5", text, weights, {})
    write_expected(stem + ".expected.h5", values)
    print(f"{name}: loss {values['losses'][0]:.4f} -> {values['losses'][-1]:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", metavar="CASE", nargs="*", help="of those in tests/golden/data; all of them if none")
    parser.add_argument("--all", metavar="FOLDER", help="write the whole matrix there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cases, folder = (MATRIX, options.all) if options.all else (CASES, os.path.join(HERE, "data"))
    if unknown := set(options.cases) - set(cases):
        parser.error(f"no case is named {', '.join(sorted(unknown))}.")
    os.makedirs(folder, exist_ok=True)
    for name in options.cases or cases:
        make_case(name, cases[name], folder)


if __name__ == "__main__":
    main()
