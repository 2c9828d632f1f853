"""Every error that lib/ and apps/ can give is on docs/errors.md, and every section of that page has a test.

Usage: sources_test.py SOURCE_DIR

Takes the texts of errors out of the C++ sources: the first argument of the constructors of core/error.h, the reasons
given to Problems::add, and the functions of FURTHER, whose texts end up in one of these. Each must be part of an entry
of the page, with {} standing for any words. The tests beside this file then provoke every entry."""
import re
import sys
from pathlib import Path

# Expressions that are no texts themselves: (file, expression) -> where their texts are looked for instead.
PASSED_ON = {
    ("lib/spec/problems.cpp", "message"): "Problems::add",
    ("lib/spec/parse.cpp", "reason"): "the declaration of reason",
    ("lib/spec/json_entries.cpp", "json_reason(text_, position, last_token, error.what())"): "json_reason",
    ("apps/srwm/config.cpp", "problems"): "SpecErrors caught",
    ("apps/srwm/main.cpp", "wrong_processor(missing).c_str()"): "wrong_processor",
    ("apps/srwm/main.cpp", "complaint(app, error).c_str()"): "complaint, complaint_about_unknown",
    ("apps/srwm/main.cpp", "out_of_memory(app).c_str()"): "out_of_memory",
    ("apps/srwm/main.cpp", "error.what()"): "Errors caught",
}

# (file, name): texts that a function returns, or that stand in the initialiser of a variable.
FURTHER = [
    ("lib/spec/json_errors.cpp", "json_reason"),
    ("lib/spec/parse.cpp", "reason"),
    ("lib/spec/problems.cpp", "message"),
    ("lib/io/file.cpp", "words_of_errno"),
    ("apps/srwm/main.cpp", "wrong_processor"),
    ("apps/srwm/main.cpp", "complaint_about_unknown"),
    ("apps/srwm/main.cpp", "out_of_memory"),
    ("apps/srwm/training_run.cpp", "way_on"),
    ("lib/train/option_checks.cpp", "positive"),
    ("lib/train/option_checks.cpp", "not_negative"),
    ("lib/train/option_checks.cpp", "not_empty"),
    ("apps/srwm/start_check.cpp", "complaint"),
]

STRING = r'"(?:[^"\\\n]|\\.)*"'
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


def without_comments(source):
    pattern = re.compile(STRING + r"|'(?:[^'\\\n]|\\.)+'|//[^\n]*|/\*.*?\*/|R\"\((.*?)\)\"", re.DOTALL)
    return pattern.sub(lambda m: " " if m.group().startswith(("//", "/*")) else m.group(), source)


def arguments(source, start):
    """The arguments of the call whose opening bracket ends at `start`, and where the call ends."""
    found, depth, begin, at = [], 0, start, start
    while True:
        literal = re.compile(STRING + r"|'(?:[^'\\\n]|\\.)+'").match(source, at)
        if literal:
            at = literal.end()
            continue
        c = source[at]
        if depth == 0 and c in ",)}":
            found.append(source[begin:at].strip())
            begin = at + 1
            if c != ",":
                return found, at + 1
        depth += (c in "([{") - (c in ")]}")
        at += 1


def unescaped(literals):
    text = "".join(literal[1:-1] for literal in re.findall(STRING, literals))
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group()), text)


def normalized(text, is_format):
    if is_format:
        text = text.replace("{{", "\0").replace("}}", "\1")
        text = re.sub(r"\{[^{}]*\}", "<>", text).replace("\0", "{").replace("\1", "}")
    return " ".join(text.split())


def is_message(text):
    return " " in text  # a message has more than one word


def texts(expression, is_format=False):
    """The texts that an expression is put together from; those of fmt::format are formats, other calls are no texts."""
    result, at = [], 0
    token = re.compile(rf"{STRING}(?:\s*{STRING})*|\w[\w:]*\s*\(")
    while match := token.search(expression, at):
        if match.group().startswith('"'):
            result.append(normalized(unescaped(match.group()), is_format))
            at = match.end()
            continue
        inner, at = arguments(expression + ")", match.end())
        if match.group().startswith("fmt::format"):
            result += texts(inner[0], True)
    return list(filter(is_message, result))


