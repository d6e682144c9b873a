"""Playbooks through the engine: gates and their rules, waits, questions, limits, replay and what a
person may and may not do."""


import pytest

from engine import Engine, HIKESHI, alert
from waiting import until

import os
import pathlib

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])

PLAYBOOK = """
return playbook {{
  name = "{name}", summary = "A playbook of the tests",
  on = {{ title = "{name}" }}, {more}
  run = function(alert)
{body}
  end,
}}
"""

BODIES = {
    "block": """
    local done, why = act.contain.block_ip({ ip = alert.src.ip }, { expires = "1h", because = { alert.title } })
    if not done then note("not blocked: " .. why); return close { verdict = "undetermined", note = why } end
    return close { verdict = "true_positive" }
    """,
    "short-lease": """
    local done, why = act.contain.block_ip({ ip = alert.src.ip }, { expires = "1s", ask = false })
    return close { verdict = "true_positive", note = why }
    """,
    "stricter": """
    local done, why = act.world.touch_once({ target = "t1" }, { ask = { quorum = 2 } })
    return { ok = done ~= nil, why = why }
    """,
    "question": """
    local answer, why = ask { question = "Is this you?", choices = { "yes", "no" }, timeout = "1h" }
    return { answer = answer, why = why }
    """,
    "unanswered": """
    local answer, why = ask { question = "Is this you?", choices = { "yes", "no" }, timeout = "1s", otherwise = "no" }
    return { answer = answer, why = why }
    """,
    "silence": """
    local answer, why = ask { question = "Is this you?", timeout = "1s" }
    return { answer = answer, why = why }
    """,
    "waiting": """
    local before = now()
    wait "2s"
    return { waited = now() - before }
    """,
    "together": """
    local found = together {
      a = function() return act.intel.lookup { ip = alert.src.ip } end,
      b = function() wait "1s"; return "late" end,
      c = function() return nil, "no luck" end,
    }
    return { a = found.a.ok, b = found.b.value, c = found.c.error, r = random(1000000) }
    """,
    "nonsense": """
    local value, why = act.nobody.knows { x = 1 }
    return { why = why }
    """,
    "raises": """
    note "before"
    error("out of ideas")
    """,
    "endless": """
    while true do end
    """,
    "too-long": """
    wait "1h"
    """,
}
MORE = {"too-long": 'limits = { run_for = "1s" },'}

CONFIG = """
return hikeshi {
  tenants = { main = {
    playbooks = { %(playbooks)s },
    plugins = {
      intel = { file = "intel" }, edl = { file = "edl" },
      world = { file = "%(build)s/tests/plugins/world.so" },
    },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
    lists = { servers = { "198.51.100.0/24" } },
    authority = {
      { name = "never-servers", kind = "contain", targets = { "list:servers" }, outcome = "deny" },
      { name = "advise-low", kind = "contain", severity = { "low" }, outcome = "recommend" },
      { name = "two-for-fatal", kind = "contain", severity = { "fatal" }, outcome = "ask", role = "responder", quorum = 2 },
      { name = "do-medium", action = "contain.block_ip", severity = { "medium" }, outcome = "do" },
      { name = "world", action = "world.*", outcome = "do" },
      { name = "ask", kind = "contain", outcome = "ask", role = "approver", expires = "%(expires)s" },
    },
    protected = { { target = "203.0.113.250", mode = "never", reason = "the gateway" } },
    budgets = { { kind = "contain", per_hour = %(budget)d } },
  } },
}
"""


def start(budget=1000, expires="1h"):
    engine = Engine("-")
    files = []
    for name, body in BODIES.items():
        path = engine.folder / f"{name}.lua"
        path.write_text(PLAYBOOK.format(name=name, body=body, more=MORE.get(name, "")))
        files.append(f'"{path}"')
    engine.config.write_text(CONFIG % {
        "playbooks": ", ".join(files), "build": BUILD, "budget": budget, "expires": expires})
    return engine.start()


@pytest.fixture(scope="module")
def engine():
    it = start()
    try:
        yield it
    finally:
        it.remove()


