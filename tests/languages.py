"""languages.py: every text for people stands in the code in English and in Danish, and neither is a copy of the other.

The compiler sees to it that no language is left out and that both formats fit their values (proto/language.h); what it can't see is
a Danish text that is English. Read here are the calls that take both, and the summaries of commands. Run by ctest.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Where the English text stands among a call's arguments; the Danish one follows it.
CALLS = {"reply_fail": 3, "cli_fail": 4, "failure_say": 3, "problem_add": 3, "notice_add": 1, "reply_progress": 3,
         "MEND": 0, "say": 1, "say_in": 1, "reply_say": 1}
REFUSALS = {"cli/args.c": 2, "cli/values.c": 2, "cli/sheet.c": 2, "node/service/questionnaire.c": 1}  # refuse(), a file's own
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?[a-zA-Z%]")
ENGLISH = re.compile(r"\b(the|is|are|there|not|and|must|with|this|that|has|which|from)\b")
DANISH = re.compile(r"\b(og|er|ikke|det|den|der|skal|som|hvad)\b|[æøå]")
# What both languages spell alike.
ALIKE = {"node", "student", "Plan", "Navn", "data"}


def arguments(text, at):
    """The arguments of the call whose parenthesis opens before `at`."""
    depth, start, found = 1, at, []
    while depth > 0:
        if text[at] == '"':
            at = LITERAL.match(text, at).end()
            continue
        if text[at] == "'":
            at = re.compile(r"'(?:[^'\\]|\\.)*'").match(text, at).end()
            continue
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
        if depth == 0 or (depth == 1 and text[at] == ","):
            found.append(text[start:at])
            start = at + 1
        at += 1
    return found


def sentences(argument):
    """The literals of an argument, those beside each other as one: one, or the two of `n == 1 ? "…" : "…"`."""
    found = re.findall(r"""((?:"(?:[^"\\]|\\.)*"\s*)+)|'(?:[^'\\]|\\.)*'""", argument)
    return ["".join(LITERAL.findall(run)) for run in found if run]


def words(sentence):
    """What is left for people: without conversions, commands, options, names of files and keys, and quotations."""
    sentence = re.sub(r'\\"[^"\\]*\\"|\\n', " ", CONVERSION.sub(" ", sentence))
    sentence = re.sub(r"--[a-z-]+|\$\w+|[\w.]*[./:_|][\w./:_|-]*|stafet( [a-z]+)*|iconv.*", " ", sentence)
    return re.findall(r"[^\W\d_]{2,}", sentence)


def check(place, english, danish, wrong):
    for en, da in zip(english, danish):
        if [c.rstrip("%") for c in CONVERSION.findall(en)] != [c.rstrip("%") for c in CONVERSION.findall(da)] and "%d" not in en:
            wrong.append(f"{place}: other values in \"{da}\" than in \"{en}\"")
        plain = [word for word in words(en) if word.islower() and word not in ALIKE]
        if en == da and plain:
            wrong.append(f"{place}: \"{en}\" stands for both languages")
        if ENGLISH.search(" ".join(words(da))):
            wrong.append(f"{place}: \"{da}\" is not Danish")
        if DANISH.search(" ".join(words(en))) and "count as two" not in en and "(da)" not in en:
            wrong.append(f"{place}: \"{en}\" is not English")
    if len(english) != len(danish):
        wrong.append(f"{place}: {len(english)} English texts, {len(danish)} Danish")


def read(path, wrong):
    name = str(path.relative_to(ROOT))
    text = re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match.group()), path.read_text(encoding="utf-8"), flags=re.S)
    calls = dict(CALLS, **({"refuse": REFUSALS[name]} if name in REFUSALS else {}))
    pairs = 0
    for match in re.finditer(r"\b(%s)\(" % "|".join(calls), text):
        place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        if text[:match.start()].rsplit("\n", 1)[-1].startswith("#define"):
            continue
        at = calls[match.group(1)]
        found = arguments(text, match.end())
        if len(found) < at + 2:
            continue  # a declaration
        english, danish = sentences(found[at]), sentences(found[at + 1])
        if english or danish:
            check(place, english, danish, wrong)
            pairs += len(english)
    danish = [sentences(s) for s in re.findall(r"\.summary_da =\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)", text)]
    english = [sentences(s) for s in re.findall(r"\.summary_en =\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)", text)]
    if len(danish) != len(english):
        wrong.append(f"{name}: {len(english)} English summaries, {len(danish)} Danish")
    for en, da in zip(english, danish):
        check(name, en, da, wrong)
    return pairs + len(english)


def main():
    wrong, pairs = [], 0
    for room in ("proto", "store", "node", "cli"):
        for path in sorted(ROOT.glob(f"{room}/**/*.[ch]")):
            pairs += read(path, wrong)
    print("\n".join(wrong))
    print(f"{pairs} texts in two languages, {len(wrong)} wrong")
    return 1 if wrong or pairs < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
