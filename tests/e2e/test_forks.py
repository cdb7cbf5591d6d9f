"""Forks: a node that went on from an old copy has signed two entries under one number. Everybody who may hold its log learns it, the
values of both branches can be read, and the author goes on in a new log."""

import os
import shutil

from federation import Case, hide_restore, main, until


class Forks(Case):
    def fork(self):
        """Birk's whole machine is put back, and goes on before it hears from anybody."""
        nordby = self.federation.found()
        birk = self.federation.join("Birk", "kindergarten")
        school = self.federation.join("Engen", "school")
        handover = self.handover(birk, school)
        birk.sync()
        birk.stop()
        kept = os.path.join(birk.folder, "kept")
        shutil.copytree(birk.home, kept, ignore=shutil.ignore_patterns("control", "lock"))
        birk.start()
        birk.do("handover", "edit", handover, "likes=trains")
        self.agree_and_send(birk, handover)
        birk.sync()
        birk.stop()
        for name in ("replica.db-wal", "replica.db-shm"):
            if os.path.exists(os.path.join(birk.home, name)):
                os.remove(os.path.join(birk.home, name))
        for name in os.listdir(kept):
            with open(os.path.join(kept, name), "rb") as old, open(os.path.join(birk.home, name), "wb") as new:
                shutil.copyfileobj(old, new)
        hide_restore(birk.home)
        birk.do("handover", "edit", handover, "likes=boats")
        self.agree_and_send(birk, handover)
        birk.start()
        return nordby, birk, school, handover

    def branch(self, site):
        """What stands on the branch that the site keeps aside, by field."""
        for item in site.do("quarantine", "list")["items"]:
            if item["kind"] == "fork" and item["bytes"] > 0:
                shown = site.do("quarantine", "show", str(item["number"]))
                writes = [write for entry in shown["entries"] for write in entry["writes"]]
                if any(write["field"] == "likes" for write in writes):
                    return shown, {write["field"]: write for write in writes}
        return None

    def test_everybody_learns_of_a_fork_and_both_branches_can_be_read(self):
        nordby, birk, school, handover = self.fork()
        for site in (nordby, birk, school):
            until(f"{site.name} knows the fork", lambda: site.status()["log"]["forked"] > 0)
            self.assertFalse(site.status()["in_sync"])
            verified = site.do("verify")
            self.assertTrue(verified["sound"])
            self.assertGreater(verified["forked"], 0)
            self.assertIn("incidents", [item["kind"] for item in site.do("waiting")["waiting"]])
        shown, writes = until("Birk has what it lost", lambda: self.branch(birk))
        self.assertEqual((writes["likes"]["value"], writes["likes"]["here"]), ("trains", False))
        self.assertGreater(shown["lost"], 0)
        # Engen meets Nordby alone, whose branch is its own: it knows of the other, and where it is not.
        forks = until("it is shown at Engen", lambda: [
            item for item in school.do("quarantine", "list")["items"] if item["kind"] == "fork"])
        self.assertEqual((forks[0]["bytes"], forks[0]["author"]["name"]), (0, "Birk"))
        self.assertIn("not here", forks[0]["text"])
        self.refused("quota", school.do, "quarantine", "show", str(forks[0]["number"]))
        self.assertEqual(self.field(birk, handover, "likes")["value"], "boats")
        self.refused("not_found", birk.do, "quarantine", "show", "4711")

        # The municipality carries it and can't read it.
        sealed = until("Nordby keeps it aside too", lambda: [
            item for item in nordby.do("quarantine", "list")["items"] if item["kind"] == "fork" and item["bytes"] > 0])
        entries = nordby.do("quarantine", "show", str(sealed[0]["number"]))["entries"]
        self.assertTrue(all(entry["unread"] == "denied" and not entry["writes"] for entry in entries), entries)

        # Somebody writes again what was lost; it travels in a new log, and the two agree.
        birk.do("handover", "edit", handover, "likes=trains and boats")
        self.agree_and_send(birk, handover)
        until("Engen has it", lambda: self.field(school, handover, "likes")["value"] == "trains and boats"
              or "trains and boats" in str(school.do("handover", "show", handover)))


if __name__ == "__main__":
    main()
