"""The places that can be changed: conditions, checks, operators and numbers, as libclang sees them."""
import collections
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

# Envelope, merge, engine and authorisation: what decides which bytes are taken for whose word.
FILES = """
proto/envelope.c proto/header.c proto/section.c proto/run.c proto/seal.c proto/founding.c proto/ticket.c proto/statement.c
proto/declaration.c proto/channel.c proto/owner.c proto/join.c
store/merge.c store/ancestry.c store/tally.c store/admit.c store/judge.c store/judge_declarations.c store/judge_rights.c store/roster.c
store/member.c store/epoch.c store/fork.c store/birth.c store/field_check.c store/apply_check.c store/apply_verify.c store/join.c store/report.c
node/engine/*.c
""".split()

SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&", "+": "-", "-": "+"}
Mutant = collections.namedtuple("Mutant", "file line column function start end old new kind text")


def clang_index():
    try:
        from clang import cindex
    except ImportError:
        sys.exit("tests/mutate/run: needs libclang for Python; install it: apt-get install python3-clang-14")
    return cindex, cindex.Index.create()


def arguments_of(build):
    """What each file is compiled with, as far as clang needs it."""
    arguments = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = entry["command"].split()
        keep = [word for word in words[1:] if word.startswith(("-I", "-D", "-std"))]
        keep += ["-I" + words[at + 1] for at, word in enumerate(words) if word == "-isystem"]
        arguments[entry["file"]] = keep + ["-resource-dir", resource_folder()]
    return arguments


def resource_folder():
    return subprocess.run(["clang-14", "-print-resource-dir"], capture_output=True, text=True).stdout.strip() or "/usr/lib/clang/14.0.6"


class Finder:
    """The places in one file that can be changed."""

    def __init__(self, cindex, path, name):
        self.kinds = cindex.CursorKind
        self.path, self.name = path, name
        self.text = path.read_bytes()
        self.lines = self.text.decode().splitlines()
        self.function = None
        self.found = []

    def add(self, start, end, new, kind):
        old = self.text[start:end].decode()
        line = self.text.count(b"\n", 0, start) + 1
        text = self.lines[line - 1].strip()
        self.found.append(Mutant(self.name, line, start - self.text.rfind(b"\n", 0, start), self.function, start, end, old, new, kind, text))

    def span(self, cursor):
        """Where it stands in the file; None when a macro put it there."""
        start, end = cursor.extent.start, cursor.extent.end
        if start.file is None or Path(start.file.name) != self.path or end.offset <= start.offset:
            return None
        return start.offset, end.offset

    def operator(self, cursor):
        left, right = list(cursor.get_children())
        a, b = self.span(left), self.span(right)
        if a is None or b is None or a[1] > b[0]:
            return
        match = re.fullmatch(rb"\s*(==|!=|<=|>=|<|>|&&|\|\||\+|-)\s*", self.text[a[1]:b[0]])
        pointers = cursor.type.kind.name == "POINTER"
        if match is not None and not (pointers and match[1] in b"+-"):
            start = a[1] + match.start(1)
            self.add(start, start + len(match[1]), SWAPS[match[1].decode()], "operator")

    def condition(self, cursor):
        children = list(cursor.get_children())
        at = self.span(children[0])
        if at is None:
            return
        text = self.text[at[0]:at[1]].decode()
        self.add(*at, f"!({text})", "negated")
        if len(children) == 2 and self.leaves(children[1]):
            self.add(*at, "0", "check removed")

    def leaves(self, body):
        statements = list(body.get_children()) if body.kind == self.kinds.COMPOUND_STMT else [body]
        return bool(statements) and statements[-1].kind in (
            self.kinds.RETURN_STMT, self.kinds.GOTO_STMT, self.kinds.BREAK_STMT, self.kinds.CONTINUE_STMT)

    def number(self, cursor):
        at = self.span(cursor)
        if at is None:
            return
        match = re.fullmatch(r"(\d+)([uUlL]*)", self.text[at[0]:at[1]].decode())
        if match is not None:
            self.add(*at, f"{int(match[1]) + 1}{match[2]}", "off by one")

    def walk(self, cursor):
        kinds = self.kinds
        if cursor.kind == kinds.BINARY_OPERATOR:
            self.operator(cursor)
        elif cursor.kind == kinds.IF_STMT:
            self.condition(cursor)
        elif cursor.kind == kinds.INTEGER_LITERAL:
            self.number(cursor)
        for child in cursor.get_children():
            if child.kind != kinds.CASE_STMT:
                self.walk(child)
            else:
                for part in list(child.get_children())[1:]:
                    self.walk(part)

    def find(self, unit):
        for cursor in unit.cursor.get_children():
            if cursor.kind == self.kinds.FUNCTION_DECL and cursor.is_definition() and self.span(cursor):
                self.function = cursor.spelling
                for child in cursor.get_children():
                    if child.kind == self.kinds.COMPOUND_STMT:
                        self.walk(child)
        return sorted(set(self.found))


def sites(tree, build, only):
    cindex, index = clang_index()
    arguments = arguments_of(build)
    found = []
    for pattern in FILES:
        for path in sorted(tree.glob(pattern)):
            name = str(path.relative_to(tree))
            if only and not re.search(only, name):
                continue
            unit = index.parse(str(path), args=arguments[str(path)])
            errors = [str(d) for d in unit.diagnostics if d.severity >= 3]
            if errors:
                sys.exit(f"tests/mutate/run: clang can't read {name}: {errors[0]}")
            found += Finder(cindex, path, name).find(unit)
    return found


def draw(everywhere, seed):
    """All of them in the order of the draw. Each mutant's place in it hangs on its own text alone, so that an edit elsewhere
    leaves the others where they were."""
    seen = collections.Counter()
    ranked = []
    for mutant in everywhere:
        what = (mutant.file, mutant.function, mutant.text, mutant.old, mutant.new, mutant.kind)
        seen[what] += 1
        ranked.append((hashlib.sha256(repr((seed, seen[what], what)).encode()).digest(), mutant))
    return [mutant for _, mutant in sorted(ranked)]
