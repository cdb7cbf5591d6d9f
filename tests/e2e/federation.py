"""A federation of real processes on this machine, for the end-to-end tests.

Each site has a home of its own below one fresh folder, a node (`stafetd`) when it runs, and is asked through the real CLI
(`stafet`). Whatever a test started is ended and removed after it, also when it fails. Nothing here sleeps to wait for something:
`sync --wait`, the node's ready line, and `until`, which asks again and again up to a deadline.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = os.environ.get("STAFET_BUILD") or os.path.join(os.path.dirname(__file__), "..", "..", "build", "dev")
STAFET = os.path.join(BUILD, "cli", "stafet")
STAFETD = os.path.join(BUILD, "node", "stafetd")
HOSTILE = os.path.join(BUILD, "tests", "e2e", "hostile")
GIVE_UP_S = 60  # for what takes a second; only a fault takes longer

DONE, FAILED, USAGE, NOT_YET = 0, 1, 2, 3  # the CLI's exit codes


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hide_restore(home):
    """Makes a home that was put back look to its node as if it had been open here last: what a snapshot of the whole machine does. The
    file tells the database by what the system notes of it (store/generation.h)."""
    path = os.path.join(home, "generation")
    stat = os.stat(os.path.join(home, "replica.db"))
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    state, own = lines[-1].split()[:2]
    if state != "closed":
        raise AssertionError(f"the node of {home} had not been closed in order: {lines}")
    lines[-1] = f"closed {int(own):020} {stat.st_ino:020} {stat.st_size:020} {stat.st_mtime_ns:020} {stat.st_ctime_ns:020}"
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def until(what, condition, give_up_s=GIVE_UP_S):
    """Asks `condition` until it answers something true, and returns that."""
    deadline = time.monotonic() + give_up_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"it never came to this: {what}")
        select.select([], [], [], 0.02)  # leave the processors to those who work


class Refused(Exception):
    """A command ended with another exit code than 0."""

    def __init__(self, words, result):
        self.code = result.returncode
        self.stderr = result.stderr
        try:
            self.error = json.loads(result.stderr.strip().splitlines()[-1])
        except (ValueError, IndexError):
            self.error = {}
        super().__init__(f"stafet {' '.join(words)}: exit {self.code}: {result.stderr.strip()}")


class Site:
    """One site: its home, its node when it runs, and its user."""

    def __init__(self, federation, name, listens):
        self.federation = federation
        self.name = name
        self.folder = os.path.join(federation.folder, name.replace(" ", "-"))
        self.home = os.path.join(self.folder, "home")
        self.temp = os.path.join(self.folder, "tmp")
        os.makedirs(self.temp)
        self.port = free_port() if listens else None
        self.node = None
        self.ended = None  # how the node ended, when it was not the test that ended it
        self.log = []

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    def environment(self):
        clean = {key: value for key, value in os.environ.items() if key not in ("STAFET_HOME", "STAFET_AS")}
        # So that whatever a process leaves in temporary files is found below the site's folder.
        return {**clean, "TMPDIR": self.temp, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}

    # ---- The CLI ----

    def run(self, *words, give_up_s=GIVE_UP_S, input=None):
        """The command's result, whatever it is."""
        command = [STAFET, "--home", self.home, "--json", "--yes", "--as", f"Jonas, {self.name}", *words]
        return subprocess.run(command, capture_output=True, text=True, input=input, timeout=give_up_s, env=self.environment())

    def do(self, *words, **options):
        """The command's document; Refused when it failed."""
        result = self.run(*words, **options)
        if result.returncode != DONE:
            raise Refused(words, result)
        return json.loads(result.stdout) if result.stdout.strip() else None

    def sync(self, wait_s=30):
        return self.do("sync", "--wait", f"{wait_s}s", give_up_s=wait_s + GIVE_UP_S)

    def status(self):
        return self.do("status")

    def standing_of(self, other):
        """What this site's status says of another."""
        return next(member for member in self.status()["members"] if member["name"] == other.name)

    # ---- The node ----

    def start(self, *words, before=None):
        """Starts the node and returns when it has said that it is ready."""
        assert self.node is None
        self.node = subprocess.Popen([STAFETD, "--home", self.home, *words], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment(),
                                     preexec_fn=before, restore_signals=before is None)
        self.federation.processes.append(self.node)
        self.said_ready = False
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self.node, ready), daemon=True).start()
        # A node that ends closes its standard error some time before it can be waited for.
        if not ready.wait(GIVE_UP_S) or not self.said_ready or self.node.poll() is not None:
            raise AssertionError(f"the node of {self.name} did not start:\n" + "".join(self.log[-20:]))
        return self

    def _listen(self, node, ready):
        for line in node.stderr:
            self.log.append(line.decode(errors="replace"))
            if line.startswith(b"stafetd ready"):
                self.said_ready = True
                ready.set()
        node.stderr.close()
        ready.set()

    def stop(self):
        """Ends the node in order."""
        self.node.send_signal(signal.SIGTERM)
        code = self.node.wait(GIVE_UP_S)
        self.node = None
        if code != 0:
            raise AssertionError(f"the node of {self.name} ended with {code}:\n" + "".join(self.log[-40:]))

    def kill(self):
        """kill -9."""
        self.node.kill()
        self.node.wait()
        self.node = None

    def pause(self):
        self.node.send_signal(signal.SIGSTOP)

    def resume(self):
        self.node.send_signal(signal.SIGCONT)

    def memory_peak_kib(self):
        with open(f"/proc/{self.node.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))

    # ---- What lies in its folder ----

    def files_with(self, text):
        """The files below the site's folder (home, journal, temporary files) that hold `text`."""
        needle = text.encode()
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        if needle in file.read():
                            found.append(os.path.relpath(path, self.folder))
        return found


class Federation:
    """A municipality, and what joins it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="stafet-e2e-")
        self.processes = []
        self.proxies = []
        self.sites = []
        self.municipality = None

    def found(self, name="Nordby", advertise=None):
        """Founds it and starts the municipality's node."""
        self.municipality = self._site(name, True)
        words = ["--advertise", advertise] if advertise else []
        self.municipality.do("federation", "create", "--name", name, "--listen", self.municipality.endpoint, *words)
        return self.municipality.start()

    def _site(self, name, listens):
        site = Site(self, name, listens)
        self.sites.append(site)
        return site

    def ticket(self, name, role, *words):
        return self.municipality.do("member", "invite", name, "--role", role, *words)["ticket"]

    def newcomer(self, name, listens=False):
        """A site that has no keys yet."""
        return self._site(name, listens)

    def join(self, name, role, listens=False, start=True):
        """Admits a site. By default it only dials out, as behind NAT."""
        site = self._site(name, listens)
        site.do("join", self.ticket(name, role), *(["--listen", site.endpoint] if listens else []))
        return site.start() if start else site

    def proxy(self, to_port):
        proxy = Proxy(to_port)
        self.proxies.append(proxy)
        return proxy

    def close(self, keep=False):
        """Ends all processes and removes the folder, unless somebody wants to look at it."""
        for site in self.sites:
            site.ended = site.node.poll() if site.node else None
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        for proxy in self.proxies:
            proxy.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """A TCP connection's middle: passes ZMTP frames on, one at a time, as `gate` allows.

    `gate(to_server, size, command)` is asked before each frame in either direction; while it answers False, the frame and all
    after it wait. Encrypted as they are, only a frame's size and whether it is a command of the handshake can be seen.
    """

    def __init__(self, to_port):
        self.to_port = to_port
        self.gate = lambda to_server, size, command: True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        self.changed = threading.Condition()
        self.closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    def open(self, gate=None):
        """Another gate; what waits is asked about again."""
        with self.changed:
            self.gate = gate or (lambda to_server, size, command: True)
            self.changed.notify_all()

    def cut(self):
        """Ends all connections."""
        with self.changed:
            sockets, self.sockets = self.sockets, []
            self.changed.notify_all()
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def close(self):
        self.closed = True
        self.listener.close()
        self.cut()

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to_port), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self.changed:
                self.sockets += [client, server]
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source, target, to_server):
        try:
            _pass_greeting(source, target)
            while True:
                flags = _read(source, 1)
                length = _read(source, 8 if flags[0] & 2 else 1)
                body = _read(source, int.from_bytes(length, "big"))
                with self.changed:
                    while not self.gate(to_server, len(body), bool(flags[0] & 4)) and source in self.sockets:
                        self.changed.wait(1)
                target.sendall(flags + length + body)
        except (OSError, EOFError, ValueError):
            for one in (source, target):
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def _pass_greeting(source, target):
    """64 bytes, in pieces: each side waits for a part of the other's before it says more."""
    left = 64
    while left > 0:
        part = source.recv(left)
        if not part:
            raise EOFError
        target.sendall(part)
        left -= len(part)


