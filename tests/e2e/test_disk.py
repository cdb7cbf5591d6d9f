"""Full disks, and databases of other schemas. A disk is filled in two ways: by a limit on the size of files, which anybody can
set, and, for root, by a small file system of its own."""

import os
import resource
import shutil
import sqlite3
import subprocess
import unittest

from federation import Case, NOT_YET, Refused, main, until

DISK_SIZE = 24 << 20
CHUNK = 1 << 16


class LimitedFiles:
    """No file of the site's node may grow any more."""

    errors = ("io", "disk_full")  # what SQLite calls it

    def prepare(self, site):
        pass

    def fill(self, site):
        self.before = resource.prlimit(site.node.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(site.node.pid, resource.RLIMIT_FSIZE, (4096, self.before[1]))

    def make_room(self, site):
        if site.node:  # else the limit has died with the process
            resource.prlimit(site.node.pid, resource.RLIMIT_FSIZE, self.before)


class SmallFileSystem:
    """The site's folder is a file system of its own, with a file that takes all the room there is."""

    errors = ("disk_full",)

    def prepare(self, site):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=700", "stafet-e2e", site.folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", site.folder], check=True)
        os.mkdir(site.temp)

    def fill(self, site):
        with open(os.path.join(site.folder, "filler"), "wb", buffering=0) as file:
            size = CHUNK
            while size > 0:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2

    def make_room(self, site):
        os.unlink(os.path.join(site.folder, "filler"))


class FullDisk:
    def setUp(self):
        super().setUp()
        self.small = None
        make = self.federation._site

        def site(name, listens):
            made = make(name, listens)
            if name == self.small_name:
                self.prepare(made)
                self.small = made
            return made

        self.federation._site = site

    def found(self, small_name):
        self.small_name = small_name
        self.nordby = self.federation.found()
        self.birk = self.federation.join("Birk", "kindergarten")
        self.school = self.federation.join("Søndre Skole", "school")
        self.written = self.handover(self.birk, self.school, likes="dens")
        self.birk.sync()

    def not_kept(self, site):
        return next((item for item in site.do("waiting")["waiting"] if item["kind"] == "not_kept"), None)

    def all_is_well(self, likes):
        self.birk.sync(wait_s=90)
        self.assertEqual(self.field(self.school, self.written, "likes")["value"], likes)
        for site in (self.nordby, self.birk, self.school):
            self.assertTrue(site.do("verify")["sound"])

    def test_a_writer_whose_disk_is_full_says_so_and_goes_on_when_there_is_room(self):
        self.found("Birk")
        self.fill(self.birk)
        with self.assertRaises(Refused) as caught:
            for number in range(200):  # what is left in the last pages is soon used up
                self.birk.do("handover", "edit", self.written, f"likes={number} " + "x" * 7000)
        self.assertIn(caught.exception.error["error"], self.errors)
        self.assertEqual(caught.exception.code, 1)
        self.assertIsNone(self.birk.node.poll())
        self.assertEqual([one["id"] for one in self.birk.do("handover", "list")["handovers"]], [self.written])
        self.make_room(self.birk)
        self.birk.do("handover", "edit", self.written, "likes=trains")
        self.agree_and_send(self.birk, self.written)
        self.all_is_well("trains")

    def test_a_relay_whose_disk_is_full_is_never_taken_for_level_and_gets_the_rest_when_there_is_room(self):
        self.found("Nordby")
        self.fill(self.nordby)
        for number in range(60):
            self.birk.do("handover", "edit", self.written, f"likes={number} " + "x" * 7000, "good_at=" + "y" * 7000)
            self.agree_and_send(self.birk, self.written)
        self.assertEqual(self.birk.run("sync", "--wait", "3s").returncode, NOT_YET)
        self.assertFalse(self.birk.status()["in_sync"])
        self.assertIsNone(self.nordby.node.poll())
        self.assertIn(self.not_kept(self.nordby)["error"], self.errors)
        self.make_room(self.nordby)
        self.all_is_well("59 " + "x" * 7000)
        until("it is all kept", lambda: self.not_kept(self.nordby) is None)

    def test_a_node_killed_on_a_full_disk_has_lost_nothing(self):
        self.found("Nordby")
        self.fill(self.nordby)
        for number in range(60):
            self.birk.do("handover", "edit", self.written, f"likes={number} " + "x" * 7000, "good_at=" + "y" * 7000)
            self.agree_and_send(self.birk, self.written)
        self.assertEqual(self.birk.run("sync", "--wait", "1s").returncode, NOT_YET)
        self.nordby.kill()
        self.make_room(self.nordby)
        self.nordby.start()
        self.all_is_well("59 " + "x" * 7000)


