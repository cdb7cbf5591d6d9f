"""Old copies put back under a real node, in the ways that they are put back: the database alone while the file stays, or the whole
home. What was written before and what is written after must both be there, and no number be signed twice."""

import os
import shutil
import subprocess
import time

from federation import Case, Refused, main, until

CHECKPOINT_S = 20  # store/home.c
BEFORE, AFTER = "before the crash", "after the restore"


class Copies(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()
        self.school = self.federation.join("Søndre Skole", "school", listens=True)
        self.birk = self.federation.join("Birk", "kindergarten")
        self.written = self.handover(self.birk, self.school, likes="dens")
        self.birk.sync()
        self.backup = os.path.join(self.birk.folder, "backup")

    def edit(self, *fields):
        self.birk.do("handover", "edit", self.written, *fields)
        self.agree_and_send(self.birk, self.written)

    def edit_and_deliver(self):
        self.edit(f"likes={BEFORE}", f"first_day={BEFORE}")
        self.birk.sync()
        until("the school has it", lambda: self.field(self.school, self.written, "likes")["value"] == BEFORE)

    def copy_database(self):
        os.mkdir(self.backup)
        for name in ("replica.db", "replica.db-wal"):
            shutil.copyfile(os.path.join(self.birk.home, name), os.path.join(self.backup, name))

    def put_database_back(self):
        """Into the files that are there."""
        for name in ("replica.db", "replica.db-wal"):
            source, target = (os.path.join(folder, name) for folder in (self.backup, self.birk.home))
            shutil.copyfile(source, target)

    def copy_home(self):
        subprocess.run(["cp", "-a", self.birk.home, self.backup], check=True)

    def put_home_back(self):
        subprocess.run(["cp", "-a", self.backup + "/.", self.birk.home], check=True)

    def write_and_see_both(self):
        """An edit before any contact, then the contact."""
        self.edit(f"good_at={AFTER}", f"first_day={AFTER}")
        self.birk.start()
        self.birk.sync(60)
        for site in (self.nordby, self.school, self.birk):
            site.sync(60)
            log = site.status()["log"]
            self.assertEqual((log["forked"], log["void"]), (0, 0), site.name)
            self.assertTrue(site.do("verify")["sound"])
        for site in (self.school, self.birk):
            items = site.do("quarantine", "list")["items"]
            self.assertEqual([item for item in items if item["kind"] == "fork"], [])
            self.assertEqual(self.field(site, self.written, "likes")["value"], BEFORE)
            self.assertEqual(self.field(site, self.written, "good_at")["value"], AFTER)
            found = site.do("conflict", "list")["conflicts"]
            self.assertEqual(len(found), 1, found)
            shown = str(site.do("conflict", "show", found[0]["id"]))
            self.assertIn(BEFORE, shown)
            self.assertIn(AFTER, shown)

    def test_a_database_copied_from_a_running_node_and_put_back_into_its_file_after_a_kill(self):
        self.copy_database()
        self.edit_and_deliver()
        self.birk.kill()
        self.put_database_back()
        self.write_and_see_both()

    def test_a_database_put_back_beside_the_log_of_a_killed_node_waits_for_a_person(self):
        self.birk.stop()
        before = os.path.join(self.birk.temp, "before.db")
        replica, log = (os.path.join(self.birk.home, name) for name in ("replica.db", "replica.db-wal"))
        shutil.copyfile(replica, before)
        self.birk.start()
        self.edit_and_deliver()
        self.birk.kill()
        self.assertGreater(os.path.getsize(log), 0)
        time.sleep(CHECKPOINT_S + 1)
        shutil.copyfile(before, replica)
        for _ in range(2):
            with self.assertRaises(Refused) as caught:
                self.birk.status()
            self.assertEqual(caught.exception.error["error"], "state")
            self.assertIn("replica.db-wal", caught.exception.error["mend"])
        with open(before, "rb") as old, open(replica, "rb") as new:
            self.assertEqual(old.read(), new.read())
        os.rename(log, log + ".before")
        self.write_and_see_both()

    def test_a_whole_home_copied_from_a_stopped_node_and_put_back_in_place(self):
        self.birk.stop()
        self.copy_home()
        self.birk.start()
        self.edit_and_deliver()
        self.birk.stop()
        self.put_home_back()
        self.write_and_see_both()

    def test_a_whole_home_copied_from_a_running_node_and_put_back_after_a_kill(self):
        self.copy_home()
        self.edit_and_deliver()
        self.birk.kill()
        self.put_home_back()
        self.write_and_see_both()

    def test_a_kill_and_a_stop_leave_a_node_with_one_incarnation_once_others_have_answered(self):
        for end in (self.birk.stop, self.birk.kill, self.birk.stop):
            end()
            self.birk.start()
            self.birk.sync()
            until("its feeds are confirmed", lambda: self.birk.status()["log"]["unconfirmed"] == 0)
            self.edit(f"likes=after {end.__name__}")
            self.birk.sync()
        mine = [feed for feed in self.birk.do("log", "list")["feeds"]
                if feed["author"]["name"] == "Birk" and feed["channel"] == "handover"]
        self.assertEqual(len(mine), 1, mine)


if __name__ == "__main__":
    main()
