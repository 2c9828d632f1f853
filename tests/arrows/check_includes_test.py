#!/usr/bin/env python3
"""check_includes.py reports each kind of wrong include, and nothing else."""
import pathlib
import tempfile
import unittest

import check_includes

TABLE = """
core:
ops: core  # a comment
nn: ops
kernels:
generated: build_info.h
"""
FILES = {
    "lib/core/shape.h": "#include <vector>\n",
    "lib/ops/add.h": '#include "core/shape.h"\n#include "ops/op.h"\n#include "build_info.h"\n',
    "lib/ops/op.h": "",
    "lib/nn/layers.cpp": '#include "ops/add.h"\n',
    "kernels/add.cu": '#include "kernels/add.h"\n',
    "kernels/add.h": "",
}


class CheckIncludes(unittest.TestCase):
    def problems(self, changed=None, table=TABLE):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**FILES, **(changed or {})}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            (root / "table.txt").write_text(table)
            return check_includes.check(root, root / "table.txt")

    def test_allowed_includes_pass(self):
        self.assertEqual(self.problems(), [])

    def test_a_forbidden_arrow_is_named_with_the_folders_allowed_instead(self):
        self.assertEqual(self.problems({"lib/ops/op.h": '#include "nn/layers.h"\n', "lib/nn/layers.h": ""}),
                         ["lib/ops/op.h includes nn/layers.h: the arrow ops -> nn is not allowed. ops may use core"])

    def test_a_kernel_may_include_nothing_of_lib(self):
        self.assertEqual(self.problems({"kernels/add.h": '  #  include "core/shape.h"\n'}),
                         ["kernels/add.h includes core/shape.h: the arrow kernels -> core is not allowed. "
                          "kernels may use no other folder"])

    def test_a_folder_without_a_line_is_an_error(self):
        self.assertIn("no line for the folder games", self.problems({"lib/games/board.h": ""})[0])

    def test_an_include_of_no_file_is_an_error(self):
        self.assertIn('"add.hh" is no file', self.problems({"lib/nn/layers.cpp": '#include "ops/add.h"\n#include "add.hh"\n'})[0])

    def test_a_path_with_dots_is_an_error(self):
        text = '#include "ops/add.h"\n#include "../core/shape.h"\n'
        self.assertIn('"../core/shape.h" is no file', self.problems({"lib/nn/layers.cpp": text})[0])

    def test_an_unused_arrow_is_an_error(self):
        self.assertEqual(self.problems(table=TABLE.replace("nn: ops", "nn: ops core")),
                         ["nothing uses the arrow nn -> core any more. Remove it from the table"])

    def test_a_cycle_is_an_error(self):
        table = TABLE.replace("core:", "core: nn")
        changed = {"lib/core/shape.h": '#include "nn/layers.h"\n', "lib/nn/layers.h": ""}
        self.assertEqual(self.problems(changed, table), ["the table has a cycle: core -> nn -> ops -> core"])

    def test_a_tree_without_sources_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            table = pathlib.Path(folder) / "table.txt"
            table.write_text("core:\n")
            self.assertIn("no sources", check_includes.check(folder, table)[0])


if __name__ == "__main__":
    unittest.main()
