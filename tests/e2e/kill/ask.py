"""One question to a site: over its node's control socket, or by the real CLI, which also works without a node. Whoever asks learns
that it was done, that it was refused, that nobody was there, or that nobody knows."""

import json
import os
import signal
import socket
import subprocess

from federation import GIVE_UP_S
from world import Down, Lost, Refusal, stafet_command

NOT_ASKED = ("locked", "busy")
UNKNOWN = ("closed",)


class Request:
    """A verb with its arguments, in both forms."""

    def __init__(self, noun, verb, positional=(), fields=None, writes=True, **options):
        self.noun, self.verb = noun, verb
        self.positional = list(positional)  # (name, value)
        self.fields = fields
        self.options = options
        self.writes = writes

    def __str__(self):
        return f"{self.noun} {self.verb} {' '.join(str(value)[:40] for _, value in self.positional)}".strip()

    def message(self):
        arguments = dict(self.positional) | self.options
        if self.fields is not None:
            arguments["fields"] = self.fields
        method = ".".join(word for word in ("org.stafet", self.noun, self.verb) if word)
        return json.dumps({"method": method, "parameters": {"arguments": arguments}}).encode() + b"\0"

    def words(self):
        words = [word for word in (self.noun, self.verb) if word] + [str(value) for _, value in self.positional]
        for name, value in self.options.items():
            words += [f"--{name}", str(value)]
        return words + [f"{name}={value}" for name, value in (self.fields or {}).items()]


def by_socket(site, request, sent=lambda: None, answered=lambda: None):
    """Asks the node. `sent` and `answered` are called at these moments."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(GIVE_UP_S)
        try:
            wire.connect(os.path.join(site.home, "control"))
        except OSError as error:
            raise Down from error
        try:
            wire.sendall(request.message())
            sent()
            data = b""
            while not data.endswith(b"\0"):
                part = wire.recv(1 << 16)
                if not part:
                    raise Lost
                data += part
        except TimeoutError as error:
            raise AssertionError(f"the node of {site.name} does not answer {request}") from error
        except OSError as error:
            raise Lost from error
    answered()
    reply = json.loads(data[:-1])
    if "error" in reply:
        raise Refusal(request, reply["error"].rpartition(".")[2], reply["parameters"].get("text"))
    return reply["parameters"]


def by_command(site, words, kill_after_s=None, give_up_s=GIVE_UP_S):
    """Asks by the CLI; with `kill_after_s` that is killed while it works. (document, whether it was killed)"""
    process = subprocess.Popen(stafet_command(site, words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=site.environment())
    try:
        out, err = process.communicate(timeout=give_up_s if kill_after_s is None else kill_after_s)
    except subprocess.TimeoutExpired as late:
        process.kill()
        out, err = process.communicate()
        if kill_after_s is None:
            raise AssertionError(f"stafet {' '.join(words)[:200]} does not end") from late
    if process.returncode == -signal.SIGKILL:
        raise Lost
    if process.returncode == 0:
        return json.loads(out)
    lines = err.decode(errors="replace").strip().splitlines()
    try:
        error = json.loads(lines[-1])
    except (ValueError, IndexError) as strange:
        raise AssertionError(f"stafet {' '.join(words)[:200]} ended with {process.returncode}: {lines[-5:]}") from strange
    if error["error"] in UNKNOWN:
        raise Lost
    if error["error"] in NOT_ASKED:
        raise Down
    raise Refusal(" ".join(words)[:80], error["error"], error["text"])
