"""Who kills: one thread a site, each with draws of its own. It also starts the node again, at once or after a while."""

import contextlib
import subprocess
import threading
import time

from ask import Request, by_command, by_socket
from federation import DONE, GIVE_UP_S, NOT_YET
from world import Down, Lost, Refusal, from_base32, stafet_command

MOMENTS = {"at random": 30, "while starting": 22, "right after an acknowledgement": 18, "within a write": 14, "within a transfer": 11,
           "together with all others": 1.5}
WRITE_S_MAX = 2.0  # so long a write is waited for before the node is killed anyway
AWAY_S = ((0, 0), (0, 0), (0, 0), (0, 0.3), (0, 0.6), (0.3, 1.5))  # how long it stays dead
BULK_BYTES = 1_200_000  # more than two runs hold
BULK_S_MAX = 6.0
BACKLOGS_MAX = 40
TRANSFER_S_MAX = 4.0
THOROUGH_EVERY = 10  # kills between two integrity checks of what a dead node left
JOIN_KILLS = 5  # of each who joins, at most
JOIN_S_MAX = 1.2
JOIN_FIRST_S_MAX = 0.05


class Killer(threading.Thread):
    def __init__(self, site, target, life_s, ticket=None, join_after=0):
        super().__init__(name=f"killer of {site.name}", daemon=True)
        self.site = site
        self.world = site.world
        self.target = target
        self.ticket = ticket
        self.life_s = life_s  # of a node that is killed at random, on average
        self.join_after = join_after  # so many kills have to have happened
        self.chance = self.world.chance("killer", site.name)
        self.joined = threading.Event()
        self.heads_at_death = {}
        self.deaths = 0

    def run(self):
        try:
            if self.ticket:
                self.join()
            if self.world.failures:
                return
            self.site.member = from_base32(self.site.status()["member"]["id"])
            self.joined.set()
            while not self.is_over():
                self.live_once()
            if self.site.dead.is_set() and not self.world.failures:
                self.site.start()  # others may still be joining
        except Exception as error:  # whatever it is, the test has failed
            self.world.fail(f"{self.name}: {type(error).__name__}: {error}")

    def is_over(self):
        return self.world.quiet.is_set() or self.world.counts["kills"] >= self.target

    # ---- Joining ----

    def join(self):
        while self.world.counts["kills"] < self.join_after and not self.world.quiet.is_set():
            time.sleep(0.05)
        words = ["join", self.ticket, "--wait", "20s"]
        if self.site.advertised:
            words += ["--listen", self.site.endpoint, "--advertise", self.site.advertised]
        kills = self.chance.randint(2, JOIN_KILLS)
        seconds_max = JOIN_FIRST_S_MAX  # on a fast machine a join may be done before any later kill
        while not self.world.failures:
            if kills > 0 and not self.world.quiet.is_set():
                kills -= 1
                if self.join_and_die(words, seconds_max):
                    return
                seconds_max = JOIN_S_MAX
                continue
            try:
                if by_command(self.site, words)["state"] == "joined":
                    return
            except Refusal as refusal:
                if refusal.error != "timeout":
                    raise
            except (Lost, Down):
                pass

    def join_and_die(self, words, seconds_max):
        """Whether it had joined before it could be killed."""
        process = subprocess.Popen(stafet_command(self.site, words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=self.site.environment())
        try:
            _, err = process.communicate(timeout=self.chance.uniform(0.03, seconds_max))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.world.count("joins killed")
            return False
        if process.returncode not in (DONE, NOT_YET):
            raise AssertionError(f"{self.site.name} could not join: {err.decode(errors='replace')[-2000:]}")
        return process.returncode == DONE

    # ---- A life ----

    def live_once(self):
        site, moment = self.site, self.chance.choices(list(MOMENTS), MOMENTS.values())[0]
        if moment == "within a transfer" and self.wants_bulk():
            self.have_much_written()
        site.spawn()
        if moment == "while starting":
            site.ready.wait(self.chance.uniform(0, 1.3) * self.usual_start_s())
        else:
            self.wait_ready()
            self.wait_for(moment)
        if site.kill_now(moment) or site.dead.is_set():
            self.look_at_the_dead(moment)
        site.dead.wait(self.chance.uniform(*self.chance.choice(AWAY_S)) if site.dead.is_set() else None)
        time.sleep(self.chance.uniform(*self.chance.choice(AWAY_S)))

    def usual_start_s(self):
        recent = self.site.starts_s[-9:]
        return sorted(recent)[len(recent) // 2] if recent else 0.2

    def wait_ready(self):
        deadline = time.monotonic() + GIVE_UP_S
        while not self.site.ready.wait(0.05) and not self.site.dead.is_set():
            if time.monotonic() > deadline:
                raise AssertionError(f"the node of {self.site.name} does not start: {list(self.site.log)[-10:]}")
            self.site.check_alive()

    def wait_for(self, moment):
        site = self.site
        if moment == "right after an acknowledgement":
            site.kill_at_ack = True
            site.dead.wait(WRITE_S_MAX)
        elif moment == "within a write":
            site.kill_in_write = self.chance.expovariate(1 / 0.004)
            site.dead.wait(WRITE_S_MAX)
        elif moment == "within a transfer":
            self.wait_for_transfer()
        elif moment == "together with all others":
            site.dead.wait(self.chance.uniform(0, 1))
            for other in self.world.sites:
                other.kill_now(moment)
        else:
            site.dead.wait(self.chance.expovariate(1 / self.life_s))

    # ---- Transfers ----

    def wants_bulk(self):
        """Only who relays or reads handovers has much to fetch."""
        return self.site.name in ("Nordby", "Skolen") and self.world.counts["backlogs"] < BACKLOGS_MAX

    def have_much_written(self):
        """While the site is dead, the kindergartens write more than fits in two runs."""
        with self.world.lock:
            if self.world.bulk_for is not None:
                return
            self.world.bulk_for = self.site
        before = self.written()
        deadline = time.monotonic() + BULK_S_MAX
        while self.written() < before + BULK_BYTES and time.monotonic() < deadline and not self.world.quiet.is_set():
            time.sleep(0.02)
        self.world.bulk_for = None
        self.world.count("backlogs")

    def written(self):
        return sum(other.bulk_bytes for other in self.world.sites)

    def wait_for_transfer(self):
        """Until entries of others have begun to arrive; then a moment longer."""
        deadline = time.monotonic() + TRANSFER_S_MAX
        before = sum(self.heads_at_death.values())
        while time.monotonic() < deadline and not self.site.dead.is_set():
            with contextlib.suppress(Down, Lost):
                feeds = by_socket(self.site, Request("log", "list", limit=1, writes=False))["feeds"]
                if sum(feed["entries"] for feed in feeds) > before:
                    self.site.dead.wait(self.chance.choice((0, 0, self.chance.uniform(0, 0.05))))
                    return
            time.sleep(0.002)

    # ---- What a dead node left ----

    def look_at_the_dead(self, moment):
        self.deaths += 1
        heads = self.site.heads(thoroughly=self.deaths % THOROUGH_EVERY == 0)
        for key, seq in self.heads_at_death.items():
            if heads.get(key, 0) < seq:
                self.world.fail(f"{self.site.name} held {seq} entries of feed {key[0][:16]}, and holds {heads.get(key, 0)} now")
        came = any(seq > self.heads_at_death.get(key, 0) for key, seq in heads.items() if key[1] != self.site.member)
        self.heads_at_death = heads
        elsewhere = self.heads_elsewhere()
        if not elsewhere:
            return
        if came and any(seq > heads[key] for key, seq in elsewhere.items() if key in heads and key[1] != self.site.member):
            self.world.count("killed with a part of a feed")
        if any(key[1] == self.site.member and seq > elsewhere.get(key, 0) for key, seq in heads.items()):
            self.world.count("killed with writes that nobody else had")

    def heads_elsewhere(self):
        """The most that any other living node has of each feed."""
        most = {}
        for other in self.world.sites:
            if other is self.site or not other.is_ready():
                continue
            with contextlib.suppress(Down, Lost):
                for feed in by_socket(other, Request("log", "list", limit=1, writes=False))["feeds"]:
                    key = (from_base32(feed["id"]), from_base32(feed["author"]["id"]))
                    most[key] = max(most.get(key, 0), feed["entries"])
        return most
