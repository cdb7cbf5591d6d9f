"""What others may try against a node that can be dialled; an honest peer goes on meanwhile."""

import os
import socket
import subprocess

from federation import Case, HOSTILE, main, until

MEMORY_GROWTH_KIB_MAX = 8 * 1024
STRANGERS_MAX = 256  # connections whose key nobody has admitted (node/net/net.h)


class Hostile(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()
        self.honest = self.federation.join("Birk", "kindergarten")
        self.school = self.federation.join("Søndre Skole", "school")

    def hostile(self, site, *words):
        return subprocess.run([HOSTILE, site.home, *words], capture_output=True, text=True, timeout=120, check=False)

    def the_honest_goes_on(self):
        """A new handover goes from the honest peer over the municipality to the school."""
        handover = self.handover(self.honest, self.school, likes="dens")
        self.honest.sync()
        self.assertEqual(self.field(self.school, handover, "likes")["value"], "dens")

    def test_an_unknown_key_is_refused(self):
        bad = self.federation.join("Egely", "kindergarten", start=False)
        result = self.hostile(bad, "stranger")
        self.assertEqual((result.returncode, result.stdout), (0, "refused\n"), result.stderr)
        self.the_honest_goes_on()

    def test_a_message_of_3000_frames_costs_little_memory(self):
        bad = self.federation.join("Egely", "kindergarten", start=False)
        self.the_honest_goes_on()
        before = self.nordby.memory_peak_kib()
        result = self.hostile(bad, "frames", "3000", "57000")
        grown = self.nordby.memory_peak_kib() - before
        self.assertEqual((result.returncode, result.stdout), (0, "cut\n"), result.stderr)
        self.assertLessEqual(grown, MEMORY_GROWTH_KIB_MAX)
        self.the_honest_goes_on()

    def test_a_message_of_3000_small_frames_and_one_too_large_are_refused(self):
        bad = self.federation.join("Egely", "kindergarten", start=False)
        for words in (("frames", "3000", "10"), ("frames", "2", "1"), ("large", str(600 * 1024)), ("large", str(1 << 24))):
            before = self.nordby.memory_peak_kib()
            result = self.hostile(bad, *words)
            self.assertEqual((result.returncode, result.stdout), (0, "cut\n"), (words, result.stderr))
            self.assertLessEqual(self.nordby.memory_peak_kib() - before, MEMORY_GROWTH_KIB_MAX, words)
        self.the_honest_goes_on()

    def test_a_tickets_key_is_good_for_joining_and_nothing_else(self):
        ticket = self.federation.ticket("Egely", "kindergarten")
        result = subprocess.run([HOSTILE, ticket, "ticket"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, "told nothing\n"), result.stderr)
        self.assertEqual(self.federation.newcomer("Egely").do("join", ticket)["state"], "joined")

    def test_noise_from_a_member_harms_nobody(self):
        bad = self.federation.join("Egely", "kindergarten", start=False)
        for _ in range(3):
            self.assertEqual(self.hostile(bad, "noise", "500").returncode, 0)
        self.the_honest_goes_on()
        self.assertTrue(self.nordby.do("verify")["sound"])

    def test_rubbish_from_a_stranger_harms_nobody(self):
        before = self.nordby.memory_peak_kib()
        greeting = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x01" + b"CURVE".ljust(20, b"\0") + bytes(32)
        null = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
        tries = [b"GET / HTTP/1.1\r\nHost: nordby\r\n\r\n", os.urandom(100000), bytes(100000), b"\xff" * 64,
                 greeting + os.urandom(5000), greeting + b"\x04\xc8\x05HELLO" + os.urandom(194),
                 greeting + b"\x06" + (1 << 62).to_bytes(8, "big") + b"\x05HELLO", null + b"\x04\x06\x05READY",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(500)]
        for data in tries:
            with socket.create_connection(("127.0.0.1", self.nordby.port)) as stranger:
                stranger.settimeout(30)
                try:
                    stranger.sendall(data)
                    while stranger.recv(4096):  # until it hangs up
                        pass
                except ConnectionError:
                    pass
        self.assertLessEqual(self.nordby.memory_peak_kib() - before, MEMORY_GROWTH_KIB_MAX)
        self.the_honest_goes_on()

    def test_many_connections_of_strangers_do_not_keep_members_out(self):
        # More than there is room for; who makes room for whom, tests/unit/test_net_stranger.c says.
        silent = [socket.create_connection(("127.0.0.1", self.nordby.port)) for _ in range(STRANGERS_MAX + 50)]
        late = self.federation.join("Egely", "kindergarten")
        late.sync()
        self.the_honest_goes_on()
        for one in silent:
            one.close()

    def test_the_control_socket_is_closed_to_others_and_survives_rubbish(self):
        path = os.path.join(self.honest.home, "control")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(self.honest.home).st_mode & 0o777, 0o700)
        for data in (b"\0\0\0", b"{\0", os.urandom(5000) + b"\0", b'{"method":"org.stafet.status"}'):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(data)
        until("the node answers", self.honest.status)


if __name__ == "__main__":
    main()
