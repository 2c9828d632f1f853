#!/usr/bin/env python3
"""Times training steps of the PyTorch models in torch_models.py on random episodes, for docs/benchmarks.

  build/release/apps/srwm/srwm config show experiments/omniglot_1shot/srwm.json > spec.json
  tests/golden/torch_speed.py spec.json [--image H W C] [--device cuda] [--threads N] [--steps N]
"""

import argparse
import json
import statistics
import time

import numpy as np
import torch

import torch_models
from make_golden import make_weights, options_of, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec")
    parser.add_argument("--image", type=int, nargs=3, default=(28, 28, 1), metavar=("H", "W", "C"))
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
    protocol, batch = spec["protocol"], spec["train"]["batch"]
    length = protocol["n_way"] * protocol["k_shot"] + 1
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (batch, length, *options.image), generator=generator, dtype=torch.uint8)
    labels = torch.randint(0, protocol["n_way"], (batch, length), generator=generator)
    height, width, _ = options.image
    features = spec["model"]["vision"]["channels"] * (height // 16) * (width // 16)  # of a conv4
    weights = make_weights(np.random.default_rng(1), options_of(text, options.spec), options.image, features)
    parameters = {name: value.to(options.device) for name, value in tensors(weights, torch.float32).items()}
    images, labels = images.to(options.device), labels.to(options.device)
    times, last = [], None
    for loss in torch_models.adam_steps(parameters, images, labels, spec, options.steps + 2):
        now = time.perf_counter()
        if last is not None:
            times.append(now - last)
        last = now
        assert loss == loss
    step = statistics.median(times[1:])
    where = f"{options.threads} threads" if options.device == "cpu" else torch.cuda.get_device_name(options.device)
    where += ", TF32" if options.tf32 else ""
    print(f"PyTorch {torch.__version__}, {where}: {1000 * step:.1f} ms a step of {batch} episodes of "
          f"{length} images, {batch * length / step:.0f} images/s (median of {len(times) - 1} steps)")


if __name__ == "__main__":
    main()
