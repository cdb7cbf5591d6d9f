"""Every command, with and without a node: the documents, errors and exit codes must be the same.

A small federation is made with real nodes and stopped. Then every row of the table runs in the command's own process; the
homes are put back as they were; and every row runs again, against a running node. What must differ is taken out first (which
moment, which random id, whether a node runs); EXCEPTIONS names the commands that cannot be compared and why.
"""

import csv
import datetime
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from federation import STAFET, free_port, hide_restore, main

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy", "samples")
CLOSES = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
TODAY = datetime.date.today().isoformat()

EXCEPTIONS = {
    "node run": "it is the node",
    "join": "it needs the municipality's node; how it refuses is compared all the same",
    "peer list": "it shows the sessions of a running node; its form is tested apart",
}

# (home, command, exit code, {name: path into the document to keep as {name}})
TABLE = [
    ("m", "status", 0),
    ("m", "waiting", 0),
    ("m", "", 0),
    ("m", "member list", 0),
    ("m", "log list", 0),
    ("m", "log list --limit 2", 0),
    ("m", "log list --limit 0", 2),
    ("m", "log list nothing", 1),
    ("m", "quarantine list", 0),
    ("m", "verify", 0),
    ("m", "search Alma", 0),
    ("m", "search Alma --keys {s}", 0),
    ("m", "search Alma --keys {tmp}", 2),
    ("m", "handover list", 0),
    ("m", "handover show {H}", 1),
    ("m", "conflict list", 0),
    ("m", "survey list", 0),
    ("m", "survey show", 0),
    ("m", "survey show trivsel26", 0),
    ("m", "survey show nothing", 1),
    ("m", "survey status", 0),
    ("m", "survey report", 1),
    ("m", "survey check {samples}/trivsel26.csv --choices {samples}/trivsel26-choices.csv", 0),
    ("m", "survey check {tmp}/bad.csv", 2),
    ("m", "survey check {tmp}/nothing.csv", 2),
    ("m", "export sqlite {tmp}/m.db", 0),
    ("m", "export sqlite {tmp}/m.db", 1),
    ("m", "sync --wait 100ms", 0),
    ("m", "join stafet1ABC", 2),
    ("m", "federation create --name Another --listen tcp://127.0.0.1:1", 1),
    ("m", "member invite Gran --role school --expires 1h", 0),
    ("m", "member invite Gran --role school", 1),
    ("m", "member invite gran --role school", 1),
    ("m", "member uninvite gran", 0),
    ("m", "member uninvite Gran", 1),
    ("m", "member uninvite Birk", 1),
    ("m", "member invite Fyr --role school --expires 0d", 2),
    ("m", "member invite Pil --role king", 2),
    ("m", "member invite Pil", 2),
    ("m", "member list", 0),
    ("m", "member", 2),
    ("m", "nothing at all", 2),
    ("m", "survey import trivsel26 {samples}/birk.csv", 1),
    ("m", "survey publish {samples}/trivsel26.csv --choices {samples}/trivsel26-choices.csv"
          " --title Again --closes {closes} --code again", 0),
    ("m", "survey close again", 1),
    ("m", "survey close again --early", 1),
    ("m", "survey close again --early --yes", 0),
    ("m", "survey close trivsel26 --early --yes", 0),
    ("m", "survey report trivsel26", 0),
    ("m", "survey status trivsel26", 0),
    ("m", "", 0),
    ("b", "status", 0),
    ("b", "", 0),
    ("b", "log list", 0),
    ("b", "log list {H}", 0),
    ("b", "verify", 0),
    ("b", "search Alma", 0),
    ("b", "member list", 0),
    ("b", "roster show", 0),
    ("b", "roster export", 0),
    ("b", "quarantine show 4711", 1),
    ("b", "quarantine show", 2),
    ("b", "roster confirm", 2),
    ("b", "roster confirm --note sure --yes", 1),
    ("m", "roster confirm --note sure", 1),
    ("m", "roster import {tmp}/likes.txt", 2),
    ("b", "member address", 0),
    ("b", "member address --dial-out --listen tcp://127.0.0.1:1", 2),
    ("b", "member address --advertise tcp://0.0.0.0:1", 2),
    ("m", "member address --dial-out", 1),
    ("b", "member invite Pil --role school", 1),
    ("b", "member uninvite Pil", 1),
    ("b", "quarantine list", 0),
    ("b", "survey list", 0),
    ("b", "survey status", 0),
    ("b", "survey report", 1),
    ("b", "survey import trivsel26 {samples}/solsikken.csv", 0),
    ("b", "survey import trivsel26 {samples}/solsikken.csv", 1),
    ("b", "survey import trivsel26 {tmp}/dressed.csv", 1),
    ("b", "survey import trivsel26 {tmp}/bad.csv", 2),
    ("b", "handover list", 0),
    ("b", "handover show {H}", 0),
    ("b", "handover track {H}", 0),
    ("b", "handover template", 0),
    ("b", "handover template {H}", 0),
    ("b", "handover print {H} --out {tmp}/b.html", 0),
    ("b", "handover print {H} --out {tmp}/b.html", 1),
    ("b", "handover print {H} --out {tmp}/b.html --force", 0),
    ("b", "handover print {H} --out {tmp}/link.html --force", 2),
    ("b", "handover print {H} --out {tmp} --force", 2),
    ("b", "handover print {H} --out -", 2),
    ("b", "handover edit {H} likes=@{tmp}", 2),
    ("b", "handover edit {H} likes={turned}", 2),
    ("b", "--as {turned} handover list", 2),
    ("b", "conflict list", 0),
    ("b", "conflict show {C}", 0),
    ("b", "conflict show nothing", 1),
    ("b", "conflict resolve {C} --take 1 --note agreed --yes", 0),
    ("b", "conflict list", 0),
    ("b", "handover new --to Søndre child_name=Bo born=2020-02-28", 1),
    ("b", "handover new --to {school} child_name=Bo born=2020-02-30", 2),
    ("b", "handover new --to Nowhere child_name=Bo", 1),
    ("b", "handover new --to {school} child_name=Bo born=2020-02-28", 0, {"N": "short"}),
    ("b", "handover edit {N} likes=@{tmp}/likes.txt", 0),
    ("b", "log list {N}", 1),
    ("b", "handover edit {N} nothing=1", 2),
    ("b", "handover send {N} --yes", 1),
    ("b", "handover agree {N} --by both --on {today}", 0),
    ("b", "handover send {N} --preview", 0),
    ("b", "handover send {N} --yes", 0),
    ("b", "handover track {N}", 0),
    ("b", "handover accept {N}", 1),
    ("b", "", 0),
    ("b", "sync --wait 100ms", 3),
    ("s", "status", 0),
    ("s", "conflict show {C}", 0),
    ("s", "handover show {H}", 0),
    ("s", "handover accept {H} --yes", 0),
    ("s", "handover track {H}", 0),
    ("s", "search Alma", 0),
    ("s", "sync --wait 100ms", 3),
    ("s", "", 0),
]


