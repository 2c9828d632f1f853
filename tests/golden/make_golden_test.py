"""The scripts that make the golden files still make the ones that are here."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

import h5py
import numpy as np

try:
    import torch
except ImportError:
    torch = None

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
if torch is not None:
    import make_agent_golden
    import make_baseline_golden
    import make_golden
    import make_vsml_golden


def numbers(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if hasattr(item, "dtype") and
                        item.dtype.kind in "fiu" else None)
    return found


def files_of_case(name):
    return [f"{name}.{kind}.h5" for kind in ("checkpoint", "episodes", "expected")]


@unittest.skipIf(torch is None, "PyTorch is not installed")
class MakeGolden(unittest.TestCase):
    def check(self, make, files):
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            make(folder)
            self.assertEqual(sorted(os.listdir(folder)), sorted(files))
            for name in files:
                made, kept = numbers(os.path.join(folder, name)), numbers(os.path.join(HERE, "data", name))
                self.assertEqual(sorted(made), sorted(kept))
                for key, value in kept.items():  # another PyTorch may round differently
                    np.testing.assert_allclose(made[key], value, rtol=1e-6, atol=1e-6, err_msg=f"{name}: {key}")

    def test_few_shot(self):
        for name in ("srwm", "lstm", "delta_net.conv4.kl", "srwm.conv4.sequential"):
            with self.subTest(name):
                self.check(lambda folder: make_golden.make_case(name, make_golden.CASES[name], folder),
                           files_of_case(name))

    def test_agents(self):
        for number, case in enumerate(make_agent_golden.CASES):
            if case in ("srwm", "delta_net", "lstm_per_step"):
                with self.subTest(case):
                    self.check(lambda folder: make_agent_golden.make_case(number, case, folder),
                               [f"agent_{case}.h5"])

    def test_vsml(self):
        for number, case in enumerate(make_vsml_golden.CASES):
            with self.subTest(case):
                self.check(lambda folder: make_vsml_golden.make_case(number, case, folder), [f"vsml_{case}.h5"])
        self.check(make_vsml_golden.make_given, ["vsml_given.h5"])

    def test_baselines(self):
        self.check(make_baseline_golden.make, ["baselines.h5"])

    def test_nothing_is_missing(self):
        files = [file for name in make_golden.CASES for file in files_of_case(name)]
        files += [f"agent_{case}.h5" for case in make_agent_golden.CASES]
        files += [f"vsml_{case}.h5" for case in [*make_vsml_golden.CASES, "given"]]
        files.append("baselines.h5")
        self.assertEqual(sorted(os.listdir(os.path.join(HERE, "data"))), sorted(files))


if __name__ == "__main__":
    unittest.main()
