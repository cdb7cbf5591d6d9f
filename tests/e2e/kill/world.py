"""Nodes that may die at any moment, what is shared between those who kill and those who write, and the journal of what has been
acknowledged."""

import collections
import contextlib
import fcntl
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

from federation import BUILD, GIVE_UP_S, STAFET, STAFETD, Federation, Site

PORTS = range(20000, 32000)  # below those that the system gives to whoever dials: a dead node's must stay free
LOG_LINES = 3000
BAD_WORDS = (b"AddressSanitizer", b"LeakSanitizer", b"runtime error", b"Assertion", b"assertion")


class Down(Exception):
    """Nobody was there to be asked: nothing has happened."""


class Lost(Exception):
    """It was asked and never answered: it may have happened or not."""


class Refusal(Exception):
    """It was answered with an error."""

    def __init__(self, request, error, text):
        self.error = error
        super().__init__(f"{request}: {error}: {text}")


def quiet_port(chance):
    while True:
        port = chance.choice(PORTS)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


class World:
    """What all threads share."""

    def __init__(self, seed):
        self.seed = seed
        self.federation = Federation()
        self.journal = Journal(os.path.join(self.federation.folder, "journal"))
        self.sites = []
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.failures = []
        self.quiet = threading.Event()  # no more kills
        self.stopping = threading.Event()  # no more writes either
        self.bulk_for = None  # the site that others shall write much for
        self.began = time.monotonic()

    def chance(self, *names):
        """A generator of its own for each part, so that one part's draws don't depend on what others do."""
        return random.Random(f"{self.seed}/" + "/".join(str(name) for name in names))

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n

    def fail(self, text):
        with self.lock:
            self.failures.append(text)
        print(f"FAILED after {time.monotonic() - self.began:.1f} s: {text}", flush=True)
        self.quiet.set()
        self.stopping.set()

    def add(self, name, listens):
        site = Mortal(self, name, listens)
        self.federation.sites.append(site)
        self.sites.append(site)
        return site


