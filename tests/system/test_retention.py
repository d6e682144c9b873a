"""Retention: what is older than the configuration says goes by itself, in slices; what is still needed stays and is
counted; what became due while nothing ran is late, not lost."""

import json

import pytest

from engine import Engine, alert, tenant_lua
from people import person
from test_erase import found, gate_of, id_of, sound
from waiting import until


def config(retention):
    tenant = tenant_lua()
    return "return hikeshi { tenants = { main = %s,\n  retention = %s } } }" % (
        tenant[:tenant.rindex("}")].rstrip().rstrip(","), retention)


def figure(engine, name):
    line = next(line for line in engine.get("/metrics").body.decode().splitlines() if line.startswith(name))
    return int(float(line.split()[-1]))


def send(engine, token, number, **fields):
    return id_of(engine.post("/v1/alerts", token, alert(number, **fields)))


def erasures(engine):
    said = engine.run("audit", "show", "--subject", "erasure", "--json")
    return [item["payload"] for item in json.loads(said.stdout)["items"]] if said.returncode == 0 else []


def test_alerts_go_and_what_is_needed_stays():
    engine = Engine(config('{ alerts = "1s" }'))
    try:
        engine.start()
        sensor = engine.token(service="sensor-1", role="analyst")
        approver = engine.token(user="approver-1", role="approver")
        quiet = [send(engine, sensor, n, category="web", severity="low", title=f"MARK-retained-{n}") for n in range(1, 40)]
        asked = send(engine, sensor, 50, title="MARK-retained-asked")
        run = engine.get(f"/v1/alerts/{asked}", approver).json["runs"][0]["id"]
        gate = until(lambda: gate_of(engine, approver, run), "a gate")
        until(lambda: all(engine.get(f"/v1/alerts/{it}", approver).json["title"] is None for it in quiet), "their end")
        until(lambda: figure(engine, "hikeshi_retention_kept") == 1, "what is kept")
        assert engine.get(f"/v1/alerts/{asked}", approver).json["title"] == "MARK-retained-asked"
        assert figure(engine, "hikeshi_retention_erased_entries_total") >= len(quiet)
        due = engine.document("audit", "erase", "--due", "--dry-run")
        assert due["kept"] == [asked] and due["rules"][0] == {
            "rule": "alerts", "keep": "1s", "due": [], "due_entries": 0, "more": False}
        said = erasures(engine)
        assert all(entry["rule"] == "alerts" and entry["reason"] == "retention.alerts = 1s" for entry in said)
        assert 5 <= len(said) <= len(quiet)  # slices, not one by one and not all at once

        # What was needed goes once it isn't any more; the bytes go at the latest with the stop.
        assert engine.post(f"/v1/approvals/{gate['id']}/decision", approver, {
            "decision": "reject", "digest": gate["digest"], "reason": "no"}).status == 200
        until(lambda: engine.get(f"/v1/alerts/{asked}", approver).json["title"] is None, "its end")
        until(lambda: figure(engine, "hikeshi_retention_kept") == 0, "nothing kept")
        sound(engine)
        assert engine.stop() == 0
        assert found(engine.data, ["MARK-retained-"]) == []
    finally:
        engine.remove()


def test_late_but_not_lost_by_the_rules_for_cases_and_sessions():
    engine = Engine(config('{ cases = "300d" }'))
    try:
        engine.start()
        sensor = engine.token(service="sensor-1", role="analyst")
        approver = engine.token(user="approver-1", role="approver")
        it = person(engine, "viewer-1", "viewer", **{"User-Agent": "MARK-retained-agent"})
        asked = send(engine, sensor, 1, title="MARK-retained-case")
        run = engine.get(f"/v1/alerts/{asked}", approver).json["runs"][0]["id"]
        gate = until(lambda: gate_of(engine, approver, run), "a gate")
        assert engine.post(f"/v1/approvals/{gate['id']}/decision", approver, {
            "decision": "reject", "digest": gate["digest"], "reason": "no"}).status == 200
        case = engine.get(f"/v1/alerts/{asked}", approver).json["case"]
        until(lambda: engine.get(f"/v1/cases/{case}", approver).json["state"] == "closed", "the case's close")
        assert engine.get(f"/v1/cases/{case}", approver).json["title"] == "MARK-retained-case"
        assert engine.stop() == 0
        engine.config.write_text(config('{ cases = "1s", sessions = "1s" }'))
        engine.start()
        until(lambda: engine.get(f"/v1/cases/{case}", approver).json["title"] is None, "the case's end")
        until(lambda: {said["rule"] for said in erasures(engine)} == {"cases", "sessions"}, "both rules")
        assert engine.get(f"/v1/cases/{case}", approver).json["state"] == "closed"
        assert engine.get(f"/v1/alerts/{asked}", approver).json["title"] == "MARK-retained-case"  # no rule for it
        it.url = engine.url
        assert it.get("/account").status_code == 200  # who is logged in stays so
        assert "MARK-retained-agent" not in engine.ok("audit", "show", "--limit", "500", "--json")
        sound(engine)
    finally:
        engine.remove()


@pytest.mark.parametrize("text,problem", [
    ('{ alerts = "0s" }', "retention.alerts: expected a time"),
    ('{ alerts = 5 }', "retention.alerts: expected a time"),
    ('{ logs = "1d" }', "retention"),
    ('"1d"', "retention"),
])
def test_mistakes_are_named(fresh, text, problem):
    fresh.config = fresh.folder / "hikeshi.lua"
    fresh.config.write_text(config(text))
    said = fresh.run("config", "check", fresh.config)
    assert said.returncode != 0 and problem in said.stderr + said.stdout, said
