"""What people do to an approval short of deciding it: narrow, pass on, ask back. Less is allowed, more is not; what was
approved is what is done, whatever comes between."""

import os
import pathlib

import pytest

from engine import Engine, alert
from waiting import until

WORLD = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "tests" / "plugins" / "world.so"
CONFIG = """return hikeshi { tenants = { main = {
  playbooks = { "p.lua" },
  plugins = { edl = { file = "edl" }, world = { file = "%s" } },
  capabilities = { ["contain.block_ip"] = "edl.block_ip", ["release.block_ip"] = "edl.unblock_ip" },
  lists = { servers = { "203.0.113.128/26" } },
  authority = {
    { name = "two-for-servers", kind = "contain", targets = { "list:servers" }, outcome = "ask", role = "approver",
      quorum = 2 },
    { name = "ask", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
  },
  protected = { %s },
} } }"""
BLOCK = """return playbook { name = "p", summary = "Block a network", on = { category = "network" },
  run = function(alert)
    local done, why = act.contain.block_ip({ ip = alert.title }, { expires = "4h", because = { "seen" } })
    if alert.wait then wait "1s" end
    return { ok = done ~= nil, why = why, narrowed = done and done.narrowed }
  end }"""
TOUCH = """return playbook { name = "p", summary = "Touch a thing", on = { category = "network" },
  run = function(alert)
    local done, why = act.world.touch_idempotent({ target = "host-1", block_ms = 300 }, { expires = "1h" })
    return { ok = done ~= nil, why = why, narrowed = done and done.narrowed }
  end }"""
ASK = """return playbook { name = "p", summary = "Ask", on = { category = "network" },
  run = function(alert) return ask { question = "Well?", choices = { "yes", "no" } } end }"""


class Case:
    """An engine with one playbook, and people."""

    def __init__(self, playbook=BLOCK):
        self.engine = Engine("-")
        self.write_config()
        (self.engine.folder / "p.lua").write_text(playbook)
        self.people = {}
        self.start()
        for name, role in (("approver-1", "approver"), ("approver-2", "approver"), ("responder-1", "responder"),
                           ("analyst-1", "analyst"), ("viewer-1", "viewer")):
            self.people[name] = self.engine.token(name, role)
        self.people["sender-1"] = self.engine.token("sender-1", "approver")
        self.people["service-1"] = self.engine.token(service="service-1", role="tenant-admin")

    def write_config(self, protected=""):
        self.engine.config.write_text(CONFIG % (WORLD, protected))

    def start(self):
        self.engine.start()
        return self

    def restart(self, kill=False, **config):
        if kill:
            self.engine.process.kill()
            self.engine.process.wait()
        else:
            self.engine.stop()
        if config:
            self.write_config(**config)
        return self.start()

    def get(self, path, who="approver-1"):
        return self.engine.get(path, self.people[who]).json

    def send(self, ip="203.0.113.0/24", **fields):
        sent = self.engine.post("/v1/alerts", self.people["sender-1"],
                                alert(1, category="network", title=ip, **fields))
        assert sent.status == 202, sent.body
        return self.gate()

    def gate(self):
        pending = until(lambda: self.get("/v1/approvals?state=pending")["items"], "a gate")
        return self.get(f"/v1/approvals/{pending[0]['id']}")

    def act(self, gate, what, who="approver-1", **body):
        return self.engine.post(f"/v1/approvals/{gate['id']}/{what}", self.people[who], body)

    def narrow(self, gate, who="approver-1", digest=None, **body):
        return self.act(gate, "narrow", who, digest=digest or gate["digest"], **body)

    def approve(self, gate, who="approver-1"):
        return self.act(gate, "decision", who, decision="approve", digest=gate["digest"])

    def again(self, gate):
        return self.get(f"/v1/approvals/{gate['id']}")

    def finished(self):
        run = until(lambda: self.get("/v1/runs?state=finished")["items"], "the run's end")[0]
        return self.get(f"/v1/runs/{run['id']}")

    def listed(self):
        return [line for line in self.engine.get("/lists/main/edl/blocklist.txt", self.people["viewer-1"]).body.decode()
                .splitlines() if line and not line.startswith("#")]

    def is_sound(self):
        assert self.engine.process.poll() is None, self.engine.lines
        assert self.engine.stop() == 0
        self.engine.ok("audit", "verify")
        self.engine.ok("audit", "rebuild", "--check")
        return True