class FileSizeLimit(LimitedFiles, FullDisk, Case):
    pass


@unittest.skipUnless(os.geteuid() == 0, "only root can mount a small file system")
class FullFileSystem(SmallFileSystem, FullDisk, Case):
    pass


class OtherSchema(Case):
    def setUp(self):
        super().setUp()
        self.nordby = self.federation.found()
        self.school = self.federation.join("Søndre Skole", "school")
        self.birk = self.federation.join("Birk", "kindergarten")
        self.birk.sync()
        self.birk.stop()
        self.replica = os.path.join(self.birk.home, "replica.db")

    def change(self, *statements):
        with sqlite3.connect(self.replica, isolation_level=None) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    def ask(self, question):
        database = sqlite3.connect(self.replica)
        try:
            return database.execute(question).fetchall()
        finally:
            database.close()

    def version(self):
        return self.ask("PRAGMA user_version")[0][0]

    def columns_of(self, kept):
        """What gives the tables the columns that they have in `kept`, empty where they are gone."""
        asked = "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        old, new = ({row[:2]: row[2] for row in rows} for rows in (kept.execute(asked), self.ask(asked)))
        tables = {table for table, _ in old}
        return [f'ALTER TABLE "{table}" DROP COLUMN "{name}"' for table, name in new if table in tables and (table, name) not in old] + [
            f'ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}' for (table, name), kind in old.items() if (table, name) not in new]

    def back_to(self, version):
        """Takes away what the later steps have brought, as the first step's program would have left it."""
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "store", "migrations")
        kept = sqlite3.connect(":memory:")
        for step in sorted(os.listdir(folder))[:version]:
            with open(os.path.join(folder, step), encoding="utf-8") as file:
                kept.executescript(file.read())
        names = {name for (name,) in kept.execute("SELECT name FROM sqlite_schema")}
        later = [row for row in self.ask("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
                 if row[1] not in names]
        order = {"trigger": 0, "view": 1, "index": 2, "table": 3}
        self.change("PRAGMA foreign_keys = OFF",
                    *(f'DROP {kind} "{name}"' for kind, name in sorted(later, key=lambda row: order[row[0]])),
                    *self.columns_of(kept),
                    f"PRAGMA user_version = {version}")
        kept.close()

    def test_a_database_of_the_first_schema_is_brought_up_and_goes_on(self):
        newest = self.version()
        self.assertGreater(newest, 1)
        self.back_to(1)
        self.assertEqual(self.version(), 1)
        self.birk.start()
        handover = self.handover(self.birk, self.school, likes="dens")
        self.birk.sync()
        self.assertEqual(self.field(self.school, handover, "likes")["value"], "dens")
        self.assertTrue(self.birk.do("verify")["sound"])
        self.birk.stop()
        self.assertEqual(self.version(), newest)

    def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(self):
        self.change("PRAGMA user_version = 999")
        before = os.path.join(self.birk.temp, "before.db")
        shutil.copy(self.replica, before)
        with self.assertRaisesRegex(AssertionError, "did not start"):
            self.birk.start()
        self.assertTrue(any("schema" in line for line in self.birk.log), self.birk.log)
        self.birk.node = None
        self.refused("schema", self.birk.do, "status")
        with open(before, "rb") as old, open(self.replica, "rb") as new:
            self.assertEqual(old.read(), new.read())

    def test_a_damaged_database_is_refused_with_a_sentence(self):
        with open(self.replica, "r+b") as file:
            file.write(os.urandom(4096))
        self.refused("corrupt", self.birk.do, "status")


if __name__ == "__main__":
    main()
