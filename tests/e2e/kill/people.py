"""The people at the sites: they write all the time, repeat what nobody knows to be done, and note in the journal what was
acknowledged. Each value begins with a word of its own, so that it is found again wherever it ends up."""

import datetime
import hashlib
import json
import os
import threading

from ask import Request, by_command, by_socket
from world import Down, Lost, Refusal

SAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "deploy", "samples")
TODAY = datetime.date.today()
CLOSES = (TODAY + datetime.timedelta(days=30)).isoformat()

OWNER_FIELDS = ("likes", "good_at", "wishes", "parents_view", "parents_wishes", "parents_worries", "language", "social", "body",
                "curiosity", "support")
RECEIVER_FIELDS = ("teacher", "reception")
SHARED_FIELDS = ("first_day", "visits", "contact", "plan_notes")
LINES = ("teacher", "first_day", "contact")
BULK_SIZE = 7800  # of a field
FORMS_IN_HAND = 12  # so many handovers are written in at a time
FORMS_ON_THE_TABLE = 3  # and of a kindergarten's first so many both sites plan the start, again and again
QUESTIONS, TEXT_QUESTION, CHOICES = 13, 12, 6  # of the sample
PAUSE_S = 0.03
OFFLINE_AFTER_S = 0.05  # a site whose node is dead for so long works on with the CLI


class Stopped(Exception):
    """Something has failed elsewhere."""


class Form:
    """A handover as one of its writers knows it."""

    def __init__(self, id):
        self.id = id
        self.drafts = {}
        self.sent = {}  # the last of each field that only this site may write


