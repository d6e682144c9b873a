"""`run watch`: what a run does, told as it happens."""

import re
import subprocess

import pytest

from engine import HIKESHI, playing
from test_flow import decide, ended, gate_of, send

PLAYBOOKS = {
    "outer": """return playbook { name = "outer", on = { title = "outer" }, run = function(alert)
  note("begins\\27[31m with " .. alert.src.ip)
  local inner, why = call "inner" { long = ("x"):rep(400) }
  local answer, silence = ask { question = "Is it yours?", choices = { "yes", "no" }, timeout = "1h" }
  return { answer = answer or silence, inner = inner or why }
end }
""",
    "inner": """return playbook { name = "inner", run = function()
  note "called"
  wait "1s"
  local ip, why = ip.parse "nothing"
  note(ip or why)
  return "done"
end }
""",
    "fails": """return playbook { name = "fails", on = { title = "fails" }, run = function()
  wait "1s"
  error("out of ideas")
end }
""",
}


@pytest.fixture(scope="module")
def engine():
    it = playing(PLAYBOOKS)
    try:
        yield it
    finally:
        it.remove()


class Watch:
    """The command, whose lines are read as they come."""

    def __init__(self, engine, run, *more):
        self.process = subprocess.Popen([HIKESHI, "run", "watch", run, "--data", str(engine.data), *more],
                                        stdout=subprocess.PIPE, text=True, env=engine.environment())
        self.lines = []

    def until(self, part):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if part in line:
                return line
        raise AssertionError((part, self.lines))

    def end(self):
        self.lines += self.process.stdout.read().splitlines()
        return self.process.wait(timeout=30)


def test_each_step_and_what_was_called(engine, sensor):
    person = engine.token("approver-1", "approver")
    run = send(engine, sensor, "outer")
    watch = Watch(engine, run)
    assert "  ask {" in watch.until("waits for people")
    gate = gate_of(engine, sensor, run)
    watch.until(f"hikeshi approval show {gate['id']}")
    assert decide(engine, person, gate, choice="no").status == 200
    assert watch.end() == 0
    text = "\n".join(watch.lines)
    assert watch.lines[0].startswith(run) and re.search(r"\d\d:\d\d:\d\d  note \{.*─► true", text)
    [called] = re.findall(r"call inner \{.*runs as (ru-\w+)", text)
    assert f"{called}  finished  inner" in text            # and its steps, further in
    assert len(re.findall(r"^\d\d:\d\d:\d\d    (?:note|wait) ", text, re.M)) >= 3, text
    assert '─► "no"' in text and watch.lines[-1] == f"{run}  finished"
    assert watch.lines[-2].startswith("  returned {") and '"answer":"no"' in watch.lines[-2]
    assert "\x1b" not in text and all(len(line) <= 160 for line in watch.lines)


def test_a_run_that_fails(engine, sensor):
    run = send(engine, sensor, "fails")
    watch = Watch(engine, run)
    assert watch.end() == 1
    text = "\n".join(watch.lines)
    assert f"{run}  failed" in text and "fails.lua:3: out of ideas" in text
    # one that has ended already is told from its beginning
    watch = Watch(engine, run)
    assert watch.end() == 1 and "wait " in "\n".join(watch.lines)


def test_as_a_document_it_is_the_run(engine, sensor):
    run = send(engine, sensor, "fails")
    watch = Watch(engine, run, "--json")
    assert watch.end() == 1 and len(watch.lines) == 1 and '"state":"failed"' in watch.lines[0]
    assert engine.run("run", "watch", "ru-nothing").returncode == 3