@pytest.fixture(scope="module")
def people(engine):
    return {"approver-1": engine.token("approver-1", "approver"), "approver-2": engine.token("approver-2", "approver"),
            "responder-1": engine.token("responder-1", "responder"),
            "responder-2": engine.token("responder-2", "responder"), "viewer-1": engine.token("viewer-1", "viewer")}


NUMBERS = iter(range(1, 250))


def send(engine, token, title, **fields):
    """The run that the alert started."""
    answer = engine.post("/v1/alerts", token, alert(next(NUMBERS), title=title, category="network", **fields))
    assert answer.status == 202, answer.body
    shown = engine.get("/v1/alerts/" + answer.json["alerts"][0]["id"], token).json
    return shown["runs"][0]["id"]


def ended(engine, token, run):
    def check():
        shown = engine.get("/v1/runs/" + run, token).json
        return shown if shown["state"] in ("finished", "failed", "diverged", "unknown", "cancelled") else None
    return until(check, "the end of " + run)


def gate_of(engine, token, run):
    def check():
        for item in engine.get("/v1/approvals?state=pending&limit=500", token).json["items"]:
            if item["run"] == run:
                return engine.get("/v1/approvals/" + item["id"], token).json
        return None
    return until(check, "a gate of " + run)


def decide(engine, token, gate, decision="approve", **more):
    return engine.post(f"/v1/approvals/{gate['id']}/decision", token,
                       {"decision": decision, "digest": gate["digest"]} | more)


def value(shown):
    assert shown["state"] == "finished", shown
    return shown["value"]


def test_the_rules_decide(engine, sensor):
    run = ended(engine, sensor, send(engine, sensor, "block", src={"ip": "198.51.100.7"}))
    assert [s["how"] for s in run["steps"] if s["op"] == "act"] == ["denied"]
    run = ended(engine, sensor, send(engine, sensor, "block", severity="low"))
    assert [s["how"] for s in run["steps"] if s["op"] == "act"] == ["recommended"]
    run = ended(engine, sensor, send(engine, sensor, "block", severity="medium"))
    assert [s["ok"] for s in run["steps"] if s["op"] == "act"] == [True]


@pytest.mark.parametrize("address", ["203.0.113.250", "::ffff:203.0.113.250", "::ffff:cb00:71fa"])
def test_protection_wins_in_every_spelling(engine, sensor, address):
    run = ended(engine, sensor, send(engine, sensor, "block", severity="medium", src={"ip": address},
                                     device={"host": address.replace(":", "-")}))
    step = next(s for s in run["steps"] if s["op"] == "act")
    assert step["ok"] is False and "protected" in step["reason"], step


def test_a_quorum_is_of_distinct_persons(engine, sensor, people):
    gate = gate_of(engine, sensor, send(engine, sensor, "block", severity="fatal"))
    assert (gate["role"], gate["quorum"]) == ("responder", 2)
    assert decide(engine, people["approver-1"], gate).status == 403
    first = decide(engine, people["responder-1"], gate)
    assert (first.status, first.json["state"]) == (200, "pending")
    again = decide(engine, people["responder-1"], gate)
    assert again.status == 409
    second = decide(engine, people["responder-2"], gate)
    assert (second.status, second.json["state"]) == (200, "approved")
    ended(engine, sensor, gate["run"])
    late = decide(engine, people["responder-2"], gate, "reject", reason="too late")
    assert late.status == 409 and late.json["current"]["state"] == "approved"


def test_a_playbook_may_ask_for_more(engine, sensor, people):
    gate = gate_of(engine, sensor, send(engine, sensor, "stricter"))
    assert gate["quorum"] == 2
    assert decide(engine, people["approver-1"], gate).json["state"] == "pending"
    assert decide(engine, people["approver-2"], gate).json["state"] == "approved"
    assert value(ended(engine, sensor, gate["run"]))["ok"] is True


def test_who_asked_may_not_decide(engine, people, sensor):
    run = send(engine, people["responder-1"], "block")
    gate = gate_of(engine, sensor, run)
    assert decide(engine, people["responder-1"], gate).status == 403
    assert decide(engine, sensor, gate).status == 403
    assert decide(engine, people["viewer-1"], gate).status == 403
    assert decide(engine, people["approver-1"], gate).status == 200