class Person(threading.Thread):
    """Works at one site until the world stops, and then finishes what is begun."""

    acts = ()  # (weight, method)

    def __init__(self, site):
        super().__init__(name=f"person at {site.name}", daemon=True)
        self.site = site
        self.world = site.world
        self.chance = self.world.chance("person", site.name)
        self.number = 0
        self.forms = {}
        self.lives_seen = 0

    def run(self):
        try:
            while not self.world.stopping.is_set():
                self.work()
                self.world.stopping.wait(self.chance.uniform(0, PAUSE_S))
        except Stopped:
            pass
        except Exception as error:  # whatever it is, the test has failed
            self.world.fail(f"{self.name}: {type(error).__name__}: {error}")

    def work(self):
        if self.lives_seen != self.site.lives and self.site.is_ready():
            self.lives_seen = self.site.lives
            self.look_again()
        acts = [act for _, act in self.acts]
        act = self.chance.choices(acts, [weight for weight, _ in self.acts])[0]
        if self.world.bulk_for not in (None, self.site) and self.chance.random() < 0.8:
            act = type(self).write_much
        act(self)

    def write_much(self):
        """For somebody who shall have much to fetch. Not everybody can."""

    def look_again(self):
        """After a new start: is what was acknowledged before still there?"""

    def word(self):
        self.number += 1
        return f"{self.site.name.lower()}-{self.number}."

    def value(self, field, size=None):
        size = size or int(min(3000, self.chance.expovariate(1 / 150)))
        return self.word() + ("" if field in LINES else " " + "x" * size)

    # ---- Asking ----

    def way(self):
        """How to ask now."""
        if self.site.is_ready():
            return "command" if self.chance.random() < 0.06 else "socket"
        if self.site.dead.is_set() and not self.world.quiet.is_set():
            self.site.ready.wait(OFFLINE_AFTER_S)
            return "offline" if self.site.dead.is_set() else "wait"
        return "wait"

    def ask_once(self, request):
        way = self.way()
        if way == "wait":
            self.site.ready.wait(0.2)
            raise Down
        if way == "socket":
            return self.ask_node(request)
        kill_after_s = self.chance.uniform(0.02, 0.4) if way == "offline" and self.chance.random() < 0.15 else None
        try:
            document = by_command(self.site, request.words(), kill_after_s)
        except Lost:
            self.site.ends += 1
            self.world.count("commands killed" if kill_after_s is not None else "commands whose node died")
            raise
        if request.writes:
            self.world.count("writes by the command line")
            if way == "offline":
                self.site.writes_unsent += 1
                self.world.count("writes without a node")
        return document

    def ask_node(self, request):
        """By the socket; and the node dies if the killer wants it to, while it works or as soon as it has answered."""
        timer = None
        after_s = self.site.kill_in_write if request.writes else None
        if after_s is not None:
            self.site.kill_in_write = None
            timer = threading.Timer(after_s, self.site.kill_now, ("within a write",))

        def answered():
            if request.writes and self.site.kill_at_ack:
                self.site.kill_now("right after an acknowledgement")

        try:
            return by_socket(self.site, request, sent=timer.start if timer else lambda: None, answered=answered)
        except Lost:
            if request.writes:
                self.world.count("writes whose outcome nobody knew")
            raise
        except Down:
            self.site.check_alive()
            raise
        finally:
            if timer:
                timer.join()

    def ask(self, *request, done=lambda: None, **options):
        """Until it is answered. `done` is asked, when nobody knows whether it has happened, for the document it would have had."""
        request = Request(*request, **options)
        lost = False
        while not self.world.failures:
            try:
                if lost and (document := done()) is not None:
                    return document
                return self.ask_once(request)
            except Lost:
                lost = True
            except Down:
                pass
            except Refusal as refusal:
                if lost and (document := done()) is not None:
                    return document
                raise
        raise Stopped

    def see(self, *request, **options):
        return self.ask(*request, writes=False, **options)

    def show(self, id):
        shown = self.see("handover", "show", [("id", id)])
        return shown, {field["field"]: field for part in shown["parts"] for field in part["fields"]}

    # ---- What both ends of a handover do ----

    def edit(self, form, fields):
        try:
            self.ask("handover", "edit", [("id", form.id)], fields=fields)
        except Refusal as refusal:
            if refusal.error != "state" or not set(fields) & set(SHARED_FIELDS):
                raise
            return  # a field in conflict is settled first, not written over
        self.note_drafts(form, fields)

    def note_drafts(self, form, fields):
        form.drafts |= fields
        self.world.journal.add("draft", self.site, handover=form.id, values={name: text[:40] for name, text in fields.items()})

    def note_sent(self, form):
        for field, value in form.drafts.items():
            if field not in SHARED_FIELDS:
                form.sent[field] = value
            self.world.journal.add("sent", self.site, handover=form.id, field=field, word=value.split(" ")[0], size=len(value))
            self.site.bulk_bytes += len(value)
            self.world.count("values sent")
        form.drafts = {}

    def send(self, form, before=lambda: None):
        """`before` each try: what has to be recorded first."""
        for _ in range(20):
            lost = False
            try:
                before()
                self.ask("handover", "send", [("id", form.id)])
            except Refusal as refusal:
                if refusal.error not in ("state", "stale"):
                    raise
                lost = True
            if not lost or self.see("handover", "show", [("id", form.id)])["unsent"] == 0:
                self.note_sent(form)
                return
        raise AssertionError(f"{form.id} can't be sent")

    def resolve(self):
        conflicts = self.see("conflict", "list")["conflicts"]
        if not conflicts:
            return
        self.world.count("conflicts seen")
        one = self.chance.choice(conflicts)
        note = self.word()
        try:
            self.see("conflict", "show", [("id", one["id"])])
            self.ask("conflict", "resolve", [("id", one["id"])], take=self.chance.choice(("1", "2")), note=note,
                     done=lambda: self.find_note(one["record"], note))
        except Refusal as refusal:
            if refusal.error not in ("stale", "not_found"):
                raise
            return
        self.world.journal.add("resolved", self.site, handover=one["record"], field="settled", word=f"{one['field']}: {note}")
        self.world.count("conflicts settled")

    def find_note(self, handover, note):
        _, fields = self.show(handover)
        return {} if note in (fields["settled"]["value"] or "") else None

    def look_again(self):
        forms = list(self.forms.values())[-FORMS_IN_HAND:]
        if not forms:
            return
        form = self.chance.choice(forms)
        _, fields = self.show(form.id)
        for name, value in form.drafts.items():
            if fields[name]["draft"] != value:
                self.world.fail(f"{self.site.name} has lost a draft of {name} in {form.id}: {value[:40]} is {fields[name]['draft']}")
        for name, value in form.sent.items():
            if fields[name]["value"] != value:
                self.world.fail(f"{self.site.name} has lost {name} in {form.id}: {value[:40]} is {fields[name]['value']}")
        self.world.count("looks after a new start")

    def in_hand(self):
        return list(self.forms.values())[-FORMS_IN_HAND:]