@pytest.fixture
def case():
    it = Case()
    try:
        yield it
    finally:
        it.engine.remove()


def test_what_is_narrowed_is_what_is_done(case):
    gate = case.send()
    answer = case.narrow(gate, args={"ip": "203.0.113.64/26"}, expires="1h", reason="only these were seen")
    assert answer.status == 200, answer.body
    assert answer.json["digest"] != gate["digest"] and answer.json["revision"] == 2
    now = case.again(gate)
    assert now["digest"] == answer.json["digest"]
    assert now["target"] == now["shown"]["target"] == "203.0.113.64/26"
    assert now["summary"] == now["shown"]["summary"] and "203.0.113.64/26" in now["summary"]
    assert now["shown"]["lease_ms"] == 3600000
    assert [it["args"]["ip"] for it in now["revisions"]] == ["203.0.113.0/24", "203.0.113.64/26"]
    assert now["revisions"][1]["reason"] == "only these were seen"
    assert now["names"][now["revisions"][1]["by"]] == "approver-1"
    # the old digest decides nothing any more
    stale = case.approve(gate)
    assert stale.status == 409 and stale.json["current"]["digest"] == now["digest"]
    assert case.approve(now).json["state"] == "approved"
    run = case.finished()
    assert run["value"] == {"ok": True, "narrowed": {"args": {"ip": "203.0.113.64/26"}, "lease_ms": 3600000}}
    assert case.listed() == ["203.0.113.64/26"]
    lease = case.get("/v1/containments?state=active")["items"][0]
    assert lease["target"] == "203.0.113.64/26"
    assert case.get(f"/v1/containments/{lease['id']}")["lease_ms"] == 3600000
    # the step's own request is as the playbook made it: that is what replay goes by
    assert run["steps"][0]["args"] == {"ip": "203.0.113.0/24"}
    assert case.is_sound()


@pytest.mark.parametrize("kill", [False, True])
def test_narrowing_outlives_a_restart(case, kill):
    gate = case.send(wait=True)
    narrowed = case.narrow(gate, args={"ip": "203.0.113.66"}).json
    case.restart(kill)
    now = case.again(gate)
    assert now["digest"] == narrowed["digest"]
    assert case.approve(now).json["state"] == "approved"
    until(lambda: case.listed() == ["203.0.113.66"], "the block")
    case.restart(kill)  # the playbook is replayed on what was narrowed
    assert case.finished()["value"]["narrowed"]["args"] == {"ip": "203.0.113.66"}
    assert case.listed() == ["203.0.113.66"]
    assert case.is_sound()


def test_narrower_again_and_never_wider(case):
    gate = case.send()
    assert case.narrow(gate, args={"ip": "203.0.113.0/25"}).status == 200
    now = case.again(gate)
    for wider in ("203.0.113.0/24", "203.0.113.128/25", "203.0.112.0/23", "0.0.0.0/0", "203.0.113.0/25"):
        answer = case.narrow(now, args={"ip": wider})
        assert answer.status == 400, (wider, answer.body)
    assert "is not within" in case.narrow(now, args={"ip": "203.0.113.0/24"}).json["detail"]
    assert "was not asked for" in case.narrow(now, args={"note": "x"}).json["detail"]
    assert "longer" in case.narrow(now, expires="5h").json["detail"]
    assert case.narrow(now, args={}).status == 400
    assert case.narrow(now).status == 400
    assert case.again(gate)["digest"] == now["digest"]
    assert case.narrow(now, args={"ip": "203.0.113.5"}).status == 200
    assert case.again(gate)["revision"] == 3
    assert case.is_sound()


def test_earlier_votes_fall(case):
    gate = case.send(ip="203.0.113.128/26")  # servers: two voices
    assert gate["quorum"] == 2
    assert case.approve(gate, "approver-1").json["votes"] == 1
    answer = case.narrow(gate, "approver-2", args={"ip": "203.0.113.130"})
    assert answer.json["votes"] == 0 and answer.json["approved_by"] == []
    now = case.again(gate)
    assert now["votes"] == 0 and now["quorum"] == 2
    assert [it["revision"] for it in now["decisions"]] == [1]
    assert case.approve(now, "approver-2").json["state"] == "pending"
    assert case.approve(now, "approver-1").json["state"] == "approved"
    until(lambda: case.listed() == ["203.0.113.130"], "the block")
    assert case.is_sound()