def texts_of(source, name):
    """The texts in the body of the function, or in what is assigned to the variable, `name`."""
    parts = [source[match.end(): source.index("\n}", match.end())]
             for match in re.finditer(rf"\n[\w:&<> ]*\b{name}\([^;{{]*\) ?(?:const )?\{{\n", source)]
    for match in re.finditer(rf"\b{name} \+?=\s", source):
        parts.append(re.compile(rf"(?:{STRING}|[^;\"])*").match(source, match.end()).group())
    literal = re.compile(rf"(\w+\()?\s*({STRING}(?:\s*{STRING})*)")
    found = [normalized(unescaped(match.group(2)), match.group(1) == "format(")
             for part in parts for match in literal.finditer(part) if match.group(1) != "find("]
    return list(filter(is_message, found))


class Sources:
    def __init__(self, root):
        self.root = root
        declarations = (root / "lib/core/error.h").read_text()
        kinds = re.findall(r"SRWM_DECLARE_ERROR\((\w+),", declarations)
        kinds += re.findall(rf"class (\w+) : public (?:{'|'.join(kinds)})", declarations)
        self.throwing = re.compile(rf"\b(?:{'|'.join(kinds)})\(")
        self.faults = []

    def sites(self, name, source):
        """(expression, whether it is a format) of each error in a file."""
        for match in self.throwing.finditer(source):
            found, _ = arguments(source, match.end())
            yield found[0], len(found) > 1
        for match in re.finditer(r"\bproblems_?\.add\(", source):
            yield arguments(source, match.end())[0][2], False
        if name.endswith("main.cpp"):
            for match in re.finditer(r"\breturn (?:srwm::)?report\(", source):
                yield arguments(source, match.end())[0][0], False

    def messages(self):
        """(place, text) of every error."""
        patterns = ("lib/**/*.h", "lib/**/*.cpp", "apps/**/*.cpp")
        for path in sorted(path for pattern in patterns for path in self.root.glob(pattern)):
            name = path.relative_to(self.root).as_posix()
            if name == "lib/core/error.h":
                continue
            source = without_comments(path.read_text())
            for expression, is_format in self.sites(name, source):
                found = texts(expression, is_format)
                if not found and (name, " ".join(expression.split())) not in PASSED_ON:
                    self.faults.append(f"{name}: the text of this error cannot be found: {expression}")
                yield from ((name, text) for text in found)
        for name, function in FURTHER:
            source = without_comments((self.root / name).read_text())
            found = texts_of(source, function)
            if not found:
                self.faults.append(f"{name}: there are no texts in {function}; see FURTHER in this script")
            yield from ((name, text) for text in found)


def entries(page):
    """Messages of the list items, and reasons in the first column of tables."""
    found = re.findall(r"^- `([^`]*)` \(\d+\)", page, re.MULTILINE)
    found += re.findall(r"^\| `([^`]*)` \|", page, re.MULTILINE)
    return [re.sub(r"<[^>]*>", "<>", " ".join(entry.split())) for entry in found]


def is_part_of(text, entry):
    """Whether the entry has the words of the text in their order; a placeholder may stand for words of its own."""
    return re.search(".*?".join(map(re.escape, text.split("<>"))), entry) is not None


def sections_without_test(page, tests):
    titles = [part.split("\n", 1)[0] for part in page.split("\n## ")[1:] if "\n- `" in part]
    code = "".join(path.read_text() for path in [*tests.glob("*.cpp"), *tests.glob("*.py")])
    return [title for title in titles if f'section("{title}")' not in code]


def main():
    root = Path(sys.argv[1])
    page = (root / "docs/errors.md").read_text()
    known = entries(page)
    sources = Sources(root)
    messages = list(sources.messages())
    faults = sources.faults
    faults += [f"{place}: not on docs/errors.md: {text}" for place, text in messages
               if not any(is_part_of(text, entry) for entry in known)]
    faults += [f"tests/errors provokes no errors of the section '{title}' of docs/errors.md"
               for title in sections_without_test(page, root / "tests/errors")]
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print("Give each error an entry on docs/errors.md and a case in tests/errors.", file=sys.stderr)
    print(f"{len(messages)} texts of errors in the sources, {len(known)} entries on the page, {len(faults)} faults")
    return 1 if faults or len(messages) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