class Journal:
    """Every acknowledged write, on disk before it counts."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()
        self.entries = []

    def add(self, kind, site, **what):
        entry = {"at": time.time(), "kind": kind, "site": site.name, **what}
        with self.lock:
            self.file.write(json.dumps(entry) + "\n")
            self.entries.append(entry)

    def of(self, kind):
        with self.lock:
            return [entry for entry in self.entries if entry["kind"] == kind]


class Mortal(Site):
    """A site whose node is killed from several threads."""

    def __init__(self, world, name, listens):
        super().__init__(world.federation, name, False)
        self.world = world
        self.port = quiet_port(world.chance("port", name)) if listens else None
        self.advertised = self.endpoint if listens else None
        self.log = collections.deque(maxlen=LOG_LINES)
        self.guard = threading.Lock()
        self.ready = threading.Event()
        self.dead = threading.Event()
        self.dead.set()
        self.member = None  # its id in hexadecimal, once it has joined
        self.lives = 0
        self.spawned_at = 0.0
        self.starts_s = []  # how long starts took that were let finish
        self.ends = 0  # processes that had the replica open and ended without closing it
        # What the killer wants the site's people to do.
        self.kill_at_ack = False
        self.kill_in_write = None  # so many seconds after a request has been sent
        self.writes_unsent = 0  # acknowledged without a node since the last one died
        self.bulk_bytes = 0

    # ---- The node ----

    def spawn(self):
        """Starts the node and returns at once."""
        with self.guard:
            assert self.node is None
            self.ready.clear()
            self.dead.clear()
            self.kill_at_ack, self.kill_in_write = False, None
            self.lives += 1
            self.log.append(f"---- life {self.lives}\n")
            self.spawned_at = time.monotonic()
            self.node = subprocess.Popen([STAFETD, "--home", self.home], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, env=self.environment())
            self.federation.processes.append(self.node)
            threading.Thread(target=self._hear, args=(self.node, self.ready), daemon=True).start()

    def start(self):
        """Starts the node and returns when it has said that it is ready, or when the test has failed. A killer that meets it meanwhile only
        has it started once more."""
        deadline = time.monotonic() + GIVE_UP_S
        self.spawn()
        while not self.ready.wait(0.05) and not self.world.failures:
            if time.monotonic() > deadline:
                raise AssertionError(f"the node of {self.name} did not start:\n" + "".join(list(self.log)[-20:]))
            self.check_alive()
            if self.dead.is_set():
                self.spawn()
        return self

    def _hear(self, node, ready):
        for line in node.stderr:
            self.log.append(line.decode(errors="replace"))
            if line.startswith(b"stafetd ready"):
                if node is self.node:
                    self.starts_s.append(time.monotonic() - self.spawned_at)
                ready.set()
            if any(word in line for word in BAD_WORDS):
                self.world.fail(f"{self.name} says: {line.decode(errors='replace').strip()}")
        node.stderr.close()

    def check_alive(self):
        """A node never ends by itself."""
        with self.guard:
            code = self.node.poll() if self.node else None
            if code is not None:
                self.node = None
                self.dead.set()
        if code is not None and self.home_was_taken():
            self.world.count("starts refused while a command worked")
        elif code is not None:
            self.world.fail(f"the node of {self.name} ended by itself with {code}:\n" + "".join(list(self.log)[-30:]))
        return self.node is not None

    def home_was_taken(self):
        """A node waits five seconds for a command that owns the home; on a machine with too much to do that may not be enough."""
        return not self.ready.is_set() and any("another process owns this home" in line for line in list(self.log)[-3:])

    def kill_now(self, why):
        """kill -9, if it lives. True: it was this that killed it."""
        if not self.check_alive():
            return False
        with self.guard:
            if self.node is None:
                return False
            started = self.ready.is_set()
            self.node.kill()
            self.node.wait()
            self.federation.processes.remove(self.node)
            self.node = None
            self.kill_at_ack = False
            self.kill_in_write = None
            self.writes_unsent = 0
        self.ends += 1
        self.world.count("kills")
        self.world.count(f"killed {why}" if started else "killed while starting")
        self.log.append(f"---- killed: {why if started else 'while starting'}\n")
        self.dead.set()
        return True

    def is_ready(self):
        return self.ready.is_set() and not self.dead.is_set()

    # ---- Its replica, when nobody owns the home ----

    def copy_replica(self, to):
        """Database and write-ahead log as a dead process left them."""
        for name in ("replica.db", "replica.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(os.path.join(self.home, name), os.path.join(to, name))
        return os.path.join(to, "replica.db")

    def look_into(self, question, thoroughly=False):
        """What SQLite says about a copy of the replica. The node must be dead; commands wait for the lock meanwhile."""
        folder = os.path.join(self.temp, f"copy-{threading.get_ident()}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(self.home, "lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = self.copy_replica(folder)
        database = sqlite3.connect(path)
        try:
            answer = database.execute(question).fetchall()
            found = database.execute("PRAGMA integrity_check").fetchall() if thoroughly else [("ok",)]
            if found != [("ok",)]:
                self.world.fail(f"the replica of {self.name} is damaged after a kill: {found}")
            return answer
        finally:
            database.close()
            shutil.rmtree(folder)

    def heads(self, thoroughly=False):
        """{(feed, author): entries} in hexadecimal."""
        rows = self.look_into("SELECT lower(hex(id)), lower(hex(author)), head_seq FROM feed", thoroughly)
        return {(feed, author): seq for feed, author, seq in rows}


def stafet_command(site, words):
    return [STAFET, "--home", site.home, "--json", "--yes", "--as", f"Jonas, {site.name}", *words]


HOLDINGS = os.path.join(BUILD, "tests", "e2e", "kill", "holdings")

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def from_base32(text):
    """An id's bytes in hexadecimal. PROTOCOL.md, 4."""
    bits = "".join(f"{ALPHABET.index(one):05b}" for one in text.upper())
    whole = len(bits) // 8 * 8
    return int(bits[:whole], 2).to_bytes(whole // 8, "big").hex()
