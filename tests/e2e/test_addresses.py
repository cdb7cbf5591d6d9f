"""Addresses: a node moves while it runs, and the others dial it where it is now."""

import json
import os

from federation import Case, free_port, main, until


class Addresses(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()

    def endpoints_of(self, site, seen_by):
        return next(member["endpoints"] for member in seen_by.do("member", "list")["members"] if member["name"] == site.name)

    def move(self, site):
        """To another port, with the node running; the old one is let go."""
        old, site.port = site.endpoint, free_port()
        moved = site.do("member", "address", "--listen", site.endpoint)
        self.assertEqual(moved["bound"], [site.endpoint])
        return old, moved

    def test_a_site_moves_and_its_peer_dials_it_there(self):
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Engen", "school", listens=True)
        handover = self.handover(birk, school)
        until("the two have a session", lambda: birk.standing_of(school)["in_sync"])

        old, _ = self.move(school)
        until("the roster has it at Birk", lambda: self.endpoints_of(school, birk) == [school.endpoint])
        self.assertEqual(school.do("member", "address")["state"], "told")
        # The municipality is out of the way, and so is the session that was: only the new address helps.
        self.nordby.stop()
        school.stop()
        birk.do("handover", "edit", handover, "first_day=12 August")
        self.agree_and_send(birk, handover)
        school.start()
        until("Engen has it", lambda: self.field(school, handover, "first_day")["value"] == "12 August")
        self.assertNotEqual(old, school.endpoint)

    def test_the_municipality_moves_and_its_sites_follow(self):
        birk = self.federation.join("Birk", "kindergarten")
        old, moved = self.move(self.nordby)
        self.assertEqual(moved["state"], "told")
        until("Birk knows it", lambda: self.endpoints_of(self.nordby, birk) == [self.nordby.endpoint])
        self.nordby.stop()
        self.nordby.start()
        until("Birk is there", lambda: birk.standing_of(self.nordby)["in_sync"])
        ticket = self.federation.ticket("Engen", "school")
        self.assertEqual(self.federation.newcomer("Engen").do("join", ticket)["state"], "joined")

    def test_a_site_that_was_away_is_told_by_its_config_where_the_municipality_is(self):
        birk = self.federation.join("Birk", "kindergarten")
        until("Birk is there", lambda: birk.standing_of(self.nordby)["in_sync"])
        birk.stop()
        self.move(self.nordby)
        birk.start()
        with open(os.path.join(birk.home, "config"), "a", encoding="ascii") as file:
            file.write(f"municipality = {self.nordby.endpoint}\n")
        birk.stop()
        birk.start()
        until("Birk is there", lambda: birk.standing_of(self.nordby)["in_sync"])
        self.assertEqual(self.endpoints_of(self.nordby, birk), [self.nordby.endpoint])

    def test_a_change_without_a_node_is_told_when_one_runs(self):
        school = self.federation.join("Engen", "school", listens=True, start=False)
        school.port = free_port()
        changed = school.do("member", "address", "--listen", school.endpoint)
        self.assertEqual((changed["state"], changed["running"]), ("waiting", False))
        self.assertIn("address_untold", [item["kind"] for item in school.do("waiting")["waiting"]])
        school.start()
        until("the roster has it", lambda: self.endpoints_of(school, self.nordby) == [school.endpoint])
        until("and so has Engen", lambda: school.do("member", "address")["state"] == "told")
        self.assertEqual(school.do("waiting")["waiting"], [])
        # By hand in the config, and a restart: the same.
        school.stop()
        with open(os.path.join(school.home, "config"), "w", encoding="ascii") as file:
            file.write(f"listen = {school.endpoint}\nadvertise = tcp://engen.example:1\nadvertise = {school.endpoint}\n")
        school.start()
        until("the roster has both", lambda: len(self.endpoints_of(school, self.nordby)) == 2)
        # And no address at all.
        changed = school.do("member", "address", "--dial-out")
        self.assertEqual(changed["bound"], [])
        until("the roster has none", lambda: self.endpoints_of(school, self.nordby) == [])

    def test_an_address_in_use_changes_nothing(self):
        school = self.federation.join("Engen", "school", listens=True)
        before = school.endpoint
        error = self.refused("exists", school.do, "member", "address", "--listen", self.nordby.endpoint)
        self.assertIn("another program", json.dumps(error.error))
        now = school.do("member", "address")
        self.assertEqual((now["bound"], now["endpoints"], now["state"]), ([before], [before], "told"))


if __name__ == "__main__":
    main()
