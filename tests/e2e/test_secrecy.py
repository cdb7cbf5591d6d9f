"""Canaries: who may not read something finds it nowhere, and it lies nowhere in the clear, not even where it was typed."""

import datetime
import os

from federation import Case, main

CHILD = "Kanariefugl Ålykke-Prøve"
WISHES = "jeg vil sidde ved siden af én jeg kender xyzzy"
FREE_TEXT = "der mangler voksne sidst på eftermiddagen plugh"

QUESTIONS = """type,name,label::Dansk (da),label::English (en)
select_one tilfredshed,q01,Hvor tilfreds er du?,How satisfied are you?
text,q02,Andet,Anything else
"""
CHOICES = """list_name,name,label::Dansk (da),label::English (en),score
tilfredshed,1,Utilfreds,Dissatisfied,1
tilfredshed,2,Tilfreds,Satisfied,2
"""


class Secrecy(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()
        self.birk = self.federation.join("Birk", "kindergarten")
        self.school = self.federation.join("Søndre Skole", "school")
        self.other = self.federation.join("Egely", "kindergarten")
        self.all = (self.nordby, self.birk, self.school, self.other)

    def file(self, name, text):
        """A user's file; it lies outside the sites' folders."""
        path = os.path.join(self.federation.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def nowhere(self, text, sites):
        for site in self.all:  # what is no secret is found this way
            self.assertNotEqual(site.files_with("Nordby"), [], f"at {site.name}")
        for site in sites:
            self.assertEqual(site.files_with(text), [], f"at {site.name}")

    def nowhere_running_nor_killed(self, text, sites):
        self.nowhere(text, sites)
        for site in sites:
            site.kill()
        self.nowhere(text, sites)
        for site in sites:
            site.start()
        self.nowhere(text, sites)

    def test_a_childs_name_and_words_are_readable_at_the_two_sites_alone_and_in_the_clear_nowhere(self):
        handover = self.birk.do("handover", "new", "--to", "Søndre Skole", "child_name=" + CHILD,
                                "wishes=@" + self.file("wishes", WISHES))["id"]
        self.nowhere(CHILD, self.all)  # a draft, too
        self.agree_and_send(self.birk, handover)
        self.birk.sync()
        self.assertEqual(self.field(self.school, handover, "child_name")["value"], CHILD)
        self.assertEqual(self.field(self.school, handover, "wishes")["value"], WISHES)
        for text in (CHILD, WISHES):
            for reader in (self.birk, self.school):
                self.assertGreater(reader.do("search", text)["sections"]["hits"], 0)
            for stranger in (self.nordby, self.other):
                self.assertEqual(stranger.do("search", text)["sections"]["hits"], 0)
            self.nowhere_running_nor_killed(text, self.all)

    def test_an_answers_free_text_is_readable_at_the_municipality_alone_and_in_the_clear_nowhere(self):
        closes = (datetime.date.today() + datetime.timedelta(days=14)).isoformat()
        self.nordby.do("survey", "publish", self.file("canary.csv", QUESTIONS), "--choices", self.file("choices.csv", CHOICES),
                       "--title", "Canary", "--closes", closes)
        self.nordby.sync()
        self.birk.sync()
        answers = "q01,q02\n" + "".join(f"{1 + i % 2},{FREE_TEXT if i == 3 else ''}\n" for i in range(8))
        self.birk.do("survey", "import", "canary", self.file("answers.csv", answers))
        self.birk.sync()
        self.assertGreater(self.nordby.do("search", FREE_TEXT)["sections"]["hits"], 0)
        for site in (self.birk, self.school, self.other):
            self.assertEqual(site.do("search", FREE_TEXT)["sections"]["hits"], 0)
        self.nowhere_running_nor_killed(FREE_TEXT, self.all)

    def test_keys_lie_in_files_for_their_user_alone_and_a_crash_leaves_no_core(self):
        for site in self.all:
            self.assertEqual(os.stat(site.home).st_mode & 0o777, 0o700)
            for name in os.listdir(site.home):
                self.assertEqual(os.stat(os.path.join(site.home, name)).st_mode & 0o077, 0, name)
            with open(f"/proc/{site.node.pid}/limits", encoding="ascii") as file:
                core = next(line.split() for line in file if line.startswith("Max core file size"))
            self.assertEqual(core[4:6], ["0", "0"])


if __name__ == "__main__":
    main()
