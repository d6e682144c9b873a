"""Crash points of one tape: which there are, and what becomes of an engine that finds such a disk."""

import collections
import hashlib
import json
import pathlib
import random
import shutil
import subprocess

import disk
import promises
import recovery
import tape
from engine_site import BUILD, WORLD_LOG, Site, parse_world

HOW = ["none", "last", "some", "torn"]  # see disk.py
SHORT_BYTES = 512  # a write of so few is never cut off in the middle
# index: of the call before which it happens; how: "kill", "torn kill", or "power cut: …"; whole: the engine is started,
# not just its ledger opened.
Point = collections.namedtuple("Point", "number index how whole")


class Reel:
    """A tape, and what is known of it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.ops = tape.read(self.folder / "tape")
        self.promises = tape.promises(self.ops)
        self.tokens = json.loads((self.folder / "tokens.json").read_text())
        self.sent = json.loads((self.folder / "sent.json").read_text())
        self.world = (self.folder / "run" / WORLD_LOG).read_bytes()
        self.backups = {file.name: file.read_bytes() for file in (self.folder / "run" / "out").iterdir()}
        self.root = str(self.folder / "run")
        self.roots = [self.root + name for name in ("/data", "/sink", "/out", "")]
        # The same, as far as was known after each call.
        self.sizes = []
        for op in self.ops:
            self.sizes.append(max(op.world, self.sizes[-1] if self.sizes else 0))

    def disk(self):
        """At the beginning. The data folder itself is made by the engine."""
        return disk.Disk(self.roots[1:])


def all_of(reel, seed):
    """Every point there is: kills before each call, and power cuts wherever something is not synced."""
    now = reel.disk()
    found = []
    for index, op in enumerate(reel.ops):
        if op.op in tape.DISK and not (op.op == tape.OPEN and op.path in now.names):
            found.append((index, "kill"))
            if op.op == tape.WRITE and len(op.data) > SHORT_BYTES:
                found.append((index, "torn kill"))
            if not now.is_at_rest():
                found.extend((index, f"power cut: {how}") for how in HOW)
        if op.op in tape.DISK:
            now.feed(op)
    found.append((len(reel.ops), "kill"))
    random.Random(seed).shuffle(found)
    # Kills at every call come first, whatever the number that is asked for.
    return sorted(found, key=lambda it: it[1] != "kill")


def choose(reel, count, whole, seed):
    """COUNT points, or all; of these WHOLE with the engine, taken evenly. In the order of the tape."""
    some = all_of(reel, seed)
    if len(some) > count and sum(how == "kill" for _, how in some) > count // 2:
        random.Random(seed).shuffle(some)
    some = some[:count]
    every = max(1, len(some) // max(1, whole))
    ordered = sorted(some)
    return [Point(number, index, how, number % every == 0) for number, (index, how) in enumerate(ordered)]


class Checker:
    """The helper `check`, which opens ledgers and audits them."""

    def __init__(self):
        self.process = None

    def ask(self, data, note):
        if self.process is None:
            self.process = subprocess.Popen([BUILD / "tests" / "torture" / "check"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(f"{data}\t{note}\n" if note else f"{data}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.process = None
            return {"opened": False, "problem": f"the helper ended with {status}"}
        return json.loads(line)

    def done(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


def last_note(text):
    """The newest whole note of a sink's file."""
    notes = text.split(b"\nhikeshi/")
    whole = [note for note in notes if b"\n\n\xe2\x80\x94 " in note and (note.endswith(b"=\n") or note.endswith(b"="))]
    if not whole:
        return None
    note = whole[-1].rstrip(b"\n") + b"\n"
    return note if note.startswith(b"hikeshi/") else b"hikeshi/" + note


