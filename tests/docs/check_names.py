#!/usr/bin/env python3
"""check_names.py ROOT: files and names in `backquotes` in docs/internals exist in the sources."""
import pathlib
import re
import sys

SOURCES = {".cpp", ".h", ".cu", ".cuh", ".py", ".sh", ".cmake", ".txt", ".json"}
TOPS = ("lib", "apps", "kernels", "tests", "scripts", "data_scripts", "cmake", "experiments")
FILE = re.compile(r"[\w.-]+(/[\w.-]+)*\.(cpp|h|cu|cuh|py|sh|md|cmake)")
FOLDER = re.compile(r"[\w.-]+(/[\w.-]+)*/")
# Type, type::member, snake_case_name and name(): what only code is called.
NAME = re.compile(r"([A-Z]\w*[a-z]\w*|\w+(::\w+)+|[a-z]\w*_\w+|\w+\(\))")


def words_of(root):
    words = set()
    for top in TOPS:
        for path in (root / top).rglob("*"):
            if path.suffix in SOURCES and path.is_file():
                words.update(re.findall(r"\w+", path.read_text(errors="replace")))
                words.add(path.stem)
    return words


def page_problems(root, page, words):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    bases = (root, root / "lib", root / "apps", page.parent)
    problems = []
    for name in re.findall(r"`([^`\n]+)`", text):
        if FILE.fullmatch(name) or FOLDER.fullmatch(name):
            # A file may be named without its folder.
            found = any((base / name).exists() for base in bases)
            if not found and "/" not in name.rstrip("/"):
                found = any(next((root / top).rglob(name), None) for top in TOPS)
            if not found:
                problems.append(f"{page.relative_to(root)}: there is no file {name}")
        elif NAME.fullmatch(name):
            missing = [word for word in re.findall(r"\w+", name) if word not in words]
            if missing:
                problems.append(f"{page.relative_to(root)}: no source has the name {missing[0]} of `{name}`")
    return problems


def check(root):
    root = pathlib.Path(root)
    words = words_of(root)
    pages = sorted((root / "docs/internals").glob("*.md"))
    problems = [] if pages else [f"{root} has no pages in docs/internals"]
    for page in pages:
        problems += page_problems(root, page, words)
    return problems


def main():
    problems = check(sys.argv[1])
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
