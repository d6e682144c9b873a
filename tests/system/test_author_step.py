"""A recorded run, step by step: the lines, the names and their values, and what the record has of each step."""

import json
import os
import pathlib
import pty
import re
import select
import subprocess

import pytest

from engine import HIKESHI, playing
from test_flow import ended, gate_of, send

PLAYBOOKS = {
    "odd": r"""return playbook { name = "odd", on = { title = "odd" }, run = function(alert)
  local around = { a = 1 }
  around.itself = around
  local text, bytes, long = "line\nbreak\27[31m", "\xff\x00", ("x"):rep(5000)
  local list, none, yes, number = { 1, "two", null, { 3 } }, nil, true, 1.5
  local deep = { { { { 1 } } } }
  local mark = secret "key"
  local function tell(what, ...)
    local count = select("#", ...)
    note(what .. count)
  end
  tell("told ", 1, 2)
  for i = 1, 2 do note("loop " .. i) end
  local begun = now()
  wait "1s"
  note("after " .. now() - begun .. " " .. random(1000000))
  return { ok = true }
end }
""",
    "asks": """return playbook { name = "asks", on = { title = "asks" }, run = function(alert)
  local answers = together {
    one = function() return ask { question = "One?", timeout = "1h" } end,
    two = function() wait "1s" return "waited" end,
  }
  note("asked")
  return answers.two.value
end }
""",
    "fails": """return playbook { name = "fails", on = { title = "fails" }, run = function()
  note "before"
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


@pytest.fixture(scope="module")
def odd(engine, sensor):
    run = send(engine, sensor, "odd")
    assert ended(engine, sensor, run)["state"] == "finished"
    return run


def walk(engine, run, *args, status=0):
    done = engine.run("playbook", "replay", "--step", run, *args, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def names(item, frame=0):
    return {local["name"]: local["value"] for local in item["frames"][frame]["locals"]}


def changed(engine, tmp_path, name, before, after):
    text = (engine.folder / f"{name}.lua").read_text()
    assert before in text
    (tmp_path / "changed.lua").write_text(text.replace(before, after))
    return tmp_path / "changed.lua"


def test_each_step_with_its_line_and_what_came_of_it(engine, odd):
    document = walk(engine, odd)
    steps = document["items"]
    assert [(item["number"], item["step"], item["op"], item["line"]) for item in steps] == [
        (1, "0", "note", 10), (2, "1", "note", 13), (3, "2", "note", 13), (4, "3", "wait", 15), (5, "4", "note", 16)]
    assert all(item["recorded"]["ok"] and item["recorded"]["state"] == "settled" for item in steps)
    # the clock and the dice are the run's own, so it does the very same
    assert steps[4]["args"] == steps[4]["recorded"]["args"] and document["end"] == {"kind": "finished", "text": {"ok": True}}
    assert (document["run"], document["playbook"], document["file"]) == (odd, "odd", str(engine.folder / "odd.lua"))


def test_names_and_values(engine, odd):
    steps = walk(engine, odd)["items"]
    assert names(steps[0]) == {"what": '"told "', "count": "2"}   # of the function that asks
    seen = names(steps[0], 1)                                      # and of the one that called it
    assert seen["around"] == "{ a = 1, itself = { a = 1, itself = { a = 1, itself = { … } } } }"
    assert seen["text"] == '"line\\nbreak\\x1b[31m"' and seen["bytes"] == '"\\xff\\x00"'
    assert seen["long"].startswith('"xxx') and seen["long"].endswith('…"') and len(seen["long"]) < 200
    assert (seen["list"], seen["none"], seen["yes"], seen["number"]) == ('{ 1, "two", null, { 3 } }', "nil", "true", "1.5")
    assert seen["deep"] == "{ { { { … } } } }" and seen["mark"] == "mark" and seen["tell"] == "function"
    assert 'title = "odd"' in seen["alert"]
    assert [names(item)["i"] for item in steps[1:3]] == ["1", "2"]


def test_a_changed_text_shows_where_it_parts(engine, odd, tmp_path):
    path = changed(engine, tmp_path, "odd", '"loop "', '"round "')
    document = walk(engine, odd, path, status=1)
    assert [item["line"] for item in document["items"]] == [10, 13]
    assert document["end"] == {"kind": "diverged", "step": "1", "line": 13,
                               "expected": 'note {"text":"loop 1"} {}', "got": 'note {"text":"round 1"} {}'}
    done = engine.run("playbook", "replay", "--step", odd, path)
    assert done.returncode == 1 and "diverged at step 1" in done.stdout
    assert '  expected    note {"text":"loop 1"}' in done.stdout and '  got         note {"text":"round 1"}' in done.stdout
    # a step too few, and one more than there were
    assert walk(engine, odd, changed(engine, tmp_path, "odd", "for i = 1, 2", "for i = 1, 1"), status=1)["end"]["step"] == "2"
    last = walk(engine, odd, changed(engine, tmp_path, "odd", "  return { ok", '  note "more"\n  return { ok'))
    assert last["end"]["kind"] == "goes_on" and last["items"][-1]["recorded"] is None
    # what changes no step changes nothing
    assert walk(engine, odd, changed(engine, tmp_path, "odd", "ok = true", "ok = false"))["end"]["text"] == {"ok": False}


def test_a_run_that_waits_and_one_that_failed(engine, sensor):
    run = send(engine, sensor, "asks")
    gate_of(engine, sensor, run)
    document = walk(engine, run)
    assert document["end"] == {"kind": "waits"}
    recorded = {item["step"]: item["recorded"]["state"] for item in document["items"]}
    assert recorded["0:one.0"] == "waiting"
    run = send(engine, sensor, "fails")
    ended(engine, sensor, run)
    document = walk(engine, run)
    assert document["end"]["kind"] == "failed" and "fails.lua:3: out of ideas" in document["end"]["text"]
    text = engine.ok("playbook", "replay", "--step", run)
    assert " >    2 |   note \"before\"" in text and "fails.lua:3: out of ideas" in text


def test_runs_that_wait_can_be_tried_with_another_program(engine, sensor):
    """The loop that sdk/docs/replay.md shows, as it stands there."""
    page = (pathlib.Path(os.environ["HIKESHI_SOURCE"]) / "sdk/docs/replay.md").read_text(encoding="utf-8")
    [loop] = [block for block in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) if "for run in" in block]
    gate_of(engine, sensor, send(engine, sensor, "asks"))
    folder = pathlib.Path(HIKESHI).parent
    environment = engine.environment() | {"HIKESHI_DATA": str(engine.data), "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-eux", "-o", "pipefail", "-c", loop.replace("build/hikeshi", HIKESHI)], env=environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == "" and "playbook replay --step ru-" in done.stderr, done.stderr


def test_without_a_terminal_all_of_it_is_printed(engine, odd):
    text = engine.ok("playbook", "replay", "--step", odd)
    assert text.count("\nstep ") == 5 and "step 4 of 5  wait" in text and '  returned    {"ok":true}' in text
    assert "quit" not in text and "\x1b" not in text
    assert '    text = "line\\nbreak\\x1b[31m"' in text


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, engine, run):
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.execve(HIKESHI, [HIKESHI, "playbook", "replay", "--step", run, "--data", str(engine.data)],
                      engine.environment() | {"NO_COLOR": "1", "TERM": "dumb"})
        self.seen = ""

    def until(self, part):
        begin = len(self.seen)
        while part not in self.seen[begin:]:
            assert select.select([self.file], [], [], 30)[0], self.seen[begin:]
            self.seen += os.read(self.file, 65536).decode()
        return self.seen[begin:]

    def say(self, line):
        os.write(self.file, line.encode() + b"\n")

    def status(self):
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.file)
        return status


def test_on_a_terminal_one_goes_from_step_to_step(engine, odd):
    terminal = Terminal(engine, odd)
    assert "step 1 of 5  note" in terminal.until("quit: ")
    for command, shows in [("", "step 2 of 5"), ("n", "step 3 of 5"), ("b", "step 2 of 5"), ("5", "step 5 of 5"),
                           ("to 4", "step 4 of 5"), ("9", "a number is from 1 to 5"), ("\x1b[A", "there is no"),
                           ("e", "the end"), ("b", "step 5 of 5"), ("1", "step 1 of 5"), ("b", "step 1 of 5")]:
        terminal.say(command)
        assert shows in terminal.until("quit: "), command
    assert "\x1b" not in terminal.seen.replace("^[", "")
    terminal.say("q")
    assert terminal.status() == 0


def test_what_can_not_be_walked_through_is_told(engine, odd, tmp_path):
    assert engine.run("playbook", "replay", "--step", "ru-nothing").returncode == 3
    assert engine.run("playbook", "replay", "--step", "../x").returncode == 3
    assert engine.run("playbook", "replay", "--step", odd, "missing.lua").returncode == 3
    assert engine.run("playbook", "replay", "--step", odd, "--limit", "3").returncode == 2
    assert engine.run("playbook", "replay").returncode == 2
    (tmp_path / "broken.lua").write_text("return playbook {")
    done = engine.run("playbook", "replay", "--step", odd, tmp_path / "broken.lua")
    assert done.returncode == 1 and "broken.lua:1:" in done.stderr and done.stdout == ""
