"""What each test costs, and which functions it reaches: only those tests can notice a change in one."""
import hashlib
import json
import re
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

# Memory spares the tests the disk's syncs.
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
BYTES_MAX = 4 << 30


class Test:
    def __init__(self, name, command, target):
        self.name, self.command, self.target = name, command, target
        self.everywhere = name.startswith("sim")
        self.cpu_s = self.wall_s = 0.0
        self.reached = set()

    def run(self, copy, cpu_s_max, wall_s_max):
        """True when it passes. Ends it at the first failure that it prints."""
        scratch = tempfile.mkdtemp(prefix="mut-", dir=SCRATCH)
        limits = ["prlimit", f"--cpu={int(cpu_s_max) + 1}"] + ([f"--as={BYTES_MAX}"] if copy.kind == "plain" else [])
        command = limits + [word.format(build=copy.build, tree=copy.tree) for word in self.command]
        environment = {"TMPDIR": scratch, "PATH": "/usr/bin:/bin", "HOME": scratch, "LANG": "C.UTF-8"}
        # On a signal of its own: timeout(1) ends the whole group, whatever the test has started.
        command = ["timeout", "-s", "KILL", str(int(wall_s_max) + 1)] + command
        try:
            test = subprocess.Popen(command, cwd=copy.build, env=environment, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            failed = False
            for line in test.stderr:
                if line.startswith(b"[  FAILED  ]") and not failed:
                    failed = True
                    test.terminate()
            return test.wait() == 0 and not failed
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def measure(self, copy):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        passed = self.run(copy, 600, 900)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.wall_s = time.monotonic() - began
        self.cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return passed


def tests_of(copy, seeds):
    """The unit tests, the vectors and the simulator."""
    listing = subprocess.run(["ctest", "--test-dir", copy.build, "--show-only=json-v1"], capture_output=True, check=True).stdout
    tests = []
    for entry in json.loads(listing)["tests"]:
        if re.match(r"(unit/test_|vectors/(c|unchanged)$)", entry["name"]):
            built = [word for word in entry["command"] if word.startswith(str(copy.build))]
            command = [word.replace(str(copy.build), "{build}").replace(str(copy.tree), "{tree}") for word in entry["command"]]
            tests.append(Test(entry["name"], command, str(Path(built[0]).relative_to(copy.build))))
    first, last = (int(number) for number in seeds.split(".."))
    middle = min(first + 3, last)
    for start, end in ((first, middle), (middle + 1, last)):
        if start <= end:
            command = ["{build}/tests/sim/sim", "--seeds", f"{start}..{end}", "--twice", "0"]
            tests.append(Test(f"sim {start}..{end}", command, "tests/sim/sim"))
    return tests


def reached_now(copy, objects):
    """The functions that have run since the counters were last removed."""
    counters = [str(path.with_suffix(".gcda")) for path in objects if path.with_suffix(".gcda").exists()]
    if not counters:
        return set()
    done = subprocess.run(["gcov", "--json-format", "--stdout", *counters], cwd=copy.build, capture_output=True, check=True)
    reached = set()
    for line in done.stdout.splitlines():
        for file in json.loads(line)["files"]:
            path = (copy.build / file["file"]).resolve()
            if path.is_relative_to(copy.tree):
                name = str(path.relative_to(copy.tree))
                reached |= {(name, f["name"]) for f in file["functions"] if f["execution_count"] > 0}
    return reached


def measure(copy, tests, files, notes, say):
    """Runs each test once in a build that counts, unless `notes` knows the very program already. Returns the name of one that fails."""
    known = json.loads(notes.read_text()) if notes.exists() else {}
    objects = [copy.object_of(file) for file in files]
    for test in tests:
        key = test.name + " " + hashlib.sha256((copy.build / test.target).read_bytes()).hexdigest()
        if key not in known:
            for path in objects:
                path.with_suffix(".gcda").unlink(missing_ok=True)
            if not test.measure(copy):
                return test.name
            known[key] = [test.cpu_s, test.wall_s, sorted(reached_now(copy, objects))]
            notes.write_text(json.dumps(known))
            say(f"{test.name}: {test.cpu_s:.1f} s, reaches {len(known[key][2])} functions")
        test.cpu_s, test.wall_s, reached = known[key]
        test.reached = {tuple(place) for place in reached}
    return None
