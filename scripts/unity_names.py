#!/usr/bin/env python3
"""Names in the unnamed namespaces of sources that may be compiled together have to differ.

  scripts/unity_names.py [SOURCE_DIR]

A release build compiles several sources of a folder at once (SRWM_UNITY). Two helpers of the same name then collide, or,
worse, overload each other without a word, while the presets without unity still build. This script reads the .cpp files
of every srwm_library in the CMakeLists.txt below lib/ and apps/, and names what is defined twice. It relies on the layout
that clang-format gives: what is defined at namespace level begins in the first column. Aliases are left to the compiler,
which accepts equal ones; so are the two functions that every op has, whose parameters name the op.
"""

import pathlib
import re
import sys

LIBRARY = re.compile(r"srwm_library\((\w+)(.*?)\)\n", re.S)
NAMESPACE = re.compile(r"namespace (?P<name>[\w:]+ )?\{$")
OF_EVERY_OP = ("forward", "backward")
TYPE = re.compile(r"(?:struct|class|union|enum(?: class)?) (\w+)[ :{;]")


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    clashes = []
    for cmake in sorted([*top.glob("lib/**/CMakeLists.txt"), *top.glob("apps/**/CMakeLists.txt")]):
        for library, body in LIBRARY.findall(cmake.read_text(encoding="utf-8")):
            sources = together(cmake.parent, body)
            clashes += [f"{library}: {clash}" for clash in clashes_of(top, sources)]
    for clash in clashes:
        print(f"unity_names: {clash}", file=sys.stderr)
    sys.exit(1 if clashes else 0)


def together(folder, body):
    """The sources of a library in `folder` that share compilations: all but those under ALONE. A library that names none
    takes those of its FOLDERS, but for the kernels."""
    lists, key = {"": []}, ""
    for word in re.sub(r"#.*", "", body).split():
        if word in ("FOLDERS", "LINK", "ALONE", "COLD"):
            key = word
        lists.setdefault(key, []).append(word)
    named = [folder / word for word in lists[""] if word.endswith(".cpp")]
    if named:
        return named
    alone = {folder / word for word in lists.get("ALONE", [])}
    found = [source for part in lists.get("FOLDERS", ["FOLDERS", "."])[1:] for source in sorted((folder / part).glob("*.cpp"))]
    return [source for source in found if source not in alone and not source.name.endswith("_kernels.cpp")]


def clashes_of(top, sources):
    first = {}
    for source in sources:
        for name in sorted(names_of(source.read_text(encoding="utf-8"))):
            if name[1] in OF_EVERY_OP:
                continue
            if name in first:
                yield (f"{source.relative_to(top)} and {first[name].relative_to(top)} both define {name[1]} in an unnamed "
                       "namespace. Rename one, or make one of them serve both.")
            else:
                first[name] = source


def names_of(text):
    """(enclosing namespace, name) of everything defined in unnamed namespaces."""
    names, enclosing = set(), []
    for line in text.splitlines():
        opened = NAMESPACE.match(line)
        if opened:
            enclosing.append((opened["name"] or "").strip())
        elif line.startswith("}  // namespace"):
            enclosing.pop()
        elif enclosing and enclosing[-1] == "" and line[:1].isalpha():
            name = defined_name(line)
            if name:
                names.add(("::".join(enclosing[:-1]), name))
    return names


def defined_name(line):
    found = TYPE.match(line)
    if found:
        return found[1]
    if line.startswith(("template", "return", "static_assert", "extern", "using")):
        return None
    before_call = line.split("(")[0]
    if "(" in line and "=" not in before_call:
        found = re.search(r"([A-Za-z_]\w*)$", before_call)
        return found[1] if found and " " in before_call.strip() else None
    found = re.search(r"([A-Za-z_]\w*)(?:\[[^\]]*\])*\s*(?:=|\{|;)", line)
    return found[1] if found else None


if __name__ == "__main__":
    main()