def test_a_stale_digest_decides_nothing(engine, sensor, people):
    gate = gate_of(engine, sensor, send(engine, sensor, "block"))
    stale = decide(engine, people["approver-1"], gate | {"digest": "0" * 64})
    assert stale.status == 409 and stale.json["current"]["state"] == "pending"
    assert decide(engine, people["approver-1"], gate, "reject", reason="known").status == 200
    run = ended(engine, sensor, gate["run"])
    step = next(s for s in run["steps"] if s["op"] == "act")
    assert step["reason"] == "rejected: known"


def test_questions_are_answered_by_choice(engine, sensor, people):
    gate = gate_of(engine, sensor, send(engine, sensor, "question"))
    assert gate["choices"] == ["yes", "no"]
    assert decide(engine, people["approver-1"], gate, choice="perhaps").status == 400
    assert decide(engine, people["approver-1"], gate, choice="yes").status == 200
    assert value(ended(engine, sensor, gate["run"])) == {"answer": "yes"}


def test_no_answer_is_no_or_what_the_playbook_said(engine, sensor):
    assert value(ended(engine, sensor, send(engine, sensor, "unanswered"))) == {"answer": "no"}
    assert "nobody answered" in value(ended(engine, sensor, send(engine, sensor, "silence")))["why"]


def test_waits_branches_and_what_fails(engine, sensor):
    assert value(ended(engine, sensor, send(engine, sensor, "waiting")))["waited"] >= 2
    found = value(ended(engine, sensor, send(engine, sensor, "together")))
    assert (found["a"], found["b"], found["c"]) == (True, "late", "no luck")
    assert "no action" in value(ended(engine, sensor, send(engine, sensor, "nonsense")))["why"]


def test_errors_and_limits_end_a_run_by_line(engine, sensor):
    run = ended(engine, sensor, send(engine, sensor, "raises"))
    assert run["state"] == "failed" and "out of ideas" in run["reason"] and "raises.lua:" in run["reason"]
    run = ended(engine, sensor, send(engine, sensor, "endless"))
    assert run["state"] == "failed" and "endless.lua:" in run["reason"]
    run = ended(engine, sensor, send(engine, sensor, "too-long"))
    assert run["state"] == "failed" and "run_for" in run["reason"]


def test_a_lease_ends_by_itself(engine, sensor):
    run = ended(engine, sensor, send(engine, sensor, "short-lease", severity="medium"))
    lease = next(s["containment"] for s in run["steps"] if s.get("containment"))
    until(lambda: engine.get("/v1/containments/" + lease, sensor).json["state"] == "released", "the lease's end")


def test_cancelling_closes_the_gate(engine, sensor, people):
    gate = gate_of(engine, sensor, send(engine, sensor, "block"))
    cancelled = engine.post(f"/v1/runs/{gate['run']}/cancel", people["responder-1"], {"reason": "a test"})
    assert cancelled.json["state"] == "cancelled"
    assert engine.get("/v1/approvals/" + gate["id"], sensor).json["state"] == "void"
    assert decide(engine, people["approver-1"], gate).status == 409


def test_a_spent_budget_asks():
    engine = start(budget=1)
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        first = ended(engine, sensor, send(engine, sensor, "block", severity="medium"))
        assert first["state"] == "finished"
        gate = gate_of(engine, sensor, send(engine, sensor, "block", severity="medium"))
        assert gate["shown"]["rule"].startswith("budget")
    finally:
        engine.remove()


def test_a_gate_that_expires_blocks_nothing():
    engine = start(expires="1s")
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        run = ended(engine, sensor, send(engine, sensor, "block"))
        step = next(s for s in run["steps"] if s["op"] == "act")
        assert step["how"] == "expired" and not step["ok"]
        assert engine.get("/v1/containments", sensor).json["items"] == []
    finally:
        engine.remove()


