"""What the engine is busy with while it is recorded, or while something fails: from its first user to its last stop."""

import json
import signal
import struct

import tape
from engine_site import EFFECTS, PRELOAD, WORLD_LOG, Ended, Site, Trouble, until

COUNTS = struct.Struct("=5Q4x20x")  # see preload/preload.h: calls of each kind, and faults
KINDS = ["alloc", "read", "write", "sync"]
PEOPLE = [("responder-1", "responder"), ("approver-1", "approver"), ("admin-1", "tenant-admin")]


class Script:
    """The acts, one after the other. All answers are looked at by who reads the tape, so few are looked at here."""

    def __init__(self, site, mark=lambda promise: None):
        self.site = site
        self.mark = mark
        self.number = 0
        self.sent = {}  # target: (key, alert), also of those that were not acknowledged
        self.alerts = set()  # acknowledged

    def tool(self, promise, *args):
        done = self.site.tool(*args)
        if done.returncode != 0:
            raise Ended(f"{args}: {done.returncode}: {done.stderr}")
        self.mark(promise)
        return done.stdout

    def people(self):
        for name, role in PEOPLE:
            self.tool({"user": name}, "user", "add", name, "--role", role)
            out = self.tool({"token": name}, "token", "create", "--user", name)
            self.site.tokens[name] = out.split()[-1]
        out = self.tool({"token": "source-1"}, "token", "create", "--service", "source-1", "--role", "analyst")
        self.site.tokens["source-1"] = out.split()[-1]

    def alert(self, effect, severity="high", options=None, **args):
        """Send one; its id."""
        self.number += 1
        target = f"host-{self.number}"
        alert = {"title": f"about {target}", "category": "endpoint", "severity": severity, "uid": target,
                 "time": "2025-01-01T00:00:00Z", "device": {"host": f"pc-{self.number % 3}"},
                 "world": {"effect": effect, "args": {"target": target, **args}, "options": options or {}}}
        self.sent[target] = alert
        return self.post(target)

    def post(self, target):
        status, answer = self.site.call("POST", "/v1/alerts", self.sent[target], "source-1",
                                        [("Idempotency-Key", target)])
        if status != 202:
            raise Trouble(status, answer)
        self.alerts.add(answer["alerts"][0]["id"])
        return answer["alerts"][0]["id"]

    def act(self, path, body, who="responder-1"):
        status, answer = self.site.call("POST", path, body, who)
        if status not in (200, 201, 202):
            raise Trouble(status, answer)
        return answer

    def gates(self, count):
        def pending():
            listed = [gate for gate in self.site.items("approvals") if gate["state"] == "pending"]
            return len(listed) >= count and listed
        return until(pending, f"{count} gates", self.site.patience_s)

    def decide(self, gate, decision):
        self.act(f"/v1/approvals/{gate['id']}/decision",
                 {"decision": decision, "digest": gate["digest"], "reason": "so it shall be"})

    def held(self, count):
        def active():
            listed = [it for it in self.site.items("containments") if it["state"] == "active"]
            return len(listed) >= count and listed
        return until(active, f"{count} containments", self.site.patience_s)

    # --- parts ---

    def burst(self, rounds=1):
        """Alerts of all classes, acted on at once; and one that comes twice."""
        for _ in range(rounds):
            for effect in EFFECTS:
                self.alert(effect)
        self.post(f"host-{self.number}")
        self.site.quiet()

    def ask(self):
        """Gates, decided one way and the other, and one that stays open; a run that is given up."""
        for effect in EFFECTS[1:]:
            self.alert(effect, "critical")
        self.alert("once", "critical")
        self.alert("read", "critical")
        given_up = self.alert("once", "critical")
        gates = [gate for gate in self.gates(6) if gate["state"] == "pending"]
        run = next(run for run in self.site.items("runs") if run["alert"] == given_up)
        left = [gate for gate in gates if gate["run"] != run["id"]]
        for gate in left[:3]:
            self.decide(gate, "approve")
        self.decide(left[3], "reject")
        self.act(f"/v1/runs/{run['id']}/cancel", {"reason": "given up"})
        self.site.quiet()

    def leases(self):
        """Some are released, some renewed, one runs out by itself."""
        self.alert("probeable", options={"expires": "1s"})
        short_lived = f"host-{self.number}"
        held = self.held(5)
        held = [it for it in held if it["target"] != short_lived]
        self.act(f"/v1/containments/{held[0]['id']}/release", {"reason": "no longer needed"})
        self.act(f"/v1/containments/{held[1]['id']}/release", {"reason": "no longer needed"})
        self.act(f"/v1/containments/{held[2]['id']}/renew", {"for": "6h", "reason": "needed"})
        until(lambda: [it for it in self.site.items("containments")
                       if it["state"] == "released" and it["target"] == short_lived],
              "the release of what runs out", self.site.patience_s)
        self.site.quiet()

    def killed(self):
        """It ends in the middle of calls that took effect, and the next engine begins with what was left."""
        before = sum(len(where) for where in self.site.world()[0].values())
        for effect in EFFECTS:
            self.alert(effect, after_ms=800)
        until(lambda: sum(len(where) for where in self.site.world()[0].values()) == before + 3, "three effects")
        self.site.kill()
        self.site.launch().wait_ready()
        self.site.quiet()

    def cases(self):
        for case in self.site.items("cases")[:2]:
            self.act(f"/v1/cases/{case['id']}/note", {"text": "seen"})

    def erase(self):
        """Somebody wants to be forgotten."""
        self.number += 1
        target = f"host-{self.number}"
        self.sent[target] = {"title": f"about nobody-{self.number}-any-more", "category": "network", "severity": "low",
                             "uid": target, "time": "2025-01-01T00:00:00Z"}
        alert = self.post(target)
        self.site.quiet()
        self.act("/v1/tenants/main/audit/erase", {"subject": alert, "reason": "asked for"}, "admin-1")

    def backup(self, name):
        self.tool({"backup": name}, "backup", self.site.folder / "out" / name)

    def begin_anew(self):
        """The configuration changes: the engine stops, executes itself, and goes on."""
        config = self.site.folder / "hikeshi.lua"
        config.write_text(config.read_text().replace('name = "do"', 'name = "do-it"'))
        before = self.site.said().count("ready\n")
        self.site.process.send_signal(signal.SIGHUP)
        until(lambda: self.site.said().count("ready\n") > before, "the engine to begin anew")


