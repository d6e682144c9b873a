"""A test that is written from a real run passes as it is, and fails when the playbook does otherwise."""

import json

import pytest

from engine import HIKESHI
from test_flow import decide, ended, gate_of, send, start
from waiting import until

import subprocess


@pytest.fixture(scope="module")
def engine():
    it = start(expires="1s")
    try:
        yield it
    finally:
        it.remove()


@pytest.fixture(scope="module")
def approver(engine):
    return engine.token("approver-1", "approver")


def as_test(engine, run):
    done = engine.run("run", "show", run, "--as-test")
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def source_of(engine, run):
    version = engine.document("run", "show", run)["version"]
    return engine.get("/v1/playbooks/" + version, engine.token("viewer-1", "viewer")).json["source"]


@pytest.mark.parametrize("title,fields", [
    ("block", {"severity": "medium"}), ("block", {"severity": "low"}), ("block", {"src": {"ip": "198.51.100.7"}}),
    ("block", {}),  # nobody answers in its second
    ("short-lease", {"severity": "medium"}), ("unanswered", {}), ("silence", {}), ("waiting", {}), ("together", {}),
    ("nonsense", {}), ("raises", {}), ("too-long", {}),
])
def test_a_run_passes_as_a_test(engine, sensor, title, fields):
    run = send(engine, sensor, title, **fields)
    ended(engine, sensor, run)
    text = as_test(engine, run)
    assert f'test("run {run}", function(t)' in text


def test_what_people_said_is_in_it(engine, sensor, approver, tmp_path):
    run = send(engine, sensor, "question")
    gate = gate_of(engine, sensor, run)
    waiting = as_test(engine, run)
    assert "t.unknown()" in waiting and "t.held()" in waiting
    assert decide(engine, approver, gate, choice="no").status == 200
    ended(engine, sensor, run)
    text = as_test(engine, run)
    assert '"no")' in text and 't.returned { answer = "no" }' in text.replace("t.returned(", "t.returned ").replace("})", "}")
    (tmp_path / "question.lua").write_text(source_of(engine, run))
    (tmp_path / "question.test.lua").write_text(text)
    command = [HIKESHI, "playbook", "test", "question.lua", "--json"]
    report = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60).stdout)
    assert report["ok"] and report["tests"] == 1
    changed = (tmp_path / "question.lua").read_text().replace("Is this you?", "Was this you?")
    (tmp_path / "question.lua").write_text(changed)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Was this you?" in done.stdout


def test_runs_that_were_cut_off_are_refused(engine, sensor):
    run = send(engine, sensor, "question")
    gate_of(engine, sensor, run)
    assert engine.run("run", "cancel", run, "--reason", "not needed").returncode == 0
    until(lambda: engine.document("run", "show", run)["state"] == "cancelled", "the cancellation")
    done = engine.run("run", "show", run, "--as-test")
    assert done.returncode == 1 and "cancelled" in done.stderr
    assert engine.run("run", "show", "ru-nothing", "--as-test").returncode == 3