class Walk:
    """One process's way along the tape, from point to point."""

    def __init__(self, reel, folder, seed):
        self.reel, self.folder, self.seed = reel, pathlib.Path(folder), seed
        self.disk = reel.disk()
        self.at = 0
        self.checker = Checker()
        self.restored = {}  # backups that were looked at, by their bytes

    def done(self):
        self.checker.done()

    def go(self, point):
        while self.at < point.index:
            op = self.reel.ops[self.at]
            if op.op in tape.DISK:
                self.disk.feed(op)
            self.at += 1

    def state(self, point, rng):
        if point.how == "kill":
            return self.disk.after_kill()
        if point.how == "torn kill":
            op = self.reel.ops[point.index]
            return self.disk.after_kill((op, rng.randrange(SHORT_BYTES, len(op.data))))
        return self.disk.after_power_cut(point.how.removeprefix("power cut: "), rng)

    def run(self, point):
        """The faults of one point, and how many steps nobody can know of."""
        self.go(point)
        rng = random.Random(f"{self.seed} {point.index} {point.how}")
        site = self.folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir(mode=0o700)
        state = self.state(point, rng)
        disk.write_down(state, {root: root.rpartition("/")[2] if root != self.reel.root else "."
                                for root in self.reel.roots}, site)
        world = self.world(point, rng, site)
        told = [it for it in self.reel.promises if it.after < point.index]
        note = self.note(site)
        # The record first, as an engine opens it; then an engine, on the disk as it was.
        faults = [*self.backups(state, told), *promises.gone(site / "data", told)]
        if point.whole:
            found, unknown = recovery.run(Site(site, self.tokens(told)), self.checker, told, self.reel, note)
            return faults + found, unknown
        answer = self.checker.ask(site / "data", note)
        faults += promises.audited(answer)
        if answer["opened"]:
            ledger = promises.Ledger(site / "data")
            faults += [*promises.kept(ledger, told), *promises.true(ledger, parse_world(world))]
        return faults, 0

    def tokens(self, told):
        made = {it.answer["token"] for it in told if it.method == "MARK" and "token" in it.answer}
        return {name: token for name, token in self.reel.tokens.items() if name in made}

    def world(self, point, rng, site):
        """What had happened outside. An effect may fall into the call that was never made."""
        sizes = self.reel.sizes
        before = sizes[point.index - 1] if point.index > 0 else 0
        during = sizes[min(point.index, len(sizes) - 1)]
        text = self.reel.world[:rng.choice((before, during))]
        if text:
            (site / WORLD_LOG).parent.mkdir(parents=True, exist_ok=True)
            (site / WORLD_LOG).write_bytes(text)
        return text

    def note(self, site):
        """The newest checkpoint that had left: what a sink took is not lost with this machine."""
        file = self.disk.names.get(self.reel.root + "/sink/main.checkpoints")
        note = last_note(bytes(file.now)) if file else None
        if note is None:
            return None
        (site / "note").write_bytes(note)
        return site / "note"

    def backups(self, state, told):
        """A backup is whole or not there; one that is unfinished is refused."""
        made = {it.answer["backup"] for it in told if it.method == "MARK" and "backup" in it.answer}
        for name in self.reel.backups:
            path = f"{self.reel.root}/out/{name}"
            if path not in state:
                if name in made:
                    yield promises.Fault("lost", f"the backup {name}")
            elif not self.restores(state[path]):
                yield promises.Fault("corrupt", f"the backup {name} is not whole")
            part = state.get(path + ".partial")
            if part is not None and part != self.reel.backups[name] and self.restores(
                    part, state.get(path + ".partial-journal")):
                yield promises.Fault("false_success", f"the backup {name} is unfinished, and was taken for whole")

    def restores(self, content, journal=None):
        """Is it taken for a backup, as it lies there?"""
        mark = hashlib.sha256(content).digest(), journal and hashlib.sha256(journal).digest()
        if mark not in self.restored:
            place = self.folder / "restored"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / "file").write_bytes(content)
            if journal is not None:
                (place / "file-journal").write_bytes(journal)
            site = Site(place)
            self.restored[mark] = (site.tool("restore", place / "file").returncode == 0
                                   and site.tool("audit", "verify").returncode == 0)
        return self.restored[mark]