class Kindergarten(Person):
    def __init__(self, site, school):
        super().__init__(site)
        self.school = school
        self.acts = ((3, Kindergarten.begin), (10, Kindergarten.write), (8, Kindergarten.hand_over), (4, Kindergarten.plan),
                     (2, Person.resolve), (3, Kindergarten.import_answers))
        self.handed_in = []

    def find_child(self, child):
        return next((one for one in self.see("handover", "list")["handovers"] if one["child"] == child), None)

    def begin(self, fields=None):
        child = self.word()
        fields = {"child_name": child} | (fields or {"likes": self.value("likes"), "first_day": self.value("first_day")})
        try:
            made = self.ask("handover", "new", to=self.school.name, fields=fields, done=lambda: self.find_child(child))
        except Refusal as refusal:
            if refusal.error != "not_found" or self.forms:
                raise
            return None  # the school's entry has not arrived yet
        form = self.forms[made["id"]] = Form(made["id"])
        self.note_drafts(form, fields)
        return form

    def write(self):
        if self.forms:
            form = self.chance.choice(self.in_hand())
            self.edit(form, {name: self.value(name) for name in self.chance.sample(OWNER_FIELDS, self.chance.randint(1, 3))})

    def plan(self):
        """What the school plans too, and so what they disagree on."""
        sent = [form for form in list(self.forms.values())[:FORMS_ON_THE_TABLE] if form.sent]
        if sent:
            form = self.chance.choice(sent)
            self.edit(form, {name: self.value(name) for name in self.chance.sample(SHARED_FIELDS, 2)})
            self.hand_over(form)

    def hand_over(self, form=None):
        waiting = [one for one in ([form] if form else self.in_hand()) if one.drafts]
        if waiting:
            form = self.chance.choice(waiting)
            self.send(form, before=lambda: self.agree(form))

    def agree(self, form):
        self.ask("handover", "agree", [("id", form.id)], by="both", on=TODAY.isoformat())

    def write_much(self):
        form = self.begin({field: self.value(field, BULK_SIZE) for field in OWNER_FIELDS})
        if form:
            self.hand_over(form)
            self.world.count("large handovers")

    # ---- Answers ----

    def import_answers(self):
        surveys = [survey["code"] for survey in self.see("survey", "list")["surveys"] if survey["state"] == "open"]
        if not surveys:
            return
        code = self.chance.choice(surveys)
        rows = [[self.chance.randint(1, CHOICES) for _ in range(TEXT_QUESTION)] + [self.word()]
                for _ in range(self.chance.randint(5, 12))]
        text = json.dumps({"answers": rows, "digest": hashlib.blake2b(json.dumps(rows).encode(), digest_size=32).hexdigest()})
        request = Request("survey", "import", [("survey", code)], file=text)
        while not self.world.failures:  # by the socket alone: the CLI would make another digest of the same answers
            try:
                if self.world.quiet.is_set() or self.site.is_ready():
                    self.ask_node(request)
                    break
            except Refusal as refusal:
                if refusal.error == "key" and not self.handed_in:
                    return  # who may read answers has not arrived yet
                if refusal.error != "exists":
                    raise
                break
            except (Lost, Down):
                pass
            self.site.ready.wait(0.1)
        else:
            raise Stopped
        self.handed_in.append(code)
        self.world.journal.add("imported", self.site, survey=code, answers=len(rows))
        self.world.count("imports")


