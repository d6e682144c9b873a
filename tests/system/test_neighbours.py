"""A playbook that takes all it can get, run over and over by alerts, keeps neither other playbooks nor people waiting.

Nothing here is measured: what is asked for is done while most of the hostile runs are still to come.
"""

import re

import pytest

from engine import Engine, alert
from waiting import until

HOSTILE = 2000  # runs; more than twice as many as there are places for runs in memory
CONFIG = """
return hikeshi { tenants = { main = {
  playbooks = { "./hostile.lua", "./hold.lua", "./look.lua" },
  plugins = { edl = {} },
  capabilities = { ["contain.block_ip"] = "edl.block_ip" },
  authority = { { name = "people decide", kind = "contain", outcome = "ask" } },
} } }
"""
PLAYBOOKS = {
    "hostile": """
return playbook { name = "hostile", summary = "Never ends", on = { category = "malware" },
  run = function(alert) while true do end end }
""",
    "hold": """
return playbook { name = "hold", summary = "Hold an address", on = { category = "authentication" },
  run = function(alert)
    local lease, why = act.contain.block_ip({ ip = alert.src.ip }, { expires = "4h" })
    return note("blocked: " .. tostring(lease ~= nil))
  end }
""",
    "look": """
return playbook { name = "look", summary = "Take some steps", on = { category = "network" },
  run = function(alert)
    for i = 1, 20 do note("step " .. i) end
    return 20
  end }
""",
}


@pytest.fixture
def flooded():
    """An engine that has as many hostile runs to do as it takes in, and has found the first out."""
    engine = Engine(CONFIG)
    try:
        for name, text in PLAYBOOKS.items():
            (engine.folder / f"{name}.lua").write_text(text)
        engine.start()
        engine.sensor = engine.token(service="sensor-1", role="analyst")
        engine.approver = engine.token(user="approver-1", role="approver")
        answer = engine.post("/v1/alerts", engine.sensor, [
            {"title": f"Host {i} beacons", "category": "malware", "severity": "low", "uid": f"m-{i}",
             "src": {"ip": f"198.51.100.{i % 250 + 1}"}} for i in range(HOSTILE)])
        assert answer.status == 202, answer.body
        until(lambda: failed(engine) >= 1, "the first hostile run to be stopped")
        yield engine
    finally:
        engine.remove()


def metric(engine, name):
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\d+)", engine.get("/metrics", engine.approver).body.decode(), re.M)
    assert found, name
    return int(found[1])


def failed(engine):
    return metric(engine, "hikeshi_runs_failed_total")


def runs(engine, playbook):
    return [run for run in engine.document("run", "list", "--limit", "500")["items"] if run["playbook"] == playbook]


def test_others_go_on(flooded):
    engine = flooded
    engine.post("/v1/alerts", engine.sensor, [
        alert(number, category="network", severity="low", title=f"Scan {number}") for number in range(1, 51)])
    until(lambda: metric(engine, "hikeshi_runs_finished_total") >= 50, "fifty runs of a neighbour")
    assert failed(engine) < HOSTILE / 2


def test_people_decide_and_it_is_done(flooded):
    engine = flooded
    engine.post("/v1/alerts", engine.sensor, alert(1))
    gates = until(lambda: engine.document("approval", "list", "--state", "pending")["items"], "the gate")
    digest = engine.document("approval", "show", gates[0]["id"])["digest"]
    answer = engine.post(f"/v1/approvals/{gates[0]['id']}/decision", engine.approver,
                         {"decision": "approve", "digest": digest})
    assert answer.status == 200, answer.body
    until(lambda: engine.document("contain", "list", "--state", "active")["items"], "the block")
    until(lambda: metric(engine, "hikeshi_runs_finished_total") >= 1, "the end of the run")
    assert failed(engine) < HOSTILE / 2
