"""A playbook that another one calls: its run as a test, and told again by a changed text."""

import json
import subprocess

import pytest

from engine import HIKESHI, playing
from test_flow import ended, send

CALLED = """return playbook { name = "called", run = function(alert, args)
  note("about " .. args.host)
  wait "1s"
  if args.host == "host-2" then error("out of ideas") end
  return { host = args.host, title = alert.title }
end }
"""
CALLER = """return playbook { name = "caller", on = { title = "caller" }, run = function()
  local one = call "called" { host = "host-1" }
  local _, why = call "called" { host = "host-2" }
  return { one = one, why = why }
end }
"""


@pytest.fixture(scope="module")
def engine():
    it = playing({"caller": CALLER, "called": CALLED})
    try:
        yield it
    finally:
        it.remove()


@pytest.fixture(scope="module")
def runs(engine):
    """The ids: of the caller, and of what it called, the first one first."""
    sensor = engine.token(service="sensor-1", role="analyst")
    caller = send(engine, sensor, "caller")
    shown = ended(engine, sensor, caller)
    assert shown["state"] == "finished" and "out of ideas" in shown["value"]["why"], shown
    return [caller] + [step["run"] for step in shown["steps"]]


def test_what_the_caller_handed_over_is_shown(engine, runs):
    assert [engine.document("run", "show", run).get("args") for run in runs] == [
        None, {"host": "host-1"}, {"host": "host-2"}]


def test_a_called_run_passes_as_a_test(engine, runs, tmp_path):
    (tmp_path / "called.lua").write_text(CALLED)
    for run in runs[1:]:
        (tmp_path / "called.test.lua").write_text(engine.ok("run", "show", run, "--as-test"))
        done = subprocess.run([HIKESHI, "playbook", "test", "called.lua"], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0 and "1 tests, 0 failed" in done.stdout, done.stdout
        assert "host = " in (tmp_path / "called.test.lua").read_text()


def test_a_called_run_is_told_again_without_a_trigger(engine, runs, tmp_path):
    document = json.loads(engine.ok("playbook", "replay", engine.folder / "called.lua", "--json"))
    assert document["runs"] == document["same"] == 2 and all(item["starts"] for item in document["items"])
    assert document["alerts"]["would_start"] == []
    (tmp_path / "changed.lua").write_text(CALLED.replace('== "host-2"', '== "host-1"'))
    document = json.loads(engine.ok("playbook", "replay", tmp_path / "changed.lua", "--json"))
    ends = {item["run"]: item["end"] for item in document["items"]}
    assert ends == {runs[1]: {"was": "finished", "is": "failed"}, runs[2]: {"was": "failed", "is": "finished"}}
