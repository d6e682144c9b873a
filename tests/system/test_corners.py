"""Corners that a playbook, a plugin or a change of the configuration can drive the engine into: whatever happens there,
the engine goes on, and nothing waits for ever."""

import datetime
import os
import pathlib
import time

import pytest

from engine import Engine, alert
from waiting import until

WORLD = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "tests" / "plugins" / "world.so"
TENANT = """{
  playbooks = { "p.lua" }, plugins = { %s }, protected = { { target = "protected.example" } },
  authority = { %s { name = "test", action = "world.*", outcome = "%s", role = "approver", expires = "%s" } },
}"""
PLAYBOOK = """return playbook { name = "p", summary = "A corner", on = { category = "endpoint" },
  run = function(alert) %s end }"""


def tenant_of(outcome="do", rules="", expires="1h", plugin='world = { file = "%s" }' % WORLD):
    return TENANT % (plugin, rules, outcome, expires)


def config_of(**tenants):
    return "return hikeshi { tenants = { %s } }" % ", ".join(f"{n} = {text}" for n, text in tenants.items())


class Corner:
    """An engine with one playbook, and tokens of those who send and those who decide."""

    def __init__(self):
        self.engine = Engine(config_of(main=tenant_of()))
        self.sent = 0

    def start(self, body=None, **tenant):
        if body is not None:
            (self.engine.folder / "p.lua").write_text(PLAYBOOK % body)
        if tenant:
            self.engine.config.write_text(config_of(main=tenant_of(**tenant)))
        self.engine.start()
        if self.sent == 0:
            self.sender = self.engine.token(user="sender", role="analyst")
            self.approver = self.engine.token(user="decider", role="responder")
        return self.engine

    def send(self, **fields):
        self.sent += 1
        return self.engine.post("/v1/alerts", self.sender, alert(self.sent, category="endpoint", **fields))

    def items(self, what, state=None):
        query = f"?limit=500&state={state}" if state else "?limit=500"
        return self.engine.get(f"/v1/{what}{query}", self.approver).json["items"]

    def shown(self, what, ident):
        return self.engine.get(f"/v1/{what}/{ident}", self.approver).json

    def run(self, *states):
        """The only run, once it is in one of the states."""
        found = until(lambda: [run for run in self.items("runs") if run["state"] in states], f"a run {states}")
        return self.shown("runs", found[0]["id"])

    def gate(self):
        return self.shown("approvals", until(lambda: self.items("approvals", "pending"), "a gate")[0]["id"])

    def decide(self, gate, **more):
        body = {"decision": "approve", "digest": gate["digest"]} | more
        return self.engine.post(f"/v1/approvals/{gate['id']}/decision", self.approver, body)

    def is_sound(self):
        """The engine lives, ends as it should, and its record holds."""
        assert self.engine.process.poll() is None, self.engine.lines
        assert self.engine.stop() == 0
        self.engine.ok("audit", "verify")
        self.engine.ok("audit", "rebuild", "--check")
        return True


@pytest.fixture
def corner():
    it = Corner()
    try:
        yield it
    finally:
        it.engine.remove()


@pytest.mark.parametrize("body", [
    'for i = 1, 1400 do note(string.rep("x", 60000)) end',
    'return string.rep("x", 1024 * 1024 - 4)',
])
def test_no_playbook_takes_the_engines_memory(corner, body):
    corner.start(body)
    corner.send()
    assert "larger than" in corner.run("failed")["reason"]
    assert corner.is_sound()


def test_runs_that_are_unknown_leave_the_line_to_others(corner):
    """More of them than may be in memory at once, found at the start before one that can go on."""
    corner.start('if alert.read then return act.world.touch_read { target = "host", before_ms = 500 } end '
                 'return act.world.touch_once({ target = "host", before_ms = 60000 }, { timeout = "1s" })')
    for batch in range(9):
        body = [alert(n, category="endpoint", src={"ip": f"203.0.{batch}.{n}"}) for n in range(60)]
        assert corner.engine.post("/v1/alerts", corner.sender, body).json["accepted"] == 60
        until(lambda: not corner.items("runs", "running"), "all runs to be unknown")
    assert len(corner.items("runs", "unknown")) == 500  # a page
    corner.send(read=True)
    corner.run("running")
    corner.engine.process.kill()
    corner.engine.process.wait()
    corner.start()
    corner.run("finished")
    assert corner.is_sound()


def test_a_lease_that_nobody_can_end_says_so(corner):
    """Its time is up while its plugin is not there: it still holds, and that is recorded; later it can be released."""
    corner.start('return act.world.touch_once({ target = "host" }, { expires = "2s" })')
    corner.send()
    corner.run("finished")
    corner.engine.stop()
    corner.start(plugin="")
    lease = until(lambda: corner.items("containments", "active"), "the containment")[0]["id"]

    def kinds():
        return [entry["kind"] for entry in corner.shown("containments", lease)["entries"]]

    until(lambda: kinds()[-2:] == ["containment.releasing", "containment.held"], "the record of what was tried")
    answer = corner.engine.post(f"/v1/containments/{lease}/release", corner.approver, {"reason": "over"})
    assert answer.status == 404 and "undo_once" in answer.json["detail"]
    assert len(kinds()) == 4
    corner.engine.stop()
    corner.start(plugin='world = { file = "%s" }' % WORLD)
    answer = corner.engine.post(f"/v1/containments/{lease}/release", corner.approver, {"reason": "over"})
    assert answer.json["state"] == "released"
    assert corner.is_sound()


