"""status and sync never say "in sync" when that is not known: a time-out, a relay's word or an old one is not enough."""

from federation import Case, NOT_YET, main, until


class Status(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()
        self.birk = self.federation.join("Birk", "kindergarten")
        self.school = self.federation.join("Søndre Skole", "school")
        self.handover_id = self.handover(self.birk, self.school, likes="dens")
        self.birk.sync()
        until("all are in sync", lambda: self.birk.status()["in_sync"] and self.nordby.status()["in_sync"])

    def write(self):
        self.birk.do("handover", "edit", self.handover_id, "likes=trains")
        self.agree_and_send(self.birk, self.handover_id)

    def not_in_sync(self, wait="2s"):
        """Neither now, nor after waiting for it in vain."""
        self.assertFalse(self.birk.status()["in_sync"])
        result = self.birk.run("sync", "--wait", wait)
        self.assertEqual(result.returncode, NOT_YET, result)
        self.assertFalse(self.birk.status()["in_sync"])

    def in_sync_again(self):
        self.birk.sync()
        until("Birk's status says so too", lambda: self.birk.status()["in_sync"])
        self.assertEqual(self.field(self.school, self.handover_id, "likes")["value"], "trains")

    def test_a_reader_that_is_stopped_is_not_in_sync(self):
        self.school.pause()
        self.write()
        self.not_in_sync()
        lacks = self.birk.standing_of(self.school)
        self.assertFalse(lacks["complete"])
        self.assertGreater(lacks["lacks_own"], 0)
        self.school.resume()
        self.in_sync_again()

    def test_what_is_at_the_relay_only_is_not_in_sync(self):
        self.school.stop()
        self.write()
        until("the relay has it", lambda: (self.birk.standing_of(self.school)["waits_at"] or {}).get("name") == "Nordby")
        self.not_in_sync()
        self.school.start()
        self.in_sync_again()

    def test_a_relay_that_is_stopped_is_not_in_sync(self):
        self.nordby.pause()
        self.write()
        self.not_in_sync()
        self.nordby.resume()
        self.in_sync_again()

    def test_a_relay_that_is_gone_is_not_in_sync(self):
        self.nordby.kill()
        self.not_in_sync()
        self.write()
        self.not_in_sync()
        self.nordby.start()
        self.in_sync_again()

    def test_a_relay_that_falls_silent_is_not_in_sync_for_long_even_with_nothing_to_send(self):
        self.nordby.pause()
        until("Birk has noticed", lambda: not self.birk.status()["in_sync"], give_up_s=120)
        self.not_in_sync()
        self.nordby.resume()
        until("it has come back", lambda: self.birk.status()["in_sync"])

    def test_without_a_node_nothing_is_in_sync(self):
        self.birk.stop()
        status = self.birk.status()
        self.assertFalse(status["in_sync"])
        self.assertFalse(status["node"]["running"])


if __name__ == "__main__":
    main()
