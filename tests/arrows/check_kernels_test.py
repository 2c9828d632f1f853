#!/usr/bin/env python3
"""check_kernels.py reports kernels without an introduction and launchers with too many parameters."""
import pathlib
import tempfile
import unittest

import check_kernels

KERNEL = "// y = a + b. A thread per element.\n#include \"kernels/add.h\"\n"
HEADER = "void add(cudaStream_t stream, const float* a, const float* b, float* y, int n, int m,\n         bool accumulate);\n"


class CheckKernels(unittest.TestCase):
    def problems(self, kernel=KERNEL, header=HEADER):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "kernels").mkdir()
            if kernel is not None:
                (root / "kernels/add.cu").write_text(kernel)
            (root / "kernels/add.h").write_text(header)
            return check_kernels.check(root)

    def test_good_form_passes(self):
        self.assertEqual(self.problems(), [])

    def test_a_kernel_without_an_introduction_is_an_error(self):
        for text in ("#include <cstdint>\n// A thread per element.\n", "// Adds.\n#include <cstdint>\n"):
            self.assertEqual(self.problems(kernel=text), ["kernels/add.cu opens with no comment on what it computes and "
                                                          "which thread does what"])

    def test_eight_parameters_are_an_error(self):
        self.assertEqual(self.problems(header=HEADER.replace("int m,", "int m, int k,")),
                         ["kernels/add.h: add has 8 parameters, more than 7. Put them into a struct"])

    def test_no_kernels_are_an_error(self):
        self.assertIn("has no kernels", self.problems(kernel=None)[0])


if __name__ == "__main__":
    unittest.main()