def test_an_approval_holds_when_the_rules_ask_for_less(corner):
    corner.start('return { ok = act.world.touch_once { target = "host" } ~= nil }', outcome="ask")
    corner.send()
    gate = corner.gate()
    corner.engine.stop()
    corner.start(outcome="do")
    assert corner.decide(gate).json["state"] == "approved"
    run = corner.run("finished")
    assert run["value"] == {"ok": True}
    assert corner.items("approvals", "pending") == []
    assert corner.is_sound()


def test_an_approval_is_void_when_the_rules_ask_for_more(corner):
    corner.start('return { ok = act.world.touch_once { target = "host" } ~= nil }', outcome="ask")
    corner.send()
    gate = corner.gate()
    corner.engine.stop()
    rule = '{ name = "two", action = "world.*", outcome = "ask", role = "approver", quorum = 2 },'
    corner.start(outcome="ask", rules=rule)
    assert corner.decide(gate).status == 409
    assert corner.shown("approvals", gate["id"])["state"] == "void"
    assert corner.gate()["quorum"] == 2
    assert corner.is_sound()


def test_a_choice_is_taken_only_where_one_is_offered(corner):
    corner.start('return act.world.touch_once { target = "host" }', outcome="ask")
    corner.send()
    gate = corner.gate()
    assert corner.decide(gate, choice="something else").status == 400
    assert corner.decide(gate).json["state"] == "approved"
    corner.run("finished")
    assert corner.is_sound()


def test_nothing_is_begun_for_a_run_that_was_cancelled(corner):
    """The call was open when the run was cancelled and the engine killed, and it had no effect: then it gets none."""
    corner.start('return act.world.touch_probeable { target = "host", block_ms = 1500, crash = "before" }')
    corner.send()
    run = corner.run("running")["id"]
    assert corner.engine.post(f"/v1/runs/{run}/cancel", corner.approver, {"reason": "no"}).json["state"] == "cancelled"
    corner.engine.process.kill()
    corner.engine.process.wait()
    corner.start()
    until(lambda: corner.items("containments", "failed"), "the end of the containment")
    assert corner.shown("runs", run)["state"] == "cancelled"
    logs = list(corner.engine.data.rglob("world.log"))
    assert logs and not any("touch_probeable" in log.read_text() for log in logs)
    assert corner.is_sound()


def test_what_may_be_renewed_and_by_whom(corner):
    """A service decides nothing, and what is protected by now ends in its time."""
    engine = corner.start('return act.world.touch_once({ target = alert.title }, { expires = "1h" })')
    service = engine.token(service="robot", role="responder")
    for title in ("host", "soon-protected"):
        corner.send(title=title)
    until(lambda: len(corner.items("containments", "active")) == 2, "the containments")
    leases = {item["target"]: item for item in corner.items("containments", "active")}

    def renew(target, token=None, **body):
        return engine.post(f"/v1/containments/{leases[target]['id']}/renew", token or corner.approver,
                           {"for": "2h"} | body)

    assert renew("host", service).status == 403
    assert renew("host", **{"for": "31d"}).status == 400
    assert corner.shown("containments", leases["host"]["id"])["expires"] == leases["host"]["expires"]
    assert renew("host").status == 200
    assert corner.shown("containments", leases["host"]["id"])["expires"] > leases["host"]["expires"]
    engine.ok("contain", "renew", leases["host"]["id"], "--for", "3h")  # whoever has the folder
    engine.stop()
    engine.config.write_text(engine.config.read_text().replace('"protected.example"', '"soon-protected"'))
    corner.start()
    refused = renew("soon-protected")
    assert refused.status == 409 and "protected" in refused.json["detail"], refused.body
    assert renew("host").status == 200
    shown = corner.shown("containments", leases["soon-protected"]["id"])
    assert (shown["state"], shown["expires"]) == ("active", leases["soon-protected"]["expires"])
    assert corner.is_sound()


def test_an_approval_that_comes_late_approves_nothing(corner):
    """Many questions ran out while nothing ran. Until it is written that one did, a yes is too late all the same."""
    engine = corner.start('return act.world.touch_once { target = alert.src.ip }', outcome="ask", expires="3s")
    for batch in range(6):
        body = [alert(n, category="endpoint", src={"ip": f"203.0.{batch}.{n}"}) for n in range(200)]
        assert engine.post("/v1/alerts", corner.sender, body).json["accepted"] == 200
        corner.sent += 200
    last = until(lambda: corner.items("approvals", "pending"), "a gate")[0]
    gate = corner.shown("approvals", last["id"])
    engine.stop()
    over = datetime.datetime.fromisoformat(gate["expires"].replace("Z", "+00:00")).timestamp()
    until(lambda: time.time() > over, "the end of its time")
    corner.start(outcome="ask", expires="3s")
    late = corner.decide(gate)
    assert late.status == 409, late.body
    until(lambda: corner.shown("approvals", gate["id"])["state"] == "expired", "its end in the record")
    assert not corner.items("containments")
    assert corner.is_sound()
