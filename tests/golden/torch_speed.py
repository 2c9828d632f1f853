#!/usr/bin/env python3
"""Times how the PyTorch models in torch_models.py and torch_agents.py learn from random numbers, for docs/benchmarks.

  build/release/apps/srwm/srwm config show experiments/omniglot_1shot/srwm.json > spec.json
  tests/golden/torch_speed.py spec.json [--image H W C] [--device cuda] [--threads N] [--steps N]

The spec may be one of task "rl": then a step is the playing (without the games) and the learning of one batch."""

import argparse
import json
import statistics
import time

import numpy as np
import torch

import make_agent_golden
import torch_agents
import torch_models
from make_golden import make_weights, model_of, tensors


def median_seconds(work, count):
    """Of a step of `count`, the first two left out; `work` yields after each."""
    times, last = [], time.perf_counter()
    for _ in work:
        now = time.perf_counter()
        times.append(now - last)
        last = now
    assert len(times) == count + 2
    return statistics.median(times[2:])


def few_shot(spec, text, options):
    """Seconds of a training step, and what it is."""
    protocol, batch = spec["protocol"], spec["train"]["batch"]
    length = protocol["n_way"] * protocol["k_shot"] + 1
    height, width, channels = options.image or (28, 28, 1)
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (batch, length, height, width, channels), generator=generator, dtype=torch.uint8)
    labels = torch.randint(0, protocol["n_way"], (batch, length), generator=generator)
    features = spec["model"]["vision"]["channels"] * (height // 16) * (width // 16)  # of a conv4; res12 needs none
    weights = make_weights(np.random.default_rng(1), model_of(text, options.spec), (height, width, channels), features)
    parameters = {name: value.to(options.device) for name, value in tensors(weights, torch.float32).items()}
    work = torch_models.adam_steps(parameters, images.to(options.device), labels.to(options.device), spec,
                                   options.steps + 2)
    seconds = median_seconds(work, options.steps)
    episodes = batch * spec["train"].get("accumulate", 1)
    return seconds, f"a step of {episodes} episodes of {length} images, {episodes * length / seconds:.0f} images/s"


@torch.no_grad()
def plays(parameters, rollout, options, count):
    for _ in range(count):
        torch_agents.agent(parameters, rollout, options)
        yield


def agent(spec, _, options):
    """Seconds to play and to learn from a batch, and what it is."""
    agent_options = {**make_agent_golden.SIZES, **spec["agent"]}
    agent_options["per_step"] = agent_options.get("state_gradient") == "per_step"
    rng, actions, frame = np.random.default_rng(1), 15, tuple(options.image or (64, 64, 3))
    weights = make_agent_golden.make_weights(rng, agent_options, frame, actions)
    parameters = {name: torch.tensor(value, device=options.device) for name, value in weights.items()}

    def rollout(batch, steps):
        first = np.zeros((batch, steps), np.uint8)
        first[:, 0] = 1
        given = make_agent_golden.make_rollout(rng, first, frame, actions)
        return {name: torch.from_numpy(value).to(options.device) for name, value in given.items()}

    batch, unroll, actors = spec["train"]["batch"], spec["train"]["unroll"], spec["env"]["actors"]
    play = median_seconds(plays(parameters, rollout(actors, 1), agent_options, options.steps + 2), options.steps)
    learning = torch_agents.rmsprop_steps(parameters, rollout(batch, unroll + 1), agent_options, options.steps + 2,
                                          spec["optim"]["rate"], spec["optim"]["clip_norm"])
    learn, play = median_seconds(learning, options.steps), play * batch * unroll / actors
    seconds = learn + play
    return seconds, (f"to play {1000 * play:.0f} ms and learn {1000 * learn:.0f} ms from a batch of {batch} times {unroll} "
                     f"steps, {batch * unroll / seconds:.0f} steps/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec")
    parser.add_argument("--image", type=int, nargs=3, metavar=("H", "W", "C"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tf32", action="store_true", help="let products of matrices and convolutions round to TF32")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    with open(options.spec, encoding="utf-8") as file:
        text = file.read()
    spec = json.loads(text)
    spec["optim"].setdefault("rate", 1e-3)  # a warm-up has none
    seconds, what = (agent if spec.get("task") == "rl" else few_shot)(spec, text, options)
    where = f"{options.threads} threads" if options.device == "cpu" else torch.cuda.get_device_name(options.device)
    where += ", TF32" if options.tf32 else ""
    print(f"PyTorch {torch.__version__}, {where}: {1000 * seconds:.1f} ms {what} (median of {options.steps} steps)")


if __name__ == "__main__":
    main()
