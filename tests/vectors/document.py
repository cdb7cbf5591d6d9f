#!/usr/bin/python3
"""document.py PROTO [--write]: keeps in step what PROTOCOL.md quotes: the error codes of err.h and the
worked exchange of vectors/exchange.json. Without --write it only checks."""

import json
import pathlib
import re
import sys
import textwrap


def errors(proto):
    rows = re.findall(r'X\((\w+), (\d+), "(\w+)",[\s\\]*"([^"]+)",[\s\\]*"[^"]+"\)', (proto / "err.h").read_text())
    lines = ["| number | name | meaning |", "|---|---|---|"]
    return lines + [f"| {number} | `{word}` | {text} |" for name, number, word, text in rows if name != "OK"]


def exchange(proto):
    lines = []
    cases = json.loads((proto / "vectors" / "exchange.json").read_text(encoding="utf-8"))["cases"]
    for number, step in enumerate(cases, 1):
        lines += [f"**{number}. {step['from']}: {step['is']['frame']}.** {step['name']}", "", "```"]
        lines += textwrap.wrap(step["bytes"], 128) + ["```", ""]
    return lines[:-1]


BLOCKS = {"errors": errors, "exchange": exchange}


def main():
    proto, write = pathlib.Path(sys.argv[1]), "--write" in sys.argv
    path = proto / "PROTOCOL.md"
    text = path.read_text(encoding="utf-8")
    stale = []
    for name, make in BLOCKS.items():
        begin, end = f"<!-- {name}: kept in step by tests/vectors/document.py -->\n", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            sys.exit(f"{path}: the marks of \"{name}\" are missing")
        before, rest = text.split(begin)
        old, after = rest.split(end)
        new = "\n" + "\n".join(make(proto)) + "\n\n"
        if len(new.splitlines()) < 10:
            sys.exit(f"\"{name}\": nothing was found to quote")
        if old != new:
            stale.append(name)
        text = before + begin + new + end + after
    if write:
        path.write_text(text, encoding="utf-8")
    elif stale:
        sys.exit(f"{path} is out of step: {', '.join(stale)}; run {sys.argv[0]} {proto} --write")


if __name__ == "__main__":
    main()
