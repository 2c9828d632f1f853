#!/usr/bin/env python3
"""check_includes.py ROOT TABLE: every #include "..." of lib, apps and kernels follows an arrow of the table."""
import pathlib
import re
import sys

SOURCES = {".cpp", ".h", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def read_table(path):
    """{folder: [folders it may include]} and the set of generated headers."""
    arrows, generated = {}, set()
    for line in pathlib.Path(path).read_text().splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        folder, _, allowed = line.partition(":")
        if folder == "generated":
            generated.update(allowed.split())
        elif folder in arrows:
            raise SystemExit(f"{path}: {folder} has two lines")
        else:
            arrows[folder] = allowed.split()
    return arrows, generated


def folder_of(path):
    """The folder of a source as the table calls it; path is relative to the root."""
    parent = path.parent.as_posix()
    return parent.removeprefix("lib/")


def included_file(root, source, include):
    """The file that an #include "..." means, relative to the root; None if there is none."""
    for base in (source.parent, pathlib.Path("lib"), pathlib.Path("apps"), pathlib.Path("")):
        if (root / base / include).is_file():
            return pathlib.Path((base / include).as_posix())
    return None


def source_problems(root, source, arrows, generated, used):
    folder = folder_of(source)
    if folder not in arrows:
        return [f"{source}: the table has no line for the folder {folder}. Move the file, or add the folder"]
    problems = []
    for include in INCLUDE.findall((root / source).read_text(errors="replace")):
        if include in generated:
            continue
        target = None if ".." in include.split("/") else included_file(root, source, include)
        if target is None:
            problems.append(f'{source}: "{include}" is no file. Write the path from lib/ or from the root')
            continue
        to = folder_of(target)
        if to == folder:
            continue
        used.add((folder, to))
        if to not in arrows[folder]:
            instead = ", ".join(arrows[folder]) or "no other folder"
            problems.append(f"{source} includes {include}: the arrow {folder} -> {to} is not allowed. "
                            f"{folder} may use {instead}")
    return problems


def cycle_in(arrows):
    """A list of folders that lead back to the first, or None."""
    done = set()

    def visit(folder, way):
        if folder in way:
            return way[way.index(folder):] + [folder]
        if folder in done:
            return None
        for to in arrows.get(folder, []):
            found = visit(to, way + [folder])
            if found:
                return found
        done.add(folder)
        return None

    return next(filter(None, (visit(folder, []) for folder in arrows)), None)


def check(root, table):
    """Sentences, one for each thing that is wrong."""
    root = pathlib.Path(root)
    arrows, generated = read_table(table)
    problems, used = [], set()
    cycle = cycle_in(arrows)
    if cycle:
        problems.append("the table has a cycle: " + " -> ".join(cycle))
    sources = [path for top in ("lib", "apps", "kernels") for path in sorted((root / top).rglob("*"))
               if path.suffix in SOURCES]
    if not sources:
        problems.append(f"{root} has no sources in lib, apps and kernels")
    for path in sources:
        problems += source_problems(root, path.relative_to(root), arrows, generated, used)
    for folder, allowed in arrows.items():
        for to in allowed:
            if (folder, to) not in used:
                problems.append(f"nothing uses the arrow {folder} -> {to} any more. Remove it from the table")
    return problems


def main():
    problems = check(*sys.argv[1:3])
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
