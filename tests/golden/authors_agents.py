#!/usr/bin/env python3
"""Runs the agents of the authors' own code (IDSIA/modern-srwm, the folder reinforcement_learning) and writes what they
say, for test_golden "[authors]". Their code is not part of this project; its CUDA ops, and the module nest, are replaced
by plain loops here.

  tests/golden/authors_agents.py modern-srwm/reinforcement_learning OUT_DIR
  SRWM_AUTHORS_AGENTS=OUT_DIR test_golden "[authors]"

Per agent, of the published sizes with random weights: the checkpoint that data_scripts/convert_torch_checkpoint.py
makes of its state_dict, and beside the model a rollout with /frames, /rewards, /first and their /logits and /values."""

import importlib
import json
import os
import sys
import types

import h5py
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "data_scripts"))
import convert_torch_checkpoint  # noqa: E402

BATCH, LENGTH, ACTIONS = 3, 21, 15
SIZES = {"num_layers": 2, "num_head": 8, "dim_head": 16, "hidden_size": 128, "dim_ff": 512, "dropout": 0.0}
PLAIN_SIZES = {key: SIZES[key] for key in ("num_layers", "hidden_size", "dim_ff", "dropout")}
AGENTS = {  # class of their code, arguments, agent of the spec
    "feed_forward": ("Net", {}, {}),
    "feed_forward_deep": ("DeeperNet", PLAIN_SIZES, {}),
    "lstm": ("Net", {"use_lstm": True}, {"layers": 1, "hidden": 256}),
    "delta_net": ("DeltaNetModel", SIZES, {}),
    "linear_transformer": ("LinearTransformerModel", SIZES, {}),
    "fake_sr": ("PseudoSRModel", SIZES, {}),
    "srwm": ("SRModel", SIZES, {}),
    "srwm_no_carry": ("NoCarryOverSRModel", SIZES, {"core": "srwm", "carry": "step"}),
    "sr_delta": ("SMFWPModel", SIZES, {}),
}


def delta_rule(q, k, v, beta, weights):
    """W += beta (v - W k) k^T, y = W q, at each step; `weights` [B, H, keys, values] change in place, as by theirs."""
    outputs = []
    for t in range(q.shape[2]):
        key, query = k[:, :, t].unsqueeze(-1), q[:, :, t].unsqueeze(-2)
        change = v[:, :, t].unsqueeze(-2) - key.transpose(-1, -2) @ weights
        weights += beta[:, :, t].unsqueeze(-1) * key @ change
        outputs.append((query @ weights).squeeze(-2))
    return torch.stack(outputs, 2)


def sum_rule(q, k, v, weights):
    outputs = []
    for t in range(q.shape[2]):
        weights += k[:, :, t].unsqueeze(-1) @ v[:, :, t].unsqueeze(-2)
        outputs.append((q[:, :, t].unsqueeze(-2) @ weights).squeeze(-2))
    return torch.stack(outputs, 2)


def self_reference(x, *weights):
    """y, q, k, b = W x; then each part of W += beta (W softmax(q) - W softmax(k)) softmax(k)^T, in place."""
    outputs = []
    for t in range(x.shape[2]):
        y, q, k, b = (x[:, :, t].unsqueeze(-2) @ part for part in weights)
        q, k, beta = q.softmax(-1), k.softmax(-1), b.sigmoid()
        for i, part in enumerate(weights):
            part += beta[..., i:i + 1] * k.transpose(-1, -2) @ ((q - k) @ part)
        outputs.append(y.squeeze(-2))
    return torch.stack(outputs, 2)


def nest_map(function, value):
    return tuple(nest_map(function, item) for item in value) if isinstance(value, tuple) else function(value)


def replace_modules():
    """What their code imports and cannot be built without CUDA, or is not theirs."""
    ops = {"fast_weight": ("fast_weight_delta", delta_rule), "fast_transformers": ("fast_weight_sum", sum_rule),
           "rec_update_fwm_tanh": ("rec_update_fwm_tanh", None), "fast_weight_rnn_v2": ("fast_rnn_v2", None),
           "self_ref_v0": ("self_ref_v0", self_reference), "self_ref_v1": ("self_ref_v1", self_reference)}
    for module, (name, function) in ops.items():
        sys.modules["torchbeast." + module] = types.SimpleNamespace(**{name: function})
    sys.modules["nest"] = types.SimpleNamespace(map=nest_map)


def load_authors(folder):
    replace_modules()
    sys.path.insert(0, folder)
    importlib.import_module("torchbeast.layer").fast_weight_memory = delta_rule  # a name that they use and never import
    return importlib.import_module("torchbeast_procgen.model")


def make_rollout(rng):
    first = np.zeros((BATCH, LENGTH), np.uint8)
    first[0, 0] = first[0, 7] = first[1, 20] = first[2, 3] = first[2, 4] = 1
    return {"frames": rng.integers(0, 256, (BATCH, LENGTH, 64, 64, 3), dtype=np.uint8),
            "rewards": rng.normal(0, 1.5, (BATCH, LENGTH)).astype(np.float32),
            "first": first,
            "actions": rng.integers(0, ACTIONS, (BATCH, LENGTH), dtype=np.int32),
            "log_probs": np.zeros((BATCH, LENGTH), np.float32)}


def answers(model, rollout):
    """Logits and values of theirs, batch first."""
    given = {"frame": torch.from_numpy(rollout["frames"]).permute(1, 0, 4, 2, 3).contiguous(),
             "reward": torch.from_numpy(rollout["rewards"]).T.contiguous(),
             "done": torch.from_numpy(rollout["first"]).T.bool()}
    with torch.no_grad():
        (_, logits, values), _ = model(given, model.initial_state(BATCH))
    return logits.transpose(0, 1).numpy(), values.T.numpy()


def make_model(authors, name, arguments):
    model = getattr(authors, name)(ACTIONS, **arguments).eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if "norm" in key:  # 1 and 0 would hide a norm that is not applied, or is where it should not be
                value += 0.3 * torch.randn_like(value)
        model.policy.weight *= 10  # logits as far apart as those of trained agents
    return model


def main(folder, out):
    torch.set_num_threads(1)
    authors = load_authors(folder)
    os.makedirs(out, exist_ok=True)
    for number, (name, (kind, arguments, options)) in enumerate(AGENTS.items()):
        torch.manual_seed(number)
        path, rollout = os.path.join(out, name), make_rollout(np.random.default_rng(number))
        model = make_model(authors, kind, arguments)
        torch.save({"model_state_dict": model.state_dict(), "flags": {"num_actors": 48}}, path + ".pt")
        with open(path + ".json", "w", encoding="utf-8") as file:
            json.dump({"task": "rl", "name": name, "env": {"library": "procgen", "games": ["maze"]},
                       "agent": {"core": name, **options}}, file)
        convert_torch_checkpoint.main([path + ".pt", path + ".h5", "--config", path + ".json"])
        logits, values = answers(model, rollout)
        with h5py.File(path + ".h5", "r+") as file:
            for key, value in {**rollout, "logits": logits, "values": values}.items():
                file[key] = value


if __name__ == "__main__":
    main(*sys.argv[1:])
