"""What must hold when all is quiet again: nothing acknowledged is lost, nothing is there twice, and all who may hold something hold
the same."""

import json
import os
import shutil
import subprocess

from federation import until
from people import SHARED_FIELDS, School
from world import HOLDINGS, from_base32

ROSTER, NOTICE, ANSWERS, HANDOVER = 1, 2, 3, 4
SETTLE_S = 150
RECORD_BEGINS = 12  # a record's text spells its last ten bytes, so what stands after so many hexadecimal digits


def settle(world):
    """Until everybody has all and says so."""
    def one_round():
        for site in world.sites:
            site.check_alive()
            site.run("sync", "--wait", "20s")
        return all(site.status()["in_sync"] for site in world.sites)

    until("all are in sync", one_round, SETTLE_S)


class Checks:
    def __init__(self, world, people):
        self.world = world
        self.people = people
        self.problems = []
        self.compared = {"values": 0, "drafts": 0, "feeds": 0, "records": 0, "answers": 0, "incarnations": 0}

    def wrong(self, text):
        self.problems.append(text)

    def expect(self, holds, text):
        if not holds:
            self.wrong(text)

    # ---- As the nodes say themselves ----

    def ask_all(self):
        for person in self.people:
            self.check_drafts(person)
        settle(self.world)  # a receiver that looks at a form notes that it has read it
        self.digests = {}
        for site in self.world.sites:
            log = site.status()["log"]
            self.expect(not any(log.values()), f"{site.name}'s status says {log}")
            items = site.do("quarantine", "list")["items"]
            self.expect(items == [], f"{site.name}'s quarantine holds {items[:3]}")
            verified = site.do("verify")
            self.expect(verified["sound"], f"verify at {site.name}: {verified['findings'][:3]}")
            self.digests[site.name] = from_base32(verified["digest"])
            for feed in site.do("log", "list", "--limit", "1")["feeds"]:
                self.expect(feed["confirmed"] or feed["author"]["name"] != site.name,
                            f"{site.name} may not continue its own {feed['channel']} feed")
        self.check_answers()
        self.check_invitations()

    def check_drafts(self, person):
        for form in person.forms.values():
            if not form.drafts:
                continue
            fields = {field["field"]: field
                      for part in person.site.do("handover", "show", form.id)["parts"] for field in part["fields"]}
            for name, value in form.drafts.items():
                self.compared["drafts"] += 1
                self.expect(fields[name]["draft"] == value, f"{person.site.name} has lost the draft {value[:30]} of {form.id}")

    def check_answers(self):
        imported = {}
        for entry in self.world.journal.of("imported"):
            key = (entry["survey"], entry["site"])
            imported.setdefault(key, []).append(entry["answers"])
        municipality = self.world.sites[0]
        for survey in {entry["survey"] for entry in self.world.journal.of("published")}:
            for site in municipality.do("survey", "status", survey)["sites"]:
                expected = imported.pop((survey, site["site"]["name"]), [])
                self.compared["answers"] += sum(expected)
                self.expect((site["imports"], site["answers"] or 0, site["incomplete"]) == (len(expected), sum(expected), 0),
                            f"{site['site']['name']} imported {expected} for {survey}, and the municipality has {site}")
        self.expect(not imported, f"the municipality has nothing of {imported}")

    def check_invitations(self):
        invited = {one["name"] for one in self.world.sites[0].do("member", "list")["invitations"]}
        for entry in self.world.journal.of("invited"):
            self.expect(entry["name"] in invited, f"the ticket for {entry['name']} is gone")

    # ---- As the replicas are ----

    def open_all(self):
        """Copies of the stopped homes, and what they hold."""
        self.held = {}
        for site in self.world.sites:
            copy = os.path.join(site.folder, "copy")
            shutil.copytree(site.home, copy, ignore=lambda folder, names: [name for name in names if name == "control"])
            found = site.look_into("PRAGMA integrity_check")
            self.expect(found == [("ok",)], f"the replica of {site.name} is damaged: {found}")
            result = subprocess.run([HOLDINGS, copy], capture_output=True, check=False)
            self.expect(result.returncode == 0, f"the replica of {site.name} can't be read: {result.stderr[-2000:]}")
            self.held[site.name] = json.loads(result.stdout)
            shutil.rmtree(copy)

    def compare_all(self):
        held = self.held
        for name, one in held.items():
            self.expect(one["digest"] == self.digests[name], f"{name}'s copy has another digest than verify said")
            self.expect(not one["restored"], f"{name} takes itself for restored")
        self.compare_feeds()
        self.compare_records()
        self.find_values()

    def may_hold(self, site, feed):
        member = self.held[site.name]["member"]
        if feed["kind"] in (ROSTER, NOTICE) or feed["author"] == member or site is self.world.sites[0]:
            return True
        return feed["kind"] == HANDOVER and member in feed["parties"]

    def reads(self, site, feed):
        member = self.held[site.name]["member"]
        if feed["kind"] in (ROSTER, NOTICE):
            return True
        return site is self.world.sites[0] if feed["kind"] == ANSWERS else member in feed["parties"]

    def compare_feeds(self):
        first = {}
        for one in self.held.values():
            for feed in one["feeds"]:
                first.setdefault(feed["feed"], feed)
        lives = {}
        for feed in first.values():
            lives.setdefault((feed["channel"], feed["author"]), []).append(feed["feed"])
        ends = {self.held[site.name]["member"]: site.ends for site in self.world.sites}
        for (channel, author), feeds in lives.items():
            most = 1 if first[feeds[0]]["kind"] == ROSTER else 1 + ends[author]
            self.expect(len(feeds) <= most, f"{author[:8]} has {len(feeds)} incarnations in channel {channel[:8]}")
            self.compared["incarnations"] += len(feeds)
        for id, feed in first.items():
            judged = set()
            for site in self.world.sites:
                here = next((one for one in self.held[site.name]["feeds"] if one["feed"] == id), None)
                if not self.may_hold(site, feed):
                    self.expect(here is None, f"{site.name} holds feed {id[:8]} of kind {feed['kind']}, which it may not")
                    continue
                self.compared["feeds"] += 1
                self.expect(here is not None and (here["head"], here["ids"]) == (feed["head"], feed["ids"]),
                            f"{site.name} has another feed {id[:8]} of kind {feed['kind']}: {here} and not {feed}")
                if here is None:
                    continue
                self.expect(not here["forked"] and here["voided"] == 0, f"{site.name}'s feed {id[:8]}: {here}")
                if self.reads(site, feed):
                    self.expect(here["waiting"] == 0, f"{here['waiting']} entries wait at {site.name}")
                    judged.add(here["judged"])
            self.expect(len(judged) <= 1, f"feed {id[:8]} of kind {feed['kind']} is judged in {len(judged)} ways")

    def compare_records(self):
        places = {}
        for site in self.world.sites:
            for record in self.held[site.name]["records"]:
                places.setdefault(record["record"], {})[site.name] = record
        for id, here in places.items():
            self.compared["records"] += 1
            self.expect(len({json.dumps(record, sort_keys=True) for record in here.values()}) == 1,
                        f"record {id} is not the same at {sorted(here)}")
            survey = next(iter(here.values()))["collection"] == 1
            self.expect(len(here) == (len(self.world.sites) if survey else 2), f"record {id} is at {sorted(here)}")

    # ---- Every acknowledged write ----

    def find_values(self):
        """Each value stands once in the history of its record, under its author, at both parties."""
        versions = {}
        for name, one in self.held.items():
            for record in one["records"]:
                for version in record["versions"]:
                    key = (name, record["record"][RECORD_BEGINS:], version["author"], version["begins"].split(" ")[0])
                    versions.setdefault(key, []).append(version)
        members = {name: one["member"] for name, one in self.held.items()}
        written = [entry for kind in ("sent", "resolved", "accepted") for entry in self.world.journal.of(kind)]
        for entry in written:
            self.find_value(entry, members, versions)
        surveys = {record["record"] for one in self.held.values() for record in one["records"] if record["collection"] == 1}
        self.expect(len(surveys) == len(self.world.journal.of("published")), f"there are {len(surveys)} surveys")

    def find_value(self, entry, members, versions):
        self.compared["values"] += 1
        record, word = from_base32(entry["handover"]), entry["word"].split(" ")[0]
        for name in self.parties(entry):
            found = [version for version in versions.get((name, record, members[entry["site"]], word), [])
                     if entry["kind"] != "resolved" or version["begins"] == entry["word"][:40]]
            again = entry["kind"] == "accepted" or entry["field"] in SHARED_FIELDS  # settling a conflict repeats a value
            right = len(found) >= 1 if again else len(found) == 1
            self.expect(right, f"{entry['site']} wrote {entry['word']} in {entry['handover']}: {name} has {found}")
            if entry["kind"] == "sent" and found:
                self.expect(found[0]["size"] == entry["size"], f"{entry['word']} has another size at {name}: {found}")

    def parties(self, entry):
        school = next(person.site.name for person in self.people if isinstance(person, School))
        if entry["site"] != school:
            return entry["site"], school
        return school, next(person.site.name for person in self.people
                            if entry["handover"] in person.forms and person.site.name != school)
