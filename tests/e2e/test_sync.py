"""Everyday synchronisation: late joiners, edits made apart, a site that only dials out."""

from federation import Case, main, until


class Sync(Case):
    def test_a_late_joiner_gets_all_that_it_may_hold(self):
        nordby = self.federation.found()
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Søndre Skole", "school")
        handover = self.handover(birk, school, likes="dens")
        birk.sync()
        late = self.federation.join("Egely", "kindergarten")
        late.sync()
        self.assertEqual({member["name"] for member in late.do("member", "list")["members"]},
                         {"Nordby", "Birk", "Søndre Skole", "Egely"})
        self.assertEqual(late.do("handover", "list")["handovers"], [])
        until("the municipality and the late joiner are level", lambda: nordby.standing_of(late)["in_sync"])
        self.assertEqual(self.field(school, handover, "likes")["value"], "dens")
        # It takes part from now on.
        second = self.handover(late, school, child="Bo", likes="trains")
        late.sync()
        self.assertEqual(self.field(school, second, "likes")["value"], "trains")

    def test_edits_made_apart_all_arrive_and_a_conflict_is_settled_once(self):
        nordby = self.federation.found()
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Søndre Skole", "school")
        handover = self.handover(birk, school, first_day="12 August, 9.00", contact="Mette")
        birk.sync()
        self.assertEqual(self.field(school, handover, "first_day")["value"], "12 August, 9.00")

        nordby.stop()  # they only meet there
        birk.do("handover", "edit", handover, "first_day=12 August, 8.30", "likes=dens")
        self.agree_and_send(birk, handover)
        school.do("handover", "edit", handover, "first_day=13 August, 9.00", "contact=Ole")
        school.do("handover", "send", handover)
        self.assertEqual(birk.do("conflict", "list")["conflicts"], [])

        nordby.start()
        birk.sync()
        school.sync()
        birk.sync()
        conflicts = [site.do("conflict", "list")["conflicts"] for site in (birk, school)]
        self.assertEqual([len(one) for one in conflicts], [1, 1])
        self.assertEqual(conflicts[0][0]["id"], conflicts[1][0]["id"])
        for site in (birk, school):
            self.assertEqual(self.field(site, handover, "likes")["value"], "dens")
            self.assertEqual(self.field(site, handover, "contact")["value"], "Ole")
            self.assertEqual(set(self.field(site, handover, "first_day")["conflict"]["values"]),
                             {"12 August, 8.30", "13 August, 9.00"})

        school.do("conflict", "show", conflicts[1][0]["id"])
        school.do("conflict", "resolve", conflicts[1][0]["id"], "--take", "Birk", "--note", "the gym is closed on the 13th")
        school.sync()
        for site in (birk, school):
            self.assertEqual(site.do("conflict", "list")["conflicts"], [])
            self.assertEqual(self.field(site, handover, "first_day")["value"], "12 August, 8.30")

    def test_the_log_says_what_becomes_of_a_session(self):
        nordby = self.federation.found()
        birk = self.federation.join("Birk", "kindergarten")
        birk.sync()
        until("it is said at Birk", lambda: any("Nordby: " in line and "-> idle" in line for line in birk.log))
        nordby.stop()
        until("and that it has ended", lambda: any("Nordby: idle -> " in line for line in birk.log))

    def test_a_command_works_with_and_without_a_node_on_the_same_home(self):
        self.federation.found()
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Søndre Skole", "school")
        handover = self.handover(birk, school, likes="dens")
        birk.sync()
        shown = birk.do("handover", "show", handover)
        birk.stop()
        self.assertEqual(birk.do("handover", "show", handover), shown)
        self.assertFalse(birk.status()["node"]["running"])
        # Sync without a node brings one for as long as it takes.
        birk.do("handover", "edit", handover, "likes=trains")
        self.agree_and_send(birk, handover)
        birk.sync()
        self.assertEqual(self.field(school, handover, "likes")["value"], "trains")

    def test_two_sites_with_addresses_meet_without_the_municipality(self):
        nordby = self.federation.found()
        birk = self.federation.join("Birk", "kindergarten", listens=True)
        school = self.federation.join("Søndre Skole", "school", listens=True)
        handover = self.handover(birk, school, likes="dens")
        birk.sync()
        nordby.kill()
        birk.do("handover", "edit", handover, "likes=trains")
        self.agree_and_send(birk, handover)
        until("the school has it straight from Birk",
              lambda: self.field(school, handover, "likes")["value"] == "trains")


if __name__ == "__main__":
    main()
