#!/usr/bin/env python3
"""check_kernels.py ROOT: the form of kernels/. A .cu opens with a comment that says what it computes and which thread does
what; a launcher has at most seven parameters, more belong into a struct."""
import pathlib
import re
import sys

MOST_PARAMETERS = 7
DECLARATION = re.compile(r"^(?:void|bool|int|std::int64_t) (\w+)\(([^;{]*)\);", re.MULTILINE)


def opening_comment(text):
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return " ".join(lines)


def check(root):
    root = pathlib.Path(root)
    problems = []
    kernels = sorted((root / "kernels").glob("*.cu"))
    if not kernels:
        problems.append(f"{root} has no kernels")
    for path in kernels:
        if not re.search(r"\b(thread|block|warp)\w*\b", opening_comment(path.read_text()), re.IGNORECASE):
            problems.append(f"kernels/{path.name} opens with no comment on what it computes and which thread does what")
    for path in sorted((root / "kernels").glob("*.h")):
        for name, parameters in DECLARATION.findall(path.read_text()):
            count = parameters.count(",") + 1
            if count > MOST_PARAMETERS:
                problems.append(f"kernels/{path.name}: {name} has {count} parameters, more than {MOST_PARAMETERS}. "
                                f"Put them into a struct")
    return problems


def main():
    problems = check(sys.argv[1])
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
