"""The configuration: what is wrong is named with its file and line; a changed one is put into force."""

import json
import pathlib
import signal
import socket
import threading

import pytest

from engine import Engine, alert, tenant_lua
from waiting import until

BROKEN = {
    # what is wrong, the line, and words of the error
    "an unknown key": ("return hikeshi {\n tenants = {\n  main = {\n   plugins = {\n    edl = { fil = 1 },\n"
                       "   },\n  },\n },\n}\n", 5, "tenants.main.plugins.edl.fil: there is no such key"),
    "a wrong word in a rule": ("return hikeshi {\n tenants = { main = { authority = {\n  { kind = 'contain',\n"
                               "    outcome = 'perhaps' } } } } }\n", 4, "authority[0].outcome: perhaps is none of"),
    "a duration that is none": ("return hikeshi { tenants = { main = { lease = {\n default = '1h',\n"
                                " max = '4 weeks' } } } }\n", 3, "lease.max: \"4 weeks\" is not a duration"),
    "a number for a duration": ("return hikeshi { tenants = { main = {\n dedupe = {\n  window = 1 } } } }\n", 3,
                                "dedupe.window: expected a duration"),
    "an unknown key of dedupe": ("return hikeshi { tenants = { main = {\n dedupe = {\n  windw = '1h' } } } }\n", 3,
                                 "dedupe.windw: there is no such key"),
    "an unknown key of lease": ("return hikeshi { tenants = { main = {\n lease = { mx = '1h' } } } }\n", 2,
                                "lease.mx: there is no such key"),
    "a playbook that isn't there": ("return hikeshi { tenants = { main = {\n playbooks = {\n  'none.lua' } } } }\n",
                                    3, "tenants.main.playbooks[0]"),
    "a syntax error": ("return hikeshi {\n tenants = { main = { = 1 } }\n}\n", 2, "unexpected symbol"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_named_by_check_and_by_serve(what):
    text, line, words = BROKEN[what]
    it = Engine(text)
    try:
        for command in (["config", "check", it.config], ["serve", "--config", it.config]):
            done = it.run(*command)
            assert done.returncode in (1, 3), done
            assert f"hikeshi.lua:{line}: " in done.stderr, done.stderr
            assert words in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1
    finally:
        it.remove()


@pytest.fixture
def changing():
    it = Engine("return hikeshi {\n  tenants = { main = " + tenant_lua() + " },\n}\n")
    try:
        yield it
    finally:
        it.remove()


def test_a_good_change_is_in_force_and_nobody_is_refused(changing):
    changing.start()
    sensor = changing.token(service="sensor-1", role="analyst")
    changing.post("/v1/alerts", sensor, alert(1))
    gate = until(lambda: changing.document("approval", "list", "--state", "pending")["items"], "the gate")[0]["id"]
    process = changing.process.pid
    text = changing.config.read_text()
    changing.config.write_text(text.replace("hikeshi {", "hikeshi {\n  log_format = \"json\",", 1).replace(
        'expires = "1h"', 'expires = "2h"'))

    refused = []
    done = threading.Event()

    def knock():
        while not done.is_set():
            try:
                answer = changing.get("/livez")
                if answer.status != 200:
                    refused.append(answer.status)
            except ConnectionRefusedError as error:
                refused.append(error)
            except OSError:
                pass  # a connection that was open while the engine stopped

    knocking = threading.Thread(target=knock)
    knocking.start()
    try:
        applied = changing.document("config", "apply")
    finally:
        done.set()
        knocking.join()
    assert applied["engine_started"]
    assert changing.process.poll() is None and changing.process.pid == process
    assert not refused
    assert "2h" in json.dumps(changing.document("config", "show")["in_force"])
    # What waited waits on, and new alerts are judged by the new rules.
    assert changing.document("approval", "show", gate)["state"] == "pending"
    changing.post("/v1/alerts", sensor, alert(2))
    until(lambda: len(changing.document("approval", "list", "--state", "pending")["items"]) == 2, "the second gate")
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    states = [pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] for child in children]
    assert "Z" not in states
    assert changing.stop() == 0
    assert changing.document("audit", "verify")["ok"] is True


def test_a_broken_change_is_refused_by_its_line_and_changes_nothing(changing):
    changing.start()
    before = changing.document("config", "show")
    changing.config.write_text("return hikeshi {\n tenants = {},\n}\n")
    done = changing.run("config", "apply")
    assert done.returncode == 1 and "hikeshi.lua:2: tenants: expected a table" in done.stderr
    changing.process.send_signal(signal.SIGHUP)
    until(lambda: any("the configuration stays as it is" in line for line in changing.lines), "word of the refusal")
    assert changing.document("config", "show") == before


def test_only_the_folder_and_the_provider_may_apply(changing):
    changing.start()
    admin = changing.token(user="admin-1", role="tenant-admin")
    assert changing.post("/v1/config/apply", admin).status == 403
    assert changing.get("/v1/config", changing.token(user="viewer-1", role="viewer")).status == 403


def test_a_hangup_applies_a_good_change(changing):
    changing.start()
    before = changing.document("config", "show")["engine_started"]
    changing.process.send_signal(signal.SIGHUP)
    until(lambda: changing.lines.count("ready") == 2, "the engine to begin anew")
    assert changing.document("config", "show")["engine_started"] != before


def test_the_service_manager_is_told(changing, tmp_path):
    """The protocol of sd_notify(3), with a socket of our own in the manager's place."""
    place = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    place.bind(str(tmp_path / "notify"))
    place.settimeout(30)
    changing.extra = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}

    def told(word):
        while True:
            text = place.recv(4096).decode()
            if word in text.splitlines():
                return text

    changing.start()
    told("READY=1")
    told("WATCHDOG=1")
    told("WATCHDOG=1")
    changing.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in told("RELOADING=1")
    told("READY=1")
    changing.process.terminate()
    told("STOPPING=1")
    place.close()


