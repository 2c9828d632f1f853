#!/usr/bin/env python3
"""check_names.py reports names and files that do not exist, and nothing else."""
import pathlib
import tempfile
import unittest

import check_names

PAGE = """`Tape::apply` (`autograd/tape.h`, in `lib/autograd/`) asks `plan()`; `tape.h` too. `srwm train` and `train.steps`
are no names of code, nor is what a block holds:
```
`Gone::name`
```
"""


class CheckNames(unittest.TestCase):
    def problems(self, page):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "lib/autograd").mkdir(parents=True)
            (root / "lib/autograd/tape.h").write_text("class Tape { void apply(); int plan(); };\n")
            (root / "docs/internals").mkdir(parents=True)
            (root / "docs/internals/walkthrough.md").write_text(page)
            return check_names.check(root)

    def test_a_true_page_passes(self):
        self.assertEqual(self.problems(PAGE), [])

    def test_a_name_that_is_gone_is_an_error(self):
        self.assertEqual(self.problems(PAGE.replace("Tape::apply", "Tape::perform")),
                         ["docs/internals/walkthrough.md: no source has the name perform of `Tape::perform`"])
        self.assertIn("the name Recorder", self.problems(PAGE + "`Recorder`\n")[0])
        self.assertIn("the name grad_for", self.problems(PAGE + "`grad_for`\n")[0])

    def test_a_file_that_is_gone_is_an_error(self):
        self.assertEqual(self.problems(PAGE.replace("autograd/tape.h", "autograd/variable.h")),
                         ["docs/internals/walkthrough.md: there is no file autograd/variable.h"])
        self.assertIn("there is no file gone.h", self.problems(PAGE + "`gone.h`\n")[0])
        self.assertIn("there is no file lib/rl/", self.problems(PAGE + "`lib/rl/`\n")[0])

    def test_no_pages_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("no pages", check_names.check(folder)[0])


if __name__ == "__main__":
    unittest.main()
