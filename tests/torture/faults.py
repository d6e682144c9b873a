"""Each n-th allocation, read, write and sync of an engine at work fails. It may answer an error, or end with a word and a
status that is not 0. It promises nothing that isn't there afterwards."""

import errno
import json
import random
import shutil

import points
import promises
import recovery
import tape
import workload
from engine_site import Ended, Site

# Kind of call: what it fails with, and how.
FAULTS = {
    "alloc": [(errno.ENOMEM, "once"), (errno.ENOMEM, "once"), (errno.ENOMEM, "ever")],
    "read": [(errno.EIO, "once")],
    "write": [(errno.EIO, "once"), (errno.ENOSPC, "once"), (errno.ENOSPC, "ever"), (0, "short")],
    "sync": [(errno.EIO, "once")],
}
SHARES = {"alloc": 0.55, "read": 0.1, "write": 0.25, "sync": 0.1}
PATIENCE_S = 10  # for what may never come after a fault
FINE = ("listening on ", "ready", "stopping")


def prepare(folder):
    """A folder with people and their tokens, and how many calls of each kind the work makes."""
    site_folder = folder / "site"
    for name in ("sink", "out"):
        (site_folder / name).mkdir(parents=True)
    site = Site(site_folder)
    workload.Script(site).people()
    shutil.copytree(site_folder, folder / "blank")
    site.environment = workload.preloaded(site_folder)
    workload.short(workload.Script(site.launch().wait_ready()))
    assert site.stop() == 0, site.said()
    calls, _ = workload.counts_of(site_folder)
    (folder / "plan.json").write_text(json.dumps({"calls": calls, "tokens": site.tokens}))


def choose(folder, count, seed):
    """COUNT faults as HK_TORTURE_FAULT wants them, evenly over all calls."""
    calls = json.loads((folder / "plan.json").read_text())["calls"]
    rng = random.Random(seed)
    chosen = []
    for kind, share in SHARES.items():
        wanted = max(len(FAULTS[kind]), round(count * share))
        stride = max(1.0, calls[kind] * len(FAULTS[kind]) / wanted)
        for number, (code, how) in enumerate(FAULTS[kind]):
            at = 1 + stride * number / len(FAULTS[kind]) + rng.random()
            while at <= calls[kind]:
                chosen.append(f"{kind}:{int(at)}:{code}:{how}")
                at += stride
    rng.shuffle(chosen)
    return chosen[:count]


class Reel:
    """What recovery wants to know of a tape."""

    def __init__(self, sent):
        self.sent = sent


def work(site, script):
    """Do the work as far as that goes. Then stop, if there is something to stop: the status, and whether it was asked."""
    try:
        site.launch().wait_ready()
        workload.short(script)
    except (Ended, AssertionError):
        pass
    if site.process.poll() is None:
        return site.stop(), True
    return site.process.returncode, False


def run(folder, place, fault):
    """How it went, what was wrong, how many steps nobody can know of."""
    plan = json.loads((folder / "plan.json").read_text())
    shutil.rmtree(place / "site", ignore_errors=True)
    shutil.copytree(folder / "blank", place / "site")
    trace = place / "tape"
    trace.unlink(missing_ok=True)
    site = Site(place / "site", plan["tokens"])
    site.patience_s = PATIENCE_S
    site.environment = workload.preloaded(site.folder, trace, fault)
    script = workload.Script(site)
    try:
        status, was_asked = work(site, script)
    finally:
        site.kill()
    _, fired = workload.counts_of(site.folder)
    said = site.said()
    (site.folder / "stderr.fault").write_text(said)
    words = [line for line in said.splitlines() if not line.startswith(FINE)]
    found = []
    if status < 0:
        found.append(promises.Fault("corrupt", f"ended by signal {-status}; it said: {said}"))
    elif status > 0 and not words:
        found.append(promises.Fault("corrupt", f"ended with {status} and not a word"))
    elif status == 0 and not was_asked:
        found.append(promises.Fault("corrupt", f"ended with 0, and nobody had asked; it said: {said}"))
    how = "not reached" if not fired else "went on" if status == 0 else "ended"
    after, unknown = again(place, site, trace, script)
    return how, found + after, unknown


def again(place, site, trace, script):
    """The next engine finds nothing that was promised missing."""
    told = tape.promises(tape.read(trace))
    site.environment = {}
    site.patience_s = None
    notes = place / "site" / "sink" / "main.checkpoints"
    note = points.last_note(notes.read_bytes()) if notes.exists() else None
    if note is not None:
        (site.folder / "note").write_bytes(note)
    checker = points.Checker()
    try:
        return recovery.run(site, checker, told, Reel(script.sent), site.folder / "note" if note else None,
                            may_fail=True)
    finally:
        checker.done()