class School(Person):
    def __init__(self, site):
        super().__init__(site)
        self.acts = ((2, School.fetch), (6, School.write), (6, School.reply), (4, School.plan), (3, School.accept), (2, Person.resolve))

    def fetch(self):
        for one in self.see("handover", "list")["handovers"]:
            if one["end"] == "receiver" and one["id"] not in self.forms:
                self.forms[one["id"]] = Form(one["id"])

    def write(self):
        if self.forms:
            form = self.chance.choice(self.in_hand())
            self.edit(form, {name: self.value(name) for name in RECEIVER_FIELDS})

    def plan(self):
        """The other side of Kindergarten.plan."""
        if self.forms:
            form = self.chance.choice(list(self.forms.values())[:FORMS_ON_THE_TABLE])
            self.edit(form, {name: self.value(name) for name in self.chance.sample(SHARED_FIELDS, 2)})
            if form.drafts:
                self.send(form)

    def reply(self):
        waiting = [one for one in self.in_hand() if one.drafts]
        if waiting:
            self.send(self.chance.choice(waiting))

    def accept(self):
        if not self.forms:
            return
        form = self.chance.choice(self.in_hand())
        if form.drafts:
            return
        shown, _ = self.show(form.id)
        try:
            self.ask("handover", "accept", [("id", form.id)], revision=shown["revision"])
        except Refusal as refusal:
            if refusal.error != "stale":
                raise
            return
        self.world.journal.add("accepted", self.site, handover=form.id, field="accepted_revision", word=shown["revision"][:40])
        self.world.count("handovers accepted")


class Municipality(Person):
    PERIOD_S = 1.5

    def __init__(self, site):
        super().__init__(site)
        self.acts = ((2, Municipality.publish), (1, Municipality.invite), (6, Municipality.look))
        self.surveys = []

    def work(self):
        super().work()
        self.world.stopping.wait(self.chance.uniform(0, self.PERIOD_S))

    def publish(self):
        code = f"s{len(self.surveys) + 1}"
        # A file is read by the CLI, so it is always asked.
        words = ["survey", "publish", os.path.join(SAMPLES, "trivsel26.csv"), "--choices",
                 os.path.join(SAMPLES, "trivsel26-choices.csv"), "--code", code, "--title", f"Survey {code}", "--closes", CLOSES]
        while not self.world.failures:
            try:
                by_command(self.site, words)
                break
            except Refusal as refusal:
                if refusal.error != "exists":
                    raise
                break
            except (Lost, Down):
                pass
        else:
            raise Stopped
        self.surveys.append(code)
        self.world.journal.add("published", self.site, survey=code)
        self.world.count("surveys")

    def invite(self):
        name = f"Guest {self.number}"
        self.number += 1
        try:
            self.ask("member", "invite", [("name", name)], role="kindergarten")
        except Refusal as refusal:
            if refusal.error == "state":  # killed, and no member has reported the roster's tip since
                self.world.count("tickets that had to wait for a member")
                return
            if refusal.error != "exists":
                raise
        self.world.journal.add("invited", self.site, name=name)
        self.world.count("tickets")

    def look(self):
        self.see("survey", "list")
        self.see("status", "")

    def look_again(self):
        if self.surveys:
            shown = {survey["code"] for survey in self.see("survey", "list")["surveys"]}
            missing = set(self.surveys) - shown
            if missing:
                self.world.fail(f"{self.site.name} has lost the surveys {missing}")
            self.world.count("looks after a new start")