def test_authority_judges_what_is_narrowed(case):
    """A range that touches the servers needs two voices; the part that doesn't needs one."""
    gate = case.send()
    assert gate["quorum"] == 2 and gate["shown"]["rule"] == "two-for-servers"
    case.narrow(gate, args={"ip": "203.0.113.0/25"})
    now = case.again(gate)
    assert now["quorum"] == 1 and now["shown"]["rule"] == "ask"
    assert case.approve(now).json["state"] == "approved"
    assert case.is_sound()


def test_protection_is_held_against_what_is_narrowed(case):
    gate = case.send(ip="203.0.113.0/25")
    case.narrow(gate, args={"ip": "203.0.113.64/26"})
    now = case.again(gate)
    # what is protected lies within what was asked for, but not within what is asked now
    case.restart(protected='{ target = "203.0.113.9", reason = "the gateway" }')
    assert case.narrow(now, args={"ip": "203.0.113.66"}).status == 200
    now = case.again(gate)
    # and now it lies there too: the approval can't be carried out
    case.restart(protected='{ target = "203.0.113.66", reason = "the gateway" }')
    answer = case.approve(now)
    assert answer.status == 409 and "denie" in answer.json["detail"], answer.body
    assert case.again(gate)["state"] == "pending"
    assert case.listed() == []
    case.restart(protected='{ target = "203.0.113.9", reason = "the gateway" }')
    assert case.approve(now).json["state"] == "approved"
    until(lambda: case.listed() == ["203.0.113.66"], "the block")
    assert case.is_sound()


def test_what_is_protected_is_not_narrowed_to(case):
    gate = case.send(ip="203.0.113.0/25")
    case.restart(protected='{ target = "203.0.113.9", reason = "the gateway" }')
    answer = case.narrow(gate, args={"ip": "203.0.113.8/31"})
    assert answer.status == 400 and "denie" in answer.json["detail"], answer.body
    assert case.again(gate)["digest"] == gate["digest"]
    assert case.narrow(gate, args={"ip": "203.0.113.10"}).status == 200
    assert case.is_sound()


def test_who_may_narrow(case):
    gate = case.send()
    less = {"ip": "203.0.113.5"}
    assert case.narrow(gate, "viewer-1", args=less).status == 403
    assert case.narrow(gate, "analyst-1", args=less).status == 403
    assert case.narrow(gate, "service-1", args=less).status == 403
    refused = case.narrow(gate, "sender-1", args=less)
    assert refused.status == 403 and "asked for it" in refused.json["detail"]
    assert case.act(gate, "narrow", args=less).status == 428
    assert case.narrow(gate, digest="0" * 64, args=less).status == 409
    assert case.narrow(gate | {"id": "ga-none"}, args=less).status == 404
    assert case.narrow(gate, args="203.0.113.5").status == 400
    assert case.narrow(gate, args=less, expires="-1h").status == 400
    assert case.approve(gate, "approver-1").json["votes"] == 1
    # whoever narrowed asks for nothing new: they may approve
    assert case.narrow(gate, "approver-2", args=less).status == 200
    now = case.again(gate)
    assert case.narrow(gate, args=less).status == 409
    assert case.approve(now, "approver-2").json["state"] == "approved"
    assert case.narrow(now, args={"ip": "203.0.113.5"}).status == 409
    assert case.is_sound()


def test_numbers_and_the_plugin_is_checked_again():
    case = Case(TOUCH)
    try:
        gate = case.send()
        assert "is more than" in case.narrow(gate, args={"block_ms": 301}).json["detail"]
        assert case.narrow(gate, args={"target": "host-2"}).status == 400
        assert case.narrow(gate, args={"block_ms": 5}, expires="10m").status == 200
        now = case.again(gate)
        assert case.approve(now).json["state"] == "approved"
        assert case.finished()["value"]["narrowed"] == {
            "args": {"block_ms": 5, "target": "host-1"}, "lease_ms": 600000}
        assert case.is_sound()
    finally:
        case.engine.remove()


