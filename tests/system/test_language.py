"""The language of playbooks with the real engine, and what a restart in the middle of each construct leaves of it."""

import os
import pathlib

import pytest

from engine import Engine, alert
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])

PLAYBOOK = """
return playbook {
  name = "%(name)s", summary = "A playbook of the tests", on = { title = "%(name)s" },
  run = function(alert)
%(body)s
  end,
}
"""

BODIES = {
    "each": """
    return each({ 1, 2, 3, 4, 5 }, function(n)
      return retry(function(try)
        local done, why = act.world.touch_once { target = "host-" .. n, fail = n < 4 and try < 2 }
        return done and { n = n, try = try }, why
      end, { first = "3s", times = 3 })
    end, { at_once = 3 })
    """,
    "denied": """
    local done, why = retry(function() return act.contain.block_ip { ip = "198.51.100.7" } end, { first = "1h" })
    return { done = done, why = why }
    """,
}

CONFIG = """
return hikeshi {
  tenants = { main = {
    playbooks = { %(playbooks)s },
    plugins = { edl = { file = "edl" }, world = { file = "%(build)s/tests/plugins/world.so" } },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
    lists = { servers = { "198.51.100.0/24" } },
    authority = {
      { name = "never-servers", kind = "contain", targets = { "list:servers" }, outcome = "deny" },
      { name = "world", action = "world.*", outcome = "do" },
    },
  } },
}
"""


@pytest.fixture
def engine():
    it = Engine("-")
    files = []
    for name, body in BODIES.items():
        (it.folder / f"{name}.lua").write_text(PLAYBOOK % {"name": name, "body": body})
        files.append(f'"{name}.lua"')
    it.config.write_text(CONFIG % {"playbooks": ", ".join(files), "build": BUILD})
    try:
        it.start()
        it.sensor = it.token(service="sensor-1", role="analyst")
        yield it
    finally:
        it.remove()


def send(engine, title, number=1, **fields):
    """The run that the alert started."""
    answer = engine.post("/v1/alerts", engine.sensor, alert(number, title=title, category="network", **fields))
    assert answer.status == 202, answer.body
    return engine.get("/v1/alerts/" + answer.json["alerts"][0]["id"], engine.sensor).json["runs"][0]["id"]


def shown(engine, run):
    return engine.get("/v1/runs/" + run, engine.sensor).json


def in_state(engine, run, *states):
    def check():
        document = shown(engine, run)
        assert document["state"] in states or document["state"] in ("running", "waiting"), document
        return document if document["state"] in states else None
    return until(check, f"{run} to be {states}")


def ended(engine, run):
    document = in_state(engine, run, "finished", "failed", "diverged", "unknown", "cancelled")
    assert document["state"] == "finished", document
    return document["value"]


def kill(engine):
    """SIGKILL, and a new engine on the same folder."""
    engine.process.kill()
    engine.process.wait()
    engine.start()


def effects(engine):
    """The lines of what really took place."""
    return [line for log in engine.data.rglob("world.log") for line in log.read_text().splitlines()]


def test_each_and_retry_go_on_after_a_kill(engine):
    run = send(engine, "each")
    # Three at once, and all three wait before they try again.
    before = in_state(engine, run, "waiting")
    assert len([s for s in before["steps"] if s["op"] == "wait"]) == 3
    kill(engine)
    assert [item["value"] for item in ended(engine, run)] == [
        {"n": n, "try": 2 if n < 4 else 1} for n in range(1, 6)]
    steps = {step["step"]: step["op"] for step in shown(engine, run)["steps"]}
    assert steps == {f"0:{n}.{k}": "wait" if k == 1 else "act" for n in range(1, 6) for k in range(3 if n < 4 else 1)}
    # Each effect once, whatever happened in between.
    assert len(effects(engine)) == 5, effects(engine)


def test_a_denial_is_not_tried_again(engine):
    run = send(engine, "denied")
    assert "never-servers" in ended(engine, run)["why"]
    assert [step["op"] for step in shown(engine, run)["steps"]] == ["act"]
