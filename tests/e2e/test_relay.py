"""The relay dies in the middle of a transfer between two sites that only dial out: nothing is lost, nothing comes twice."""

import os
import threading

from federation import Case, main, until

TEXT_SIZE = 7900
FIELDS = ("likes", "good_at", "wishes", "parents_view", "parents_wishes", "parents_worries", "language", "social", "body",
          "curiosity", "support", "plan_notes")
HANDOVERS = 20
RUN_SIZE_MIN = 50000  # of a frame that carries such handovers; everything else is much smaller


class Relay(Case):
    def setUp(self):
        super().setUp()
        # Birk reaches Nordby, which relays to the school, through a proxy that can hold frames back.
        self.proxy = self.federation.proxy(0)
        self.nordby = self.federation.found(advertise=self.proxy.endpoint)
        self.proxy.to_port = self.nordby.port
        self.birk = self.federation.join("Birk", "kindergarten")
        self.school = self.federation.join("Søndre Skole", "school")
        self.birk.sync()
        self.birk.stop()
        self.handovers = [self.write(number) for number in range(HANDOVERS)]

    def write(self, number):
        """A handover of about 100 kB, made without a node; all of them take several runs."""
        path = os.path.join(self.birk.temp, "text")
        words = []
        for field in FIELDS:
            with open(path + field, "w", encoding="utf-8") as file:
                file.write(f"{field} of number {number}. ".ljust(TEXT_SIZE, "x"))
            words.append(f"{field}=@{path}{field}")
        made = self.birk.do("handover", "new", "--to", "Søndre Skole", f"child_name=Child {number}", *words)
        self.agree_and_send(self.birk, made["id"])
        return made["id"]

    def entries_at(self, site):
        """How many entries of Birk's handovers the site holds."""
        feeds = site.do("log", "list")["feeds"]
        return sum(feed["entries"] for feed in feeds if feed["channel"] == "handover" and feed["author"]["name"] == "Birk")

    def bytes_of_all(self):
        """What a transfer of all that Birk has written in the handovers' channel takes."""
        return sum(entry["bytes"] for entry in self.birk.do("log", "list", "--limit", "1000")["entries"]
                   if entry["channel"] == "handover")

    def kill_before(self, is_held):
        """Kills the relay when it has stored the runs before the one for which `is_held(runs passed, their bytes, its own
        bytes)` says so, while that one is on its way."""
        passed, held = [], threading.Event()

        def gate(to_server, size, command):
            if command or not to_server or size < RUN_SIZE_MIN:
                return True
            if is_held(len(passed), sum(passed), size):
                held.set()
                return False
            passed.append(size)
            return True

        self.proxy.open(gate)
        self.birk.start()
        self.assertTrue(held.wait(60), f"only {passed} passed")
        self.assertTrue(passed)
        total = self.entries_at(self.birk)
        stored = until("the relay has stored what came", lambda: self.entries_at(self.nordby))
        self.assertLess(stored, total)
        self.nordby.kill()
        self.proxy.cut()
        self.proxy.open()
        return stored, total

    def nothing_is_lost(self, stored, total):
        self.nordby.start()
        self.assertGreaterEqual(self.entries_at(self.nordby), stored)
        self.birk.sync(wait_s=60)
        self.assertEqual({self.entries_at(site) for site in (self.birk, self.nordby, self.school)}, {total})
        for number, handover in enumerate(self.handovers):
            for field in FIELDS:
                value = self.field(self.school, handover, field)["value"]
                self.assertEqual(value, f"{field} of number {number}. ".ljust(TEXT_SIZE, "x"))
        for site in (self.birk, self.nordby, self.school):
            self.assertTrue(site.do("verify")["sound"])
        self.assertEqual(self.nordby.do("quarantine", "list")["items"], [])
        until("all are level", lambda: self.nordby.status()["in_sync"])

    def test_a_relay_killed_after_the_first_run_loses_nothing(self):
        self.nothing_is_lost(*self.kill_before(lambda n, before, size: n == 1))

    def test_a_relay_killed_before_the_last_run_loses_nothing(self):
        total = self.bytes_of_all()
        self.nothing_is_lost(*self.kill_before(lambda n, before, size: n > 1 and before + size >= total))

    def test_a_relay_killed_again_and_again_loses_nothing(self):
        before = 0
        for _ in range(3):
            stored, total = self.kill_before(lambda n, before, size: n == 1)
            self.assertGreater(stored, before)
            before = stored
            self.birk.stop()
            self.nordby.start()
        self.nordby.stop()
        self.birk.start()
        self.nothing_is_lost(stored, total)


if __name__ == "__main__":
    main()