def test_a_question_is_not_narrowed():
    case = Case(ASK)
    try:
        gate = case.send()
        answer = case.narrow(gate, args={"question": "x"})
        assert answer.status == 400 and "question" in answer.json["detail"]
        assert case.is_sound()
    finally:
        case.engine.remove()


def test_narrowing_has_an_end(case):
    gate = case.send(ip="203.0.113.0/24")
    refused = None
    for minutes in range(230, 0, -10):
        refused = case.narrow(case.again(gate), expires=f"{minutes}m")
        if refused.status != 200:
            break
    assert refused.status == 413 and "too often" in refused.json["detail"]
    assert case.approve(case.again(gate), "approver-1").status == 200
    assert case.is_sound()


def test_passing_on(case):
    gate = case.send()
    answer = case.act(gate, "delegate", to="approver-2", reason="their network")
    assert answer.status == 200 and answer.json["state"] == "pending"
    now = case.again(gate)
    assert now["names"][now["delegate"]] == "approver-2"
    assert now["delegations"][0]["reason"] == "their network"
    assert case.act(gate, "delegate", to="viewer-1").status == 400
    assert case.act(gate, "delegate", to="sender-1").status == 400
    assert case.act(gate, "delegate", to="approver-1").status == 400
    assert case.act(gate, "delegate", to="nobody").status == 400
    assert case.act(gate, "delegate", who="viewer-1", to="approver-2").status == 403
    assert case.act(gate, "delegate", who="service-1", to="approver-2").status == 403
    assert case.act(gate, "delegate", who="sender-1", to="approver-2").status == 403
    case.engine.ok("user", "disable", "responder-1")
    assert case.act(gate, "delegate", to="responder-1").status == 400
    # the digest is as it was, and others may still decide
    assert now["digest"] == gate["digest"]
    assert case.approve(now, "approver-1").json["votes"] == 1
    assert case.approve(now, "approver-2").json["state"] == "approved"
    assert case.act(gate, "delegate", to="approver-2").status == 409
    assert case.is_sound()


def test_asking_back(case):
    gate = case.send()
    assert case.act(gate, "note", text="Is this our scanner?").status == 200
    assert case.act(gate, "note", who="sender-1", text="No.\nWe asked.").status == 200
    assert case.act(gate, "note", who="analyst-1", text="I looked too").status == 200
    assert case.act(gate, "note", who="viewer-1", text="x").status == 403
    assert case.act(gate, "note", who="service-1", text="x").status == 403
    assert case.act(gate, "note", text="").status == 400
    notes = case.again(gate)["notes"]
    assert [note["text"] for note in notes] == ["Is this our scanner?", "No.\nWe asked.", "I looked too"]
    assert case.again(gate)["digest"] == gate["digest"]
    for number in range(250):
        last = case.act(gate, "note", text=f"note {number}")
        if last.status != 200:
            break
    assert last.status == 413
    # whatever was said, it can be decided
    assert case.approve(case.again(gate), "approver-1").status == 200
    assert case.approve(case.again(gate), "approver-2").json["state"] == "approved"
    assert case.act(gate, "note", text="late").status == 409
    assert case.is_sound()


def test_the_commands(case):
    gate = case.send()
    engine, token = case.engine, case.people["approver-1"]
    assert engine.run("approval", "narrow", gate["id"], token=token).returncode == 2
    assert engine.run("approval", "narrow", gate["id"], "--args", "[1]", token=token).returncode == 2
    wide = engine.run("approval", "narrow", gate["id"], "--args", '{"ip":"203.0.112.0/23"}', token=token)
    assert wide.returncode == 1 and "is not within" in wide.stderr
    out = engine.ok("approval", "narrow", gate["id"], "--args", '{"ip":"203.0.113.7"}', "--expires", "30m", token=token)
    assert out.split()[1] == case.again(gate)["digest"]
    engine.ok("approval", "delegate", gate["id"], "--to", "approver-2", "--reason", "yours", token=token)
    engine.ok("approval", "note", gate["id"], "Whose is it?", token=token)
    now = case.again(gate)
    assert now["shown"]["args"] == {"ip": "203.0.113.7"} and now["shown"]["lease_ms"] == 1800000
    assert len(now["delegations"]) == len(now["notes"]) == 1
    engine.ok("approval", "approve", gate["id"], token=case.people["approver-2"])
    until(lambda: case.listed() == ["203.0.113.7"], "the block")
    assert case.is_sound()