def test_runs_go_on_in_their_own_version():
    """A changed playbook is for new runs; a run that waits replays the text that it began with."""
    engine = start()
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        approver = engine.token("approver-1", "approver")
        gate = gate_of(engine, sensor, send(engine, sensor, "question"))
        assert engine.stop() == 0
        path = engine.folder / "question.lua"
        path.write_text(path.read_text().replace("Is this you?", "Was it you?"))
        engine.start()
        again = engine.get("/v1/approvals/" + gate["id"], sensor).json
        assert (again["state"], again["digest"]) == ("pending", gate["digest"])
        assert decide(engine, approver, gate, choice="no").status == 200
        assert value(ended(engine, sensor, gate["run"])) == {"answer": "no"}
        other = gate_of(engine, sensor, send(engine, sensor, "question"))
        assert other["summary"] == "Was it you?"
        assert engine.document("audit", "rebuild", "--check")["ok"] is True
    finally:
        engine.remove()


def test_a_changed_plugin_voids_an_approval():
    """The approval covers the plugin's very bytes: another build means another question."""
    engine = start()
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        approver = engine.token("approver-1", "approver")
        plugin = engine.folder / "edl.so"
        plugin.write_bytes((pathlib.Path(HIKESHI).parent / "plugins" / "edl.so").read_bytes())
        engine.stop()
        engine.config.write_text(engine.config.read_text().replace('edl = { file = "edl" }', f'edl = {{ file = "{plugin}" }}'))
        engine.start()
        gate = gate_of(engine, sensor, send(engine, sensor, "block"))
        engine.stop()
        plugin.write_bytes(plugin.read_bytes() + b"\0")  # the same code, other bytes
        engine.start()
        stale = decide(engine, approver, gate)
        assert stale.status == 409, stale.body
        assert engine.get("/v1/approvals/" + gate["id"], sensor).json["state"] == "void"
        fresh = gate_of(engine, sensor, gate["run"])
        assert fresh["digest"] != gate["digest"]
        assert decide(engine, approver, fresh).status == 200
        assert ended(engine, sensor, gate["run"])["state"] == "finished"
    finally:
        engine.remove()


def test_an_approval_is_not_spent_on_what_cannot_follow():
    """Without its plugin the approved action can't be done: the question stays open."""
    engine = start()
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        approver = engine.token("approver-1", "approver")
        gate = gate_of(engine, sensor, send(engine, sensor, "block"))
        engine.stop()
        whole = engine.config.read_text()
        engine.config.write_text(whole.replace('edl = { file = "edl" },', ""))
        engine.start()
        refused = decide(engine, approver, gate)
        assert refused.status == 409 and "no action" in refused.json["detail"], refused.body
        assert engine.get("/v1/approvals/" + gate["id"], sensor).json["state"] == "pending"
        engine.stop()
        engine.config.write_text(whole)
        engine.start()
        assert decide(engine, approver, gate).status == 200
        assert ended(engine, sensor, gate["run"])["state"] == "finished"
    finally:
        engine.remove()


def test_a_flood_of_steps_waits_for_the_ledger():
    """Many runs with many branches at once: all of it is written, and nothing but time is used up."""
    engine = start()
    try:
        sensor = engine.token(service="sensor-1", role="analyst")
        path = engine.folder / "waiting.lua"
        path.write_text(PLAYBOOK.format(name="waiting", more="", body="""
    local branches = {}
    for i = 1, 200 do branches[i] = function() note("a" .. i); note("b" .. i); return i end end
    together(branches)
    return true
    """))
        engine.stop()
        engine.start()
        alerts = [alert(n % 250, title="waiting", category="network", uid=str(n), src={"ip": f"203.0.{n}.1"})
                  for n in range(60)]
        assert engine.post("/v1/alerts", sensor, alerts).status == 202

        def all_ended():
            runs = engine.get("/v1/runs?limit=500", sensor).json["items"]
            return len(runs) == 60 and all(run["state"] == "finished" for run in runs)
        until(all_ended, "the end of all runs")
        assert engine.stop() == 0
        assert engine.document("audit", "verify")["ok"] is True
    finally:
        engine.remove()
