"""After a restore: what comes back is noticed, and a person's word lets the roster go on when members never all come back."""

import os
import shutil

from federation import Case, main, until


def copy_in_place(source, target):
    """Each file into the file of that name that is there: the database keeps its inode."""
    for name in set(os.listdir(target)) - set(os.listdir(source)):
        os.remove(os.path.join(target, name))
    for name in os.listdir(source):
        if name in ("lock", "control"):
            continue
        with open(os.path.join(source, name), "rb") as old, open(os.path.join(target, name), "wb") as new:
            shutil.copyfileobj(old, new)


class Restore(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()

    def backup(self, site):
        site.stop()
        kept = os.path.join(site.folder, "backup")
        shutil.copytree(site.home, kept, ignore=shutil.ignore_patterns("control"))
        site.start()
        return kept

    def test_the_roster_goes_on_by_a_persons_word_when_a_member_never_comes_back(self):
        birk = self.federation.join("Birk", "kindergarten")
        gone = self.federation.join("Engen", "school")
        until("Engen is there", lambda: self.nordby.standing_of(gone)["complete"])
        gone.kill()
        kept = self.backup(self.nordby)
        self.nordby.stop()
        shutil.copyfile(os.path.join(kept, "replica.db"), os.path.join(self.nordby.home, "replica.db"))
        os.remove(os.path.join(self.nordby.home, "generation"))  # what a backup of the database alone looks like
        self.nordby.start()

        waits = until("Birk has confirmed it", lambda: [item for item in self.nordby.do("waiting")["waiting"]
                                                        if item["kind"] == "roster_unconfirmed" and item["n"] == 1])
        self.assertEqual(waits[0]["command"], ["roster", "show"])
        self.refused("state", self.nordby.do, "member", "invite", "Mosen", "--role", "school")
        shown = self.nordby.do("roster", "show")
        says = {member["name"]: (member["says"], member["since_start"]) for member in shown["members"]}
        self.assertEqual(says["Birk"], ("same", True))
        self.assertFalse(says["Engen"][1])
        self.assertEqual((shown["restored"], shown["confirmed"], shown["missing"]), (True, False, 1))

        self.refused("usage", self.nordby.do, "roster", "confirm")
        confirmed = self.nordby.do("roster", "confirm", "--note", "Engen has closed")
        self.assertTrue(confirmed["confirmed"])
        self.assertEqual(self.nordby.do("waiting")["waiting"][0]["kind"], "incidents")
        noted = [item["text"] for item in self.nordby.do("quarantine", "list")["items"] if item["kind"] == "incident"]
        self.assertTrue(any("Jonas, Nordby: Engen has closed" in text for text in noted), noted)
        self.assertEqual(self.federation.join("Mosen", "school").status()["member"]["name"], "Mosen")
        until("Birk knows it", lambda: "Mosen" in [member["name"] for member in birk.do("member", "list")["members"]])

    def test_a_roster_that_nobody_can_bring_back_over_the_network_is_carried_by_hand(self):
        kept = self.backup(self.nordby)  # before anybody joined
        birk = self.federation.join("Birk", "kindergarten")
        until("Birk is there", lambda: birk.standing_of(self.nordby)["complete"])
        self.nordby.stop()
        copy_in_place(kept, self.nordby.home)
        os.remove(os.path.join(self.nordby.home, "generation"))
        self.nordby.start()
        self.refused("state", self.nordby.do, "member", "invite", "Mosen", "--role", "school")
        path = os.path.join(self.federation.folder, "roster.txt")
        with open(path, "w", encoding="ascii") as file:
            file.write(birk.do("roster", "export")["roster"] + "\n")
        self.assertEqual(self.nordby.do("roster", "import", path)["new"], 1)
        until("Birk is let in, and says the same", lambda: self.nordby.do("roster", "show")["missing"] == 0)
        self.refused("state", self.nordby.do, "member", "invite", "Mosen", "--role", "school")
        self.assertTrue(self.nordby.do("roster", "confirm", "--note", "all have said the same")["confirmed"])
        self.federation.join("Mosen", "school")
        until("Birk is in step", lambda: birk.standing_of(self.nordby)["in_sync"])

    def test_what_a_home_that_was_put_back_had_written_comes_back(self):
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Engen", "school")
        handover = self.handover(birk, school)
        birk.sync()
        kept = self.backup(birk)
        birk.do("handover", "edit", handover, "likes=trains")
        self.agree_and_send(birk, handover)
        birk.sync()
        birk.stop()
        copy_in_place(kept, birk.home)  # database and token, in the same boot: only ctimes tell
        birk.start()
        until("it has what it wrote again", lambda: self.field(birk, handover, "likes")["value"] == "trains")
        texts = [item["text"] for item in birk.do("quarantine", "list")["items"] if item["kind"] == "incident"]
        self.assertTrue(any("came back" in text for text in texts), texts)
        birk.do("handover", "edit", handover, "good_at=climbing")
        self.agree_and_send(birk, handover)
        until("Engen has it", lambda: self.field(school, handover, "good_at")["value"] == "climbing")
        self.assertEqual(birk.status()["log"]["forked"], 0)
        self.assertEqual(school.status()["log"]["forked"], 0)


if __name__ == "__main__":
    main()