def _read(source, size):
    data = b""
    while len(data) < size:
        part = source.recv(min(size - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return data


class Case(unittest.TestCase):
    """A test with a federation that is cleared away after it."""

    maxDiff = None

    def setUp(self):
        self.federation = Federation()
        self.addCleanup(self.federation.close)

    def run(self, result=None):
        """When it fails, the nodes' last words help."""
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            for site in self.federation.sites:
                ended = "" if site.ended is None else f" (its node ended with {site.ended})"
                print(f"---- {site.name}{ended}\n" + "".join(site.log[-30:]), flush=True)

    def refused(self, error, call, *words, **options):
        with self.assertRaises(Refused) as caught:
            call(*words, **options)
        self.assertEqual(caught.exception.error.get("error"), error, caught.exception)
        return caught.exception

    # ---- Handovers ----

    def handover(self, sender, receiver, child="Alma", **fields):
        """A handover that the parents have agreed to and that has been sent; its id."""
        words = [f"{name}={value}" for name, value in {"child_name": child, **fields}.items()]
        made = sender.do("handover", "new", "--to", receiver.name, *words)
        self.agree_and_send(sender, made["id"])
        return made["id"]

    def agree_and_send(self, sender, handover):
        sender.do("handover", "agree", handover, "--by", "two custody holders", "--on", time.strftime("%F"))
        return sender.do("handover", "send", handover)

    def field(self, site, handover, name):
        """A field as `handover show` has it."""
        shown = site.do("handover", "show", handover)
        return next(field for field in _fields(shown) if field["field"] == name)


def _fields(document):
    """The fields of a shown record, wherever its parts hold them."""
    if isinstance(document, dict):
        if "field" in document and "value" in document:
            yield document
        for value in document.values():
            yield from _fields(value)
    elif isinstance(document, list):
        for value in document:
            yield from _fields(value)


def main():
    unittest.main(verbosity=2)
