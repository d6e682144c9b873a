"""What becomes due is looked at when it is due, also where the disk is so slow that it is due before it is written.

A timer that fires while the entry that it is about is on its way to the disk finds nothing; somebody must look again.
Each transaction of this engine takes longer than what it is about may last.
"""

import os
import pathlib
import time

import pytest

import engine as engine_module
from engine import Engine, alert
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
CRASH = BUILD / "hikeshi-crash"
COMMIT_MS = 1300

pytestmark = pytest.mark.skipif(not CRASH.exists(), reason="hikeshi-crash is not built")

PLAYBOOK = """
return playbook {
  name = "slow", summary = "A second of each", on = { category = "network" },
  run = function(alert)
    if alert.title == "wait" then wait "1s"; return "waited" end
    if alert.title == "question" then
      return { ask { question = "Is this you?", choices = { "yes", "no" }, timeout = "1s", otherwise = "no" } }
    end
    return { act.contain.block_ip({ ip = alert.src.ip }, { expires = "1s" }) ~= nil }
  end,
}
"""

CONFIG = """
return hikeshi {
  tenants = { main = {
    playbooks = { "slow.lua" },
    plugins = { edl = { file = "edl" } },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
    authority = { { name = "do", action = "contain.*", outcome = "do" } },
  } },
}
"""


@pytest.fixture(scope="module")
def slow():
    was, engine_module.HIKESHI = engine_module.HIKESHI, str(CRASH)
    it = Engine(CONFIG)
    (it.folder / "slow.lua").write_text(PLAYBOOK)
    it.extra = {"HIKESHI_STALL": f"ledger.before_commit:{COMMIT_MS}"}
    try:
        it.start()
        it.sensor = it.token(service="sensor-1", role="analyst")
        yield it
    finally:
        it.remove()
        engine_module.HIKESHI = was


@pytest.mark.parametrize("number, what", enumerate(["wait", "question", "lease"], 1))
def test_what_is_due_before_it_is_on_disk(slow, number, what):
    answer = slow.post("/v1/alerts", slow.sensor, alert(number, title=what, category="network"))
    shown = slow.get("/v1/alerts/" + answer.json["alerts"][0]["id"], slow.sensor).json
    run = "/v1/runs/" + shown["runs"][0]["id"]
    until(lambda: slow.get(run, slow.sensor).json["state"] == "finished", f"the end of {what}")
    if what == "lease":
        until(lambda: [c["state"] for c in slow.get("/v1/containments", slow.sensor).json["items"]] == ["released"],
              "the lease's end")


OVERDUE = """
return playbook {
  name = "overdue", summary = "Nobody knows, for longer than it may take", on = { category = "network" },
  limits = { run_for = "3s" },
  run = function(alert)
    act.world.touch_once({ target = "host", before_ms = 60000 }, { timeout = "1s" })
    wait "1h"
  end,
}
"""


def test_the_end_of_a_run_comes_once_somebody_knows():
    """While a step is unknown the end of its run stands still; then it is looked at, not at the next chance."""
    it = Engine(CONFIG.replace('"slow.lua"', '"overdue.lua"').replace('contain.*', '*').replace(
        'edl = { file = "edl" }', f'world = {{ file = "{BUILD}/tests/plugins/world.so" }}').replace(
        'capabilities = { ["contain.block_ip"] = "edl.block_ip" },', ""))
    (it.folder / "overdue.lua").write_text(OVERDUE)
    try:
        it.start()
        person = it.token(user="responder-1", role="responder")
        began = time.monotonic()
        answer = it.post("/v1/alerts", it.token(service="sensor-1", role="analyst"), alert(category="network"))
        run = "/v1/runs/" + it.get("/v1/alerts/" + answer.json["alerts"][0]["id"], person).json["runs"][0]["id"]
        shown = until(lambda: (s := it.get(run, person).json)["state"] == "unknown" and s, "nobody to know")
        until(lambda: time.monotonic() > began + 4, "the end of its time")
        step = next(s["step"] for s in shown["steps"] if s["state"] == "unknown")
        answer = it.post(run + "/resolve", person, {"step": step, "resolution": "did_not", "evidence": "looked"})
        assert answer.status == 200, answer.body
        until(lambda: "run_for" in (it.get(run, person).json["reason"] or ""), "the end of the run", patience_s=20)
    finally:
        it.remove()


DAY_S = 24 * 3600


def test_what_still_holds_is_written_down_once_a_day():
    """The plugin is asked all the time; what it says again and again is news once a day."""
    was, engine_module.HIKESHI = engine_module.HIKESHI, str(CRASH)
    it = Engine(CONFIG.replace('capabilities', 'verify = { every = "1s" }, lease = { max = "30d" }, capabilities'))
    (it.folder / "slow.lua").write_text(PLAYBOOK.replace('expires = "1s"', 'expires = "20d"'))

    def verified():
        return sum("containment.verified" in line for line in it.ok("audit", "show", "--subject", lease, "--jsonl")
                   .splitlines())

    def looked():
        return it.get("/v1/containments/" + lease, sensor).json["checked"]

    def wait_for_looks(count):
        for _ in range(count):
            before = looked()
            until(lambda: looked() != before, "another look")

    try:
        for ahead, expected in ((-3 * DAY_S, 1), (-3 * DAY_S + 3600, 1), (-2 * DAY_S + 60, 2), (-DAY_S + 120, 3)):
            it.extra = {"HIKESHI_CLOCK": str(ahead)}
            it.start()
            if ahead == -3 * DAY_S:
                sensor = it.token(service="sensor-1", role="analyst")
                it.post("/v1/alerts", sensor, alert(title="lease", category="network"))
                lease = until(lambda: [c for c in it.get("/v1/containments", sensor).json["items"]
                                       if c["state"] == "active"], "the block")[0]["id"]
            wait_for_looks(2)
            assert verified() == expected
            assert it.stop() == 0
        it.ok("audit", "rebuild", "--check")
    finally:
        it.remove()
        engine_module.HIKESHI = was
