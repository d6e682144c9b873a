"""A run whose replay does not follow its record: it is parked by one entry, and nothing else is written or done.

No playbook reads anything that is not in the record. But floating-point functions may differ in the last digit between
kinds of machines, as the guide says; so the second engine is one with another exp (tests/machine/other_machine.c).
"""

import json
import os
import pathlib

import pytest

from engine import Engine, alert
from waiting import until

BUILD = pathlib.Path(os.environ["HIKESHI_BUILD"])
OTHER_MACHINE = BUILD / "tests" / "machine" / "other_machine.so"
WAIT_S = 3

# Both do the same; one of them writes down the last digit of a result.
PLAYBOOK = """
return playbook {
  name = "%(name)s", summary = "A playbook of the tests", on = { title = "%(name)s" },
  run = function(alert)
    act.world.touch_once { target = "%(name)s-one" }
    local ways = together {
      first = function()
        wait "%(wait)ds"
        return act.world.touch_once { target = "%(name)s-two" }
      end,
      second = function()
        return note("it is " .. ("%(format)s"):format(math.exp(1)))
      end,
    }
    act.world.touch_once { target = "%(name)s-three" }
    return ways.first.ok
  end,
}
"""
FORMATS = {"exact": "%.17g", "rounded": "%.6g"}

CONFIG = """
return hikeshi {
  tenants = { main = {
    playbooks = { "exact.lua", "rounded.lua" },
    plugins = { world = { file = "%s/tests/plugins/world.so" } },
    authority = { { name = "world", action = "world.*", outcome = "do" } },
  } },
}
"""


@pytest.fixture
def engine():
    if not OTHER_MACHINE.exists():
        pytest.skip("a sanitizer's functions don't go together with a library that is loaded before them")
    it = Engine("-")
    for name, form in FORMATS.items():
        (it.folder / f"{name}.lua").write_text(PLAYBOOK % {"name": name, "format": form, "wait": WAIT_S})
    it.config.write_text(CONFIG % BUILD)
    try:
        it.start()
        it.sensor = it.token(service="sensor-1", role="analyst")
        yield it
    finally:
        it.remove()


def begin(engine, title, number):
    answer = engine.post("/v1/alerts", engine.sensor, alert(number, title=title, category="network"))
    assert answer.status == 202, answer.body
    return engine.get("/v1/alerts/" + answer.json["alerts"][0]["id"], engine.sensor).json["runs"][0]["id"]


def shown(engine, run):
    return engine.get("/v1/runs/" + run, engine.sensor).json


def entries(engine, run):
    return [json.loads(line) for line in engine.ok("audit", "show", "--subject", run, "--jsonl").splitlines()]


def effects(engine):
    return sorted(json.loads(line)["target"] if line.startswith("{") else line
                  for log in engine.data.rglob("world.log") for line in log.read_text().splitlines())


def waits(engine, run):
    """Does it wait for its timer, with everything else done?"""
    states = {step["step"]: step["state"] for step in shown(engine, run)["steps"]}
    return states == {"0": "settled", "1:first.0": "waiting", "1:second.0": "settled"}


def test_a_diverged_run_is_parked(engine):
    runs = {name: begin(engine, name, number) for number, name in enumerate(FORMATS, 1)}
    for run in runs.values():
        until(lambda: waits(engine, run), f"{run} to wait")
    before = entries(engine, runs["exact"])
    engine.process.kill()
    engine.process.wait()

    engine.extra = {"LD_PRELOAD": str(OTHER_MACHINE)}
    engine.start()
    until(lambda: shown(engine, runs["exact"])["state"] == "diverged", "the run to be parked")
    # Its neighbour, on the same machine at the same time, goes on to its end.
    until(lambda: shown(engine, runs["rounded"])["state"] == "finished", "the other run to end")

    after = entries(engine, runs["exact"])
    assert after[:len(before)] == before
    kinds = [entry["line"].split()[3] for entry in after[len(before):]]
    # One entry; before it, when the engine took long to start, the timer that was due meanwhile.
    assert kinds in (["run.diverged"], ["step.settled", "run.diverged"]), kinds
    said = after[-1]["payload"]
    assert said["step"] == "1:second.0"
    assert said["expected"].startswith("note {") and said["got"].startswith("note {")
    assert "2.7182818284590451" in said["expected"] and "2.7182818284590455" in said["got"]
    assert said["where"].rpartition("/")[2] == "exact.lua:12", said

    done = effects(engine)
    assert [line for line in done if "exact" in line] == [line for line in done if "exact-one" in line], done
    assert len([line for line in done if "rounded" in line]) == 3, done

    # It stays parked, also where the record would be followed again, and the record holds.
    assert engine.stop() == 0
    engine.extra = {}
    engine.start()
    other = begin(engine, "rounded", 9)
    until(lambda: shown(engine, other)["state"] == "finished", "a run that began later")
    assert entries(engine, runs["exact"]) == after
    assert [line for line in effects(engine) if "exact" in line] == [line for line in done if "exact" in line]
    assert engine.stop() == 0
    engine.ok("audit", "verify")
    assert engine.document("audit", "rebuild", "--check")["ok"] is True