# Words that no Danish sentence has, outside of what it quotes.
ENGLISH = re.compile(r"\b(the|is|are|there|not|and|must|with|this|that|has|which|from|only)\b")


def environment(language="C.UTF-8"):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR") or k.startswith(("ASAN", "UBSAN", "LSAN"))}
    return {**kept, "LC_ALL": language, "STAFET_AS": "Mette H., leader"}


def stafet(home, *words, json_wanted=True, language="C.UTF-8"):
    command = [STAFET, "--home", home] + (["--json"] if json_wanted else []) + list(words)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment(language), timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def must(home, *words):
    code, out, err = stafet(home, *words)
    if code != 0:
        raise AssertionError(f"stafet {' '.join(words)} ended with {code}: {err}")
    return json.loads(out)


class Node:
    """A running node of a home, until stop()."""

    def __init__(self, home):
        self.home = home
        self.process = subprocess.Popen([STAFET, "--home", home, "--quiet", "node", "run"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, env=environment())
        while not must(home, "status")["node"]["running"]:
            if self.process.poll() is not None:
                raise AssertionError(f"the node in {home} ended with {self.process.returncode}")

    def stop(self):
        self.process.terminate()
        if self.process.wait(timeout=60) != 0:
            raise AssertionError(f"the node in {self.home} ended with {self.process.returncode}")


def make_federation(folder):
    """Municipality m, kindergarten b and school s: a survey with answers, a handover in conflict, all nodes stopped."""
    m, b, s = (os.path.join(folder, name) for name in "mbs")
    must(m, "federation", "create", "--name", "Nordby", "--listen", f"tcp://127.0.0.1:{free_port()}")
    nodes = {"m": Node(m)}
    for home, name, role in ((b, "Birk", "kindergarten"), (s, "Søndre Skole", "school")):
        ticket = must(m, "member", "invite", name, "--role", role)["ticket"]
        must(home, "join", ticket)
    must(m, "survey", "publish", f"{SAMPLES}/trivsel26.csv", "--choices", f"{SAMPLES}/trivsel26-choices.csv",
         "--title", "Trivsel 2026", "--closes", CLOSES, "--code", "trivsel26")
    must(b, "sync", "--wait", "30s")
    must(b, "survey", "import", "trivsel26", f"{SAMPLES}/birk.csv")
    form = must(b, "handover", "new", "--to", "Søndre Skole", "child_name=Alma", "first_day=12 August, 9.00")
    known = {"H": form["short"]}
    must(b, "handover", "agree", known["H"], "--by", "both", "--on", TODAY)
    must(b, "handover", "send", known["H"], "--yes")
    nodes["s"] = Node(s)
    must(b, "sync", "--wait", "30s")
    nodes.pop("s").stop()
    for home, value in ((b, "12 August, 8.30"), (s, "13 August, 9.00")):
        must(home, "handover", "edit", known["H"], f"first_day={value}")
        if home == b:
            must(b, "handover", "agree", known["H"], "--by", "both", "--on", TODAY)
        must(home, "handover", "send", known["H"], "--yes")
    for name, home in (("s", s), ("b", b)):
        nodes[name] = Node(home)
    for home in (s, b, m):
        must(home, "sync", "--wait", "30s")
    for node in nodes.values():
        node.stop()
    known["C"] = must(b, "conflict", "list")["conflicts"][0]["short"]
    return known


# What says when, or whether a node runs, not what is.
MOMENT = {"bound", "node", "running", "session", "in_sync", "reached", "unconfirmed", "now"}
RANDOM = re.compile(r"stafet1[0-9A-Z]+|(?<=revision )[0-9a-f]{4}\b|\b(?:[0-9A-HJKMNP-TV-Z]{16,}|[0-9a-f]{32,}|[0-9a-hjkmnp-tv-z]{52})\b")


def put_back(kept, folder):
    """Makes the homes what they were, and has them go on as if nothing had been put back."""
    for home in "mbs":
        there, here = os.path.join(kept, home), os.path.join(folder, home)
        for name in set(os.listdir(here)) - set(os.listdir(there)):
            if name.startswith("edit-"):
                shutil.rmtree(os.path.join(here, name))
            else:
                os.remove(os.path.join(here, name))
        for name in os.listdir(there):
            with open(os.path.join(there, name), "rb") as old, open(os.path.join(here, name), "wb") as new:
                shutil.copyfileobj(old, new)
        hide_restore(here)


class Side:
    """One time through the table, and how its output reads without what is random or momentary."""

    def __init__(self, folder, name, known):
        self.folder = folder
        self.known = dict(known)
        self.aliases = {}
        self.refused = []  # (command, its error in English, the same in Danish)
        self.tmp = os.path.join(folder, name)
        os.mkdir(self.tmp)
        with open(os.path.join(self.tmp, "bad.csv"), "w", encoding="utf-8") as file:
            file.write("nothing,of,the,kind\n1,2\n")
        with open(os.path.join(SAMPLES, "solsikken.csv"), encoding="utf-8-sig", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            rows = list(csv.reader(file, delimiter=delimiter))
        with open(os.path.join(self.tmp, "dressed.csv"), "w", encoding="utf-8", newline="") as file:
            again = csv.writer(file, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
            again.writerow(["line"] + rows[0])
            for number, row in reversed(list(enumerate(rows[1:]))):
                again.writerow([number] + row)
                file.write("\r\n")
        with open(os.path.join(self.tmp, "likes.txt"), "w", encoding="utf-8") as file:
            file.write("Trains\nand boats\n")
        os.symlink(os.path.join(self.tmp, "likes.txt"), os.path.join(self.tmp, "link.html"))
        self.words = {"tmp": self.tmp, "samples": SAMPLES, "closes": CLOSES, "today": TODAY, "school": "søndre  SKOLE", "turned": "a\u202eb",
                      **{home: os.path.join(folder, home) for home in "mbs"}}

    def run(self, row):
        home, command, _, *keep = row
        words = [word.format(**self.words, **self.known) for word in command.split()]
        code, out, err = stafet(self.words[home], *words)
        try:
            document = json.loads(out) if out.strip() else None
            error = json.loads(err) if err.strip() else None
        except ValueError:
            raise AssertionError(f"stafet --json {command} printed what is not JSON:\n{out}\n{err}") from None
        if error is not None:
            self.refused.append((command, error, self.in_danish(home, words, code)))
        for name, key in (keep[0] if keep else {}).items():
            self.known[name] = document[key]
        return code, self.plain(document, command), self.plain(error, command)

    def in_danish(self, home, words, code):
        """The error of the same command, which changed nothing, for a Danish user."""
        again, _, err = stafet(self.words[home], *words, language="da_DK.UTF-8")
        if again != code:
            raise AssertionError(f"stafet {' '.join(words)} ends with {code} in English and with {again} in Danish: {err}")
        return json.loads(err)

    def alias(self, match):
        return self.aliases.setdefault(match.group(0), f"#{len(self.aliases) + 1}")

    def plain_text(self, text):
        text = text.replace(self.tmp, "TMP")
        text = RANDOM.sub(self.alias, text)
        for name, value in self.known.items():
            text = re.sub(rf"\b{re.escape(value)}\b", "{" + name + "}", text)
        return text

    def plain(self, value, command):
        if isinstance(value, dict):
            sizes = {"bytes"} if command.startswith("search") else set()
            return {key: self.plain(item, command) for key, item in value.items() if key not in MOMENT | sizes}
        if isinstance(value, list):
            return [self.plain(item, command) for item in value]
        if isinstance(value, str):
            return self.plain_text(value)
        if isinstance(value, int) and not isinstance(value, bool) and value > 10 ** 12:
            return "TIME"
        return value


class Commands(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="stafet-commands-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.known = make_federation(cls.folder)
        cls.kept = os.path.join(cls.folder, "kept")
        for home in "mbs":
            shutil.copytree(os.path.join(cls.folder, home), os.path.join(cls.kept, home))

    def setUp(self):
        put_back(self.kept, self.folder)

    def test_every_command_answers_the_same_with_and_without_a_node(self):
        alone = Side(self.folder, "alone", self.known)
        without = {home: [alone.run(row) for row in TABLE if row[0] == home] for home in "mbs"}
        self.assertFalse(must(alone.words["m"], "peer", "list")["running"])
        put_back(self.kept, self.folder)
        served = Side(self.folder, "served", self.known)
        for home in "mbs":
            rows = [row for row in TABLE if row[0] == home]
            node = Node(served.words[home])
            try:
                with_node = [served.run(row) for row in rows]
                peers = must(served.words[home], "peer", "list")
            finally:
                node.stop()
            for row, first, second in zip(rows, without[home], with_node):
                with self.subTest(home=home, command=row[1]):
                    self.assertEqual(first, second)
                    self.assertEqual(first[0], row[2], first)
                    self.assertEqual(first[1] is None, first[0] != 0, "a document or an error, never both")
                    self.assertEqual(first[2] is None, first[0] == 0, "a document or an error, never both")
            self.assertTrue(peers["running"])
            for peer in peers["peers"]:
                self.assertEqual(list(peer), ["id", "name", "state", "equal", "since", "last_heard", "last_error",
                                              "sent", "received"])
                self.assertFalse(peer["equal"], "nobody else runs")

        for side in (alone, served):
            self.assertGreater(len(side.refused), 40)
            for command, english, danish in side.refused:
                with self.subTest(side=side.tmp, command=command):
                    self.check_danish(english, danish)

    def check_danish(self, english, danish):
        """The same refusal, in other words."""
        self.assertEqual((danish["error"], danish.keys()), (english["error"], english.keys()))
        pairs = [(english, danish)]
        if english["details"] is not None:
            self.assertEqual(danish["details"].keys(), english["details"].keys())
            pairs += [(en, da) for en, da in zip(english["details"].get("problems", []), danish["details"].get("problems", []))
                      if isinstance(en, dict)]
        for en, da in pairs:
            self.assertNotEqual(da["text"], en["text"])
            self.assertTrue(da["mend"] and en["mend"] or "what" in en, "nothing says what to do")
            for sentence in (da["text"], da["mend"]):
                plain = re.sub(r'"[^"]*"|\([^)]*\)|\S*/\S*|--\w+|iconv .*', " ", sentence)
                self.assertIsNone(ENGLISH.search(plain), sentence)

    def test_the_table_names_every_command(self):
        code, out, _ = stafet(self.folder, "--help", json_wanted=False)
        self.assertEqual(code, 0)
        listed = set()
        for line in out.splitlines():
            found = re.fullmatch(r"  ([a-z]+(?: [a-z]+)?)  +\S.*", line)
            if found and not line.startswith("  -"):
                listed.add(found.group(1))
        self.assertGreater(len(listed), 30)
        for command in listed - set(EXCEPTIONS):
            with self.subTest(command=command):
                self.assertTrue(any(row[1] == command or row[1].startswith(command + " ") for row in TABLE))

    def test_no_command_says_in_sync_when_nobody_else_runs(self):
        home = os.path.join(self.folder, "b")
        self.assertFalse(must(home, "status")["in_sync"])
        node = Node(home)
        try:
            self.assertFalse(must(home, "status")["in_sync"])
            self.assertEqual(stafet(home, "sync", "--wait", "200ms")[0], 3)
        finally:
            node.stop()

    def test_a_node_that_was_stopped_is_said_to_be_silent(self):
        home = os.path.join(self.folder, "b")
        node = Node(home)
        try:
            os.kill(node.process.pid, signal.SIGSTOP)
            code, out, err = stafet(home, "status")
            os.kill(node.process.pid, signal.SIGCONT)
            self.assertEqual((code, out, json.loads(err)["error"]), (1, "", "busy"))
            self.assertIn(f" {node.process.pid},", json.loads(err)["text"])
            must(home, "status")
        finally:
            node.stop()

    def edit(self, home, script, *words):
        """An editing command (`handover edit`) on a terminal; returns the process and its terminal when the editor says that it is there."""
        told = os.path.join(self.folder, "told")
        editor = os.path.join(self.folder, "editor")
        os.mkfifo(told)
        self.addCleanup(os.remove, told)
        with open(editor, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho swap > "$1.swp"\necho $$ > {told}\n{script}\n')
        os.chmod(editor, 0o700)
        ours, theirs = pty.openpty()
        process = subprocess.Popen([STAFET, "--home", home, *(words or ("handover", "edit", self.known["H"]))], stdin=theirs,
                                   stdout=theirs, stderr=theirs, env={**environment(), "VISUAL": editor}, start_new_session=True)
        os.close(theirs)
        self.addCleanup(os.close, ours)
        self.terminal = ours
        with open(told, encoding="utf-8") as file:
            return process, int(file.readline())

    def test_a_home_that_is_a_file_or_can_not_be_made_is_said_to_be(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "file")
            open(file, "w").close()
            create = ["federation", "create", "--name", "Nordby", "--listen", "tcp://127.0.0.1:7700"]
            for home in (file, os.path.join(file, "below")):
                for command in (["status"], create):
                    said = self.refused_home(home, command)
                    self.assertIn(f"{file} is a file, not a folder", said)
                    self.assertNotIn("federation create", said)
            said = self.refused_home("/proc/stafet", create)
            self.assertIn("no folder can be made in /proc", said)
            self.assertNotIn("federation create", said)
            self.assertIn("federation create", self.refused_home(os.path.join(folder, "none"), ["status"]))

    def written_to(self, out, home, *words):
        done = subprocess.run([STAFET, "--home", home, "--json", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                              env=environment(), timeout=120, check=False)
        return done.returncode, done.stderr.decode()

    def test_a_result_that_can_not_be_written_is_an_error_and_what_is_said_once_is_not_lost(self):
        home, new = os.path.join(self.folder, "b"), os.path.join(self.folder, "new")
        self.addCleanup(shutil.rmtree, new, True)
        with open("/dev/full", "wb") as full:
            for words in (["conflict", "list"], ["log", "list"], ["handover", "template"], ["--help"]):
                with self.subTest(words=words):
                    code, err = self.written_to(full, home, *words)
                    self.assertEqual((code, json.loads(err)["error"]), (1, "disk_full"))
            code, err = self.written_to(full, new, "federation", "create", "--name", "Nordby", "--listen", "tcp://127.0.0.1:7700")
            self.assertEqual((code, json.loads(err)["error"]), (1, "disk_full"))
            self.assertRegex(json.loads(err)["text"], r"(\b[a-z]{5}-){16}[a-z]{5}\b")
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        self.assertEqual(self.written_to(writing, home, "log", "list"), (1, ""), "who has gone is told nothing")

    def test_a_line_too_long_for_an_answer_does_not_answer_the_next_question(self):
        home = os.path.join(self.folder, "b")
        process, _ = self.edit(home, 'echo "[unknown]" >> "$1"')
        self.addCleanup(process.kill)
        os.write(self.terminal, b"y" * 100 + b"\n")  # edit again
        told = ""
        while not told:  # the first editor may not have let go of it yet
            with open(os.path.join(self.folder, "told"), encoding="utf-8") as file:
                told = file.readline()
        os.write(self.terminal, b"n\n")
        self.assertEqual(process.wait(timeout=30), 1)

    def refused_home(self, home, command):
        done = subprocess.run([STAFET, "--home", home, *command], capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def test_a_page_goes_to_standard_output(self):
        home = os.path.join(self.folder, "b")
        code, out, err = stafet(home, "handover", "print", self.known["H"], "--out", "-", json_wanted=False)
        self.assertEqual((code, err), (0, ""))
        self.assertTrue(out.startswith("<!DOCTYPE html>") and out.rstrip().endswith("</html>"), out[:80] + out[-80:])

    def test_a_terminal_is_told_what_is_waited_for(self):
        home, other = os.path.join(self.folder, "b"), os.path.join(self.folder, "unjoined")
        ticket = must(os.path.join(self.folder, "m"), "member", "invite", "Rødkløver", "--role", "school")["ticket"]
        self.addCleanup(shutil.rmtree, other, True)
        must(home, "handover", "edit", self.known["H"], "likes=Boats")
        must(home, "handover", "agree", self.known["H"], "--by", "both", "--on", TODAY)
        must(home, "handover", "send", self.known["H"], "--yes")
        for runs in (False, True):
            node = Node(home) if runs else None
            try:
                with self.subTest(node=runs):
                    self.assertIn("prøver at nå kommunen", self.watched(home, "sync", "--wait", "3s"))
            finally:
                if runs:
                    node.stop()
        self.assertIn("slutter til", self.watched(other, "join", ticket, "--wait", "3s"))

    def watched(self, home, *words, answer="", code=3):
        """What a command shows on a Danish terminal, where this is typed once it asks."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([STAFET, "--home", home, *words], stdin=theirs if answer else subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                   env={**environment(), "LC_ALL": "da_DK.UTF-8"})
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 4096):
                seen += piece
                if answer and seen.endswith(b"] "):
                    os.write(ours, answer.encode())
        except OSError:
            pass  # the other end is closed
        os.close(ours)
        self.assertEqual(process.wait(timeout=60), code)
        return seen.decode()

    def test_a_no_is_told_what_it_means_and_nothing_is_done(self):
        home = os.path.join(self.folder, "b")
        discard = ("handover", "edit", self.known["H"], "--discard")
        must(home, "handover", "edit", self.known["H"], "likes=Kites")
        for answer in ("n\n", "\n", "nej, ja\n", "\x04"):
            with self.subTest(answer=answer):
                shown = self.watched(home, *discard, answer=answer, code=1)
                self.assertRegex(shown, r"Glem alt.*\[j/N\][^\n]*\r\nstafet: intet er gjort: svaret var ikke ja\r\n")
                self.assertIn("Kites", json.dumps(must(home, "handover", "show", self.known["H"])))
        self.watched(home, *discard, answer="j\n", code=0)
        self.assertNotIn("Kites", json.dumps(must(home, "handover", "show", self.known["H"])))

    @staticmethod
    def lives(process):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def left(self, home):
        return [name for name in os.listdir(home) if name.startswith("edit-")]

    def test_what_is_being_edited_lies_in_the_home_and_goes_with_the_command(self):
        home = os.path.join(self.folder, "b")
        for number in (signal.SIGHUP, signal.SIGTERM):
            with self.subTest(signal=number):
                process, editor = self.edit(home, "exec sleep 600")
                (name,) = self.left(home)
                self.assertEqual(os.stat(os.path.join(home, name)).st_mode & 0o777, 0o700)
                with open(os.path.join(home, name, "form.txt"), encoding="utf-8") as file:
                    self.assertIn("Alma", file.read())
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=60), -number)
                self.assertEqual(self.left(home), [])
                self.assertRaises(ProcessLookupError, os.kill, editor, 0)
                self.doCleanups()

    def contest_notes(self):
        """Birk and the school have written different notes; the conflict's id at Birk."""
        texts = {"b": "# 1: the gym\n\\ and the garden\nboats", "s": "the yard"}
        for home, text in texts.items():
            path, name = os.path.join(self.folder, "notes"), os.path.join(self.folder, home)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            must(name, "handover", "edit", self.known["H"], "plan_notes=@" + path)
            if home == "b":
                must(name, "handover", "agree", self.known["H"], "--by", "both", "--on", TODAY)
            must(name, "handover", "send", self.known["H"], "--yes")
        nodes = [Node(os.path.join(self.folder, home)) for home in "mbs"]
        for home in "sbsb":
            must(os.path.join(self.folder, home), "sync", "--wait", "30s")
        for node in nodes:
            node.stop()
        listed = must(os.path.join(self.folder, "b"), "conflict", "list")["conflicts"]
        return texts, next(one["id"] for one in listed if one["field"] == "plan_notes")

    def test_a_conflict_settled_in_an_editor_loses_no_line_and_no_text_that_is_refused(self):
        home = os.path.join(self.folder, "b")
        texts, conflict = self.contest_notes()
        process, _ = self.edit(home, "head -c 200000 /dev/zero | tr '\\0' x > \"$1\"", "conflict", "resolve", conflict, "--edit")
        self.assertEqual(process.wait(timeout=60), 1)
        (kept,) = self.left(home)
        with open(os.path.join(home, kept, "value.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "x" * 200000)
        self.doCleanups()
        process, _ = self.edit(home, 'echo "and more" >> "$1"', "conflict", "resolve", conflict, "--edit")
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertEqual(self.left(home), [])
        shown = must(home, "handover", "show", self.known["H"])
        value = next(field["value"] for part in shown["parts"] for field in part["fields"] if field["field"] == "plan_notes")
        self.assertEqual(sorted(value.split("\n")), sorted("\n".join(texts.values()).split("\n") + ["and more"]))

    def test_the_home_is_free_while_an_editor_is_open(self):
        home = os.path.join(self.folder, "b")
        process, _ = self.edit(home, "exec sleep 600")
        other = Node(home)  # even for a node
        try:
            self.assertTrue(must(home, "status")["node"]["running"])
        finally:
            other.stop()
            process.terminate()
            process.wait(timeout=60)

    def test_a_sync_without_a_node_serves_others_meanwhile(self):
        home = os.path.join(self.folder, "b")
        process = subprocess.Popen([STAFET, "--home", home, "sync", "--wait", "600s"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        try:
            while not os.path.exists(os.path.join(home, "control")):
                self.assertIsNone(process.poll())
            must(home, "handover", "list")
            self.assertTrue(must(home, "status")["node"]["running"])
            self.assertIsNone(process.poll())
        finally:
            process.terminate()
            process.wait(timeout=60)

    def test_an_editor_that_does_not_end_is_ended(self):
        home = os.path.join(self.folder, "b")
        process, _ = self.edit(home, "trap '' HUP TERM INT QUIT\nwhile :; do sleep 1; done")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), -signal.SIGTERM)
        self.assertEqual(self.left(home), [])

    def test_what_a_kill_left_goes_with_the_next_edit(self):
        home = os.path.join(self.folder, "b")
        process, editor = self.edit(home, "exec sleep 600")
        process.kill()
        process.wait(timeout=60)
        (old,) = self.left(home)
        self.doCleanups()
        other, another = self.edit(home, "exec sleep 600")
        self.assertIn(old, self.left(home), "its editor is still open")
        os.kill(another, signal.SIGTERM)
        other.wait(timeout=60)
        self.assertEqual(self.left(home), [old])
        self.doCleanups()
        os.kill(editor, signal.SIGKILL)
        while self.lives(editor):
            pass
        other, _ = self.edit(home, "exit 0")
        other.wait(timeout=60)
        self.assertEqual(self.left(home), [])


if __name__ == "__main__":
    main()