def whole(script, rounds):
    """All of it, as it is recorded."""
    site = script.site
    script.people()
    site.launch().wait_ready()
    script.burst(rounds)
    script.ask()
    script.leases()
    script.cases()
    script.erase()
    script.backup("first")
    script.begin_anew()
    script.burst(rounds)
    script.ask()
    script.killed()
    assert site.stop() == 0, site.said()
    site.launch().wait_ready()
    script.leases()
    script.erase()
    script.burst(rounds)
    script.backup("second")
    assert site.stop() == 0, site.said()


def short(script):
    """Enough of everything, for faults: the engine is started before, and stopped after."""
    script.burst()
    script.ask()
    script.leases()
    script.cases()
    script.erase()


def preloaded(folder, trace=None, fault=None):
    """The environment under which it is recorded, or fails. Makes the files that are written."""
    counts = folder / "counts"
    counts.write_bytes(bytes(COUNTS.size))
    env = {"LD_PRELOAD": str(PRELOAD), "HK_TORTURE_ROOTS": str(folder), "HK_TORTURE_COUNTS": str(counts)}
    if trace:
        trace.touch()
        env.update(HK_TORTURE_TRACE=str(trace), HK_TORTURE_WORLD=str(folder / WORLD_LOG))
    if fault:
        env["HK_TORTURE_FAULT"] = fault
    return env


def counts_of(folder):
    *calls, faults = COUNTS.unpack((folder / "counts").read_bytes())
    return dict(zip(KINDS, calls)), faults


def record(folder, rounds):
    """Run the whole script in FOLDER, which is new; the site, with the tape beside it."""
    for name in ("sink", "out"):
        (folder / name).mkdir()
    site = Site(folder)
    trace = folder.parent / "tape"
    site.environment = preloaded(folder, trace)
    script = Script(site, lambda promise: tape.mark(trace, promise))
    try:
        whole(script, rounds)
    finally:
        site.kill()
    (folder.parent / "sent.json").write_text(json.dumps(script.sent))
    return site, trace
