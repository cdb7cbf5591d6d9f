"""Joining: a ticket admits one site, once, in time, and an answer that was lost is given again."""

import subprocess
import tempfile
import time

from federation import Case, NOT_YET, STAFET, main, until


class Tickets(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()

    def members(self):
        return sorted(member["name"] for member in self.nordby.do("member", "list")["members"])

    def test_a_ticket_admits_a_site_once(self):
        ticket = self.federation.ticket("Birk", "kindergarten")
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.do("join", ticket)["state"], "joined")
        thief = self.federation.newcomer("Thief")
        self.refused("ticket_used", thief.do, "join", ticket)
        self.assertEqual(self.members(), ["Birk", "Nordby"])
        self.assertEqual(thief.run("status").returncode, 1)
        # The rightful one may repeat it as often as it likes.
        self.assertEqual(birk.do("join", ticket)["state"], "joined")

    def test_an_expired_ticket_admits_nobody(self):
        invited = self.nordby.do("member", "invite", "Birk", "--role", "kindergarten", "--expires", "1s")
        until("the ticket has expired", lambda: time.time() * 1000 > invited["expires"])
        self.refused("ticket_expired", self.federation.newcomer("Birk").do, "join", invited["ticket"])
        self.assertEqual(self.members(), ["Nordby"])

    def test_a_ticket_goes_to_a_file_alone_and_is_joined_with_from_there(self):
        told = subprocess.run([STAFET, "--home", self.nordby.home, "member", "invite", "Birk", "--role", "kindergarten"],
                              capture_output=True, text=True, check=True)
        self.assertRegex(told.stdout, r"\Astafet1\S+\n\Z")
        self.assertIn("telephone", told.stderr)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(told.stdout)
            file.flush()
            self.assertEqual(self.federation.newcomer("Birk").do("join", f"@{file.name}")["state"], "joined")
        quiet = subprocess.run([STAFET, "--home", self.nordby.home, "--quiet", "member", "invite", "Bo", "--role", "school"],
                               capture_output=True, text=True, check=True)
        self.assertRegex(quiet.stdout, r"\Astafet1\S+\n\Z")
        self.assertEqual(quiet.stderr, "")

    def test_a_ticket_that_was_withdrawn_admits_nobody_and_the_next_one_does(self):
        lost = self.federation.ticket("Birk", "kindergarten")
        self.refused("exists", self.nordby.do, "member", "invite", "Birk", "--role", "kindergarten")
        self.assertEqual(self.nordby.do("member", "uninvite", "Birk")["state"], "withdrawn")
        self.refused("ticket_expired", self.federation.newcomer("Thief").do, "join", lost)
        self.assertEqual(self.members(), ["Nordby"])
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.do("join", self.federation.ticket("Birk", "kindergarten"))["state"], "joined")
        self.refused("state", self.nordby.do, "member", "uninvite", "Birk")

    def test_a_ticket_of_another_federation_admits_nobody(self):
        other = self.federation.found("Sønderby")
        ticket = other.do("member", "invite", "Birk", "--role", "kindergarten")["ticket"]
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.do("join", ticket)["federation"]["name"], "Sønderby")
        self.assertEqual(self.members(), ["Nordby"])

    def test_a_mistyped_ticket_is_refused_before_anything_is_sent(self):
        ticket = self.federation.ticket("Birk", "kindergarten")
        middle = len(ticket) // 2
        mistyped = ticket[:middle] + ("7" if ticket[middle] != "7" else "8") + ticket[middle + 1:]
        self.refused("argument", self.federation.newcomer("Birk").do, "join", mistyped)
        self.refused("argument", self.federation.newcomer("Bo").do, "join", ticket[:-5])

    def test_a_join_goes_on_when_the_municipality_comes_back(self):
        ticket = self.federation.ticket("Birk", "kindergarten")
        self.nordby.stop()
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.run("join", ticket, "--wait", "1s").returncode, NOT_YET)
        self.nordby.start()
        self.assertEqual(birk.do("join", ticket)["state"], "joined")

    def test_a_node_that_goes_on_joining_says_how_its_ticket_is_refused(self):
        invited = self.nordby.do("member", "invite", "Birk", "--role", "kindergarten", "--expires", "1s")
        self.nordby.stop()
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.run("join", invited["ticket"], "--wait", "1s").returncode, NOT_YET)
        until("the ticket has expired", lambda: time.time() * 1000 > invited["expires"])
        birk.start()
        self.nordby.start()
        self.refused("ticket_expired", birk.do, "join", invited["ticket"])
        self.assertEqual(birk.do("join", self.federation.ticket("Birk", "kindergarten"))["state"], "joined")

    def test_another_ticket_takes_the_place_of_one_that_is_waited_for(self):
        ticket = self.nordby.do("member", "invite", "Birk", "--role", "kindergarten")["ticket"]
        other = self.federation.found("Sønderby")
        useless = other.do("member", "invite", "Birk", "--role", "kindergarten")["ticket"]
        other.stop()
        birk = self.federation.newcomer("Birk")
        self.assertEqual(birk.run("join", useless, "--wait", "1s").returncode, NOT_YET)
        birk.start()  # goes on trying with that ticket
        self.assertEqual(birk.do("join", ticket)["federation"]["name"], "Nordby")


class LostReply(Case):
    def test_a_join_whose_answer_was_lost_gets_the_same_answer(self):
        # Birk reaches Nordby through a proxy, which lets JOIN pass and keeps the answer.
        proxy = self.federation.proxy(0)
        nordby = self.federation.found(advertise=proxy.endpoint)
        proxy.to_port = nordby.port
        kept = []

        def keep_answers(to_server, size, command):
            if command or to_server:
                return True
            kept.append(size)
            return False

        proxy.open(keep_answers)
        ticket = self.federation.ticket("Birk", "kindergarten")
        birk = self.federation.newcomer("Birk")
        until("JOIN has come through", lambda: birk.run("join", ticket, "--wait", "2s").returncode == NOT_YET and kept)
        before = nordby.do("member", "list")
        self.assertEqual([member["name"] for member in before["members"]], ["Nordby", "Birk"])

        proxy.cut()
        proxy.open()
        joined = birk.do("join", ticket)
        self.assertEqual(joined["state"], "joined")
        after = nordby.do("member", "list")
        self.assertEqual(after["members"], before["members"])
        birk.start().sync()


if __name__ == "__main__":
    main()