def test_diagnostics_come_as_json_too():
    it = Engine("return hikeshi {\n  log_format = \"json\", log_level = \"debug\",\n  tenants = { main = {} },\n}\n")
    try:
        it.start()
        it.config.write_text("return \"\\\" }\"")
        it.process.send_signal(signal.SIGHUP)
        lines = until(lambda: [line for line in it.lines if line.startswith("{")], "a line of JSON")
        for line in lines:
            assert set(json.loads(line)) == {"time", "level", "text"}
    finally:
        it.remove()


def test_tenants_come_and_go():
    """The file is the whole engine's: nobody is named to apply it. What a tenant had waits until it is back."""
    both = "return hikeshi { tenants = { one = %s, two = %s } }" % (tenant_lua(), tenant_lua())
    engine = Engine(both)
    try:
        engine.start()
        sensor = engine.token(service="sensor-1", role="analyst", tenant="two")
        approver = engine.token(user="approver-1", role="approver", tenant="two")
        engine.post("/v1/alerts", sensor, alert(1))
        gate = until(lambda: engine.get("/v1/approvals?state=pending", approver).json["items"], "the gate")[0]["id"]
        shown = engine.run("config", "show")
        assert shown.returncode == 1 and "--tenant" in shown.stderr
        assert engine.document("config", "apply")["engine_started"]
        engine.config.write_text("return hikeshi { tenants = { one = %s } }" % tenant_lua())
        engine.ok("config", "apply")
        assert engine.get("/v1/approvals", approver).status == 401
        engine.config.write_text(both)
        engine.ok("config", "apply")
        shown = engine.get("/v1/approvals/" + gate, approver).json
        assert shown["state"] == "pending"
        until(lambda: engine.get("/readyz").status == 200, "the plugins")
        decided = engine.post(f"/v1/approvals/{gate}/decision", approver,
                              {"decision": "approve", "digest": shown["digest"]})
        assert decided.status == 200, decided.body
        until(lambda: engine.get("/v1/containments?state=active", approver).json["items"], "the block")
        assert engine.stop() == 0
        assert engine.document("audit", "verify")["ok"] is True
    finally:
        engine.remove()
