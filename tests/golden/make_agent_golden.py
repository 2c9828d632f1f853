#!/usr/bin/env python3
"""Writes tests/golden/data/agent_<core>.h5: for small agents what PyTorch computes (torch_agents.py), for
agent_golden_test.cpp.

  tests/golden/make_agent_golden.py

Per file fixed weights /model/<name> and a rollout, and in double precision the agent's /logits and /values on it,
/losses [steps, 4] (all, policy, baseline, entropy) and /final/<name> after some steps of RMSProp."""

import os
import sys

import h5py
import numpy as np
import torch

import torch_agents

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "data_scripts"))
from torch_shapes import AgentModel  # noqa: E402

STEPS, RATE, CLIP_NORM = 5, 1e-3, 5.0
BATCH, LENGTH, ACTIONS = 2, 6, 4
FRAME = (9, 10, 3)  # leaves the stages as 3 x 3 maps
SIZES = {"channels": (3, 4), "features": 6, "layers": 2, "heads": 2, "hidden": 8, "ff_inner": 7, "layer_norm": False,
         "per_step": False}
CORES = ("feed_forward", "feed_forward_deep", "lstm", "delta_net", "fake_sr", "srwm", "sr_delta", "linear_transformer")
CASES = {core: {**SIZES, "core": core} for core in CORES}
CASES |= {core + "_per_step": {**SIZES, "core": core, "per_step": True} for core in ("lstm", "delta_net", "srwm")}
CASES |= {core + "_layer_norm": {**SIZES, "core": core, "layer_norm": True} for core in ("fake_sr", "srwm", "sr_delta")}


def make_weights(rng, options, frame, actions):
    """Weights of the size that training leaves, none of them at a special value such as 0 or 1."""
    height, width, channels = frame
    for _ in options["channels"]:
        height, width = (height + 1) // 2, (width + 1) // 2
    sizes = {"feat_convs.0.0.weight": np.empty((0, channels, 3, 3)), "policy.bias": np.empty(actions),
             "fc.weight": np.empty((0, options["channels"][-1] * height * width))}
    weights = {}
    for name, shape in AgentModel(options).shapes(sizes).items():
        scale = 0.35 if len(shape) == 1 else 1 / np.sqrt(shape[-2] if ".W_" in name or ".w_b" in name
                                                         else np.prod(shape[1:]))
        value = rng.normal(0, scale, shape)
        weights[name] = (value + name.endswith("layer_norm.weight")).astype(np.float32)
    return weights


def make_rollout(rng, first, frame, actions):
    """Random steps of episodes that begin where `first` [B, T + 1] is 1."""
    return {"frames": rng.integers(0, 256, (*first.shape, *frame), dtype=np.uint8),
            "rewards": rng.normal(0, 1.5, first.shape).astype(np.float32),
            "first": first,
            "actions": rng.integers(0, actions, first.shape, dtype=np.int32),
            "log_probs": rng.normal(-1.4, 0.5, first.shape).astype(np.float32)}


def make_case(number, name, folder):
    rng = np.random.default_rng(number)
    first = np.zeros((BATCH, LENGTH), np.uint8)
    first[0, 0] = first[0, 3] = first[1, 4] = 1
    options, rollout = CASES[name], make_rollout(rng, first, FRAME, ACTIONS)
    weights = make_weights(rng, options, FRAME, ACTIONS)
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
