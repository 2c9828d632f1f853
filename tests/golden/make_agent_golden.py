#!/usr/bin/env python3
"""Writes tests/golden/data/agent_<core>.h5: for small agents what PyTorch computes (torch_agents.py), for
agent_golden_test.cpp.

  tests/golden/make_agent_golden.py

Per file fixed weights /model/<name> and a rollout, and in double precision the agent's /logits and /values on it,
/losses [steps, 4] (all, policy, baseline, entropy) and /final/<name> after some steps of RMSProp."""

import os

import h5py
import numpy as np
import torch

import torch_agents

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, RATE, CLIP_NORM = 5, 1e-3, 5.0
BATCH, LENGTH, ACTIONS = 2, 6, 4
FRAME = (9, 10, 3)  # leaves the stages as 3 x 3 maps
SIZES = {"layers": 2, "heads": 2, "hidden": 8, "per_step": False}
CHANNELS, FEATURES, INNER = (3, 4), 6, 7
CORES = ("feed_forward", "feed_forward_deep", "lstm", "delta_net", "fake_sr", "srwm", "sr_delta", "linear_transformer")
CASES = {core: {**SIZES, "core": core} for core in CORES}
CASES |= {core + "_per_step": {**SIZES, "core": core, "per_step": True} for core in ("lstm", "delta_net", "srwm")}
CASES |= {core + "_layer_norm": {**SIZES, "core": core, "layer_norm": True} for core in ("fake_sr", "srwm", "sr_delta")}


def linear_shapes(name, ins, outs, bias=True):
    shapes = {name + ".weight": (outs, ins)}
    return {**shapes, name + ".bias": (outs,)} if bias else shapes


def norm_shapes(name, width):
    return {name + ".weight": (width,), name + ".bias": (width,)}


def encoder_shapes():
    shapes, ins = {}, FRAME[2]
    for i, outs in enumerate(CHANNELS):
        names = [f"resnet{block}.{i}.{k}" for block in (1, 2) for k in (1, 3)]
        for name, width in [(f"feat_convs.{i}.0", ins)] + [(name, outs) for name in names]:
            shapes |= {name + ".weight": (outs, width, 3, 3), name + ".bias": (outs,)}
        ins = outs
    return shapes | linear_shapes("fc", ins * 3 * 3, FEATURES)


def layer_shapes(name, options):
    hidden, heads, kind = options["hidden"], options["heads"], options["core"]
    d = hidden // heads
    if kind == "feed_forward_deep":
        return {}
    shapes = linear_shapes(name + ".out_linear", hidden, hidden, bias=False)
    if options.get("layer_norm"):
        shapes |= norm_shapes(name + ".layer_norm", hidden)
    if kind == "fake_sr":
        return shapes | {name + ".W_y": (heads, d, d)}
    if kind in ("srwm", "sr_delta"):
        outs = d if kind == "srwm" else 3 * d + 1
        return shapes | {name + ".W_y": (1, heads, d, outs), name + ".W_q": (1, heads, d, d),
                         name + ".W_k": (1, heads, d, d), name + ".w_b": (1, heads, d, 4)}
    outs = 3 * hidden + (heads if kind == "delta_net" else 0)
    return shapes | linear_shapes(name + ".slow_net", hidden, outs, bias=False) | \
        norm_shapes(name + ".layer_norm", hidden)


def core_shapes(options):
    hidden, ins, kind = options["hidden"], FEATURES + 1, options["core"]
    if kind == "feed_forward":
        return {}
    if kind == "lstm":
        shapes = {}
        for i in range(options["layers"]):
            shapes |= {f"core.weight_ih_l{i}": (4 * hidden, ins if i == 0 else hidden),
                       f"core.weight_hh_l{i}": (4 * hidden, hidden),
                       f"core.bias_ih_l{i}": (4 * hidden,), f"core.bias_hh_l{i}": (4 * hidden,)}
        return shapes
    prefix = "trafo_ff_block" if kind == "feed_forward_deep" else "core"
    shapes = linear_shapes(prefix + ".input_proj", ins, hidden)
    for i in range(options["layers"]):
        block = f"{prefix}.ff_layers.{i}"
        shapes |= layer_shapes(f"{prefix}.fwm_layers.{i}", options)
        shapes |= linear_shapes(block + ".ff_layers.0", hidden, INNER)
        shapes |= linear_shapes(block + ".ff_layers.3", INNER, hidden)
        shapes |= norm_shapes(block + ".layer_norm", hidden)
    return shapes


def make_weights(rng, options):
    """Weights of the size that training leaves, none of them at a special value such as 0 or 1."""
    width = FEATURES + 1 if options["core"] == "feed_forward" else options["hidden"]
    shapes = encoder_shapes() | core_shapes(options) | linear_shapes("policy", width, ACTIONS) | \
        linear_shapes("baseline", width, 1)
    weights = {}
    for name, shape in shapes.items():
        scale = 0.35 if len(shape) == 1 else 1 / np.sqrt(shape[-2] if ".W_" in name or ".w_b" in name
                                                         else np.prod(shape[1:]))
        value = rng.normal(0, scale, shape)
        weights[name] = (value + name.endswith("layer_norm.weight")).astype(np.float32)
    return weights


def make_rollout(rng):
    first = np.zeros((BATCH, LENGTH), np.uint8)
    first[0, 0] = first[0, 3] = first[1, 4] = 1
    return {"frames": rng.integers(0, 256, (BATCH, LENGTH, *FRAME), dtype=np.uint8),
            "rewards": rng.normal(0, 1.5, (BATCH, LENGTH)).astype(np.float32),
            "first": first,
            "actions": rng.integers(0, ACTIONS, (BATCH, LENGTH), dtype=np.int32),
            "log_probs": rng.normal(-1.4, 0.5, (BATCH, LENGTH)).astype(np.float32)}


def make_case(number, name, folder):
    rng = np.random.default_rng(number)
    options, rollout = CASES[name], make_rollout(rng)
    weights = make_weights(rng, options)
    tensors = {key: torch.tensor(value, dtype=torch.float64) for key, value in weights.items()}
    given = {key: torch.from_numpy(value) for key, value in rollout.items()}
    with torch.no_grad():
        logits, values = torch_agents.agent(tensors, given, options)
    losses = list(torch_agents.rmsprop_steps(tensors, given, options, STEPS, RATE, CLIP_NORM))
    with h5py.File(os.path.join(folder, f"agent_{name}.h5"), "w", libver="latest") as file:
        file.attrs.update({"srwm_format": "golden", "format_version": 1,
                           "generator": f"make_agent_golden.py, PyTorch {torch.__version__}"})
        for key, value in rollout.items():
            file[key] = value
        file["logits"], file["values"], file["losses"] = logits.numpy(), values.numpy(), np.array(losses)
        for key, value in weights.items():
            file["model/" + key], file["final/" + key] = value, tensors[key].detach().numpy()
    print(f"{name}: loss {losses[0][0]:.4f} -> {losses[-1][0]:.4f}")


def main():
    torch.set_num_threads(1)
    folder = os.path.join(HERE, "data")
    os.makedirs(folder, exist_ok=True)
    for number, name in enumerate(CASES):
        make_case(number, name, folder)


if __name__ == "__main__":
    main()
