"""Checkpoints leave the machine: to a real rsyslogd, a program and a folder; a sink that fails is a gap; silence is
evidence."""

import json
import pathlib
import shutil
import socket
import subprocess

import pytest

from engine import Engine, alert, tenant_lua
from waiting import until

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """An rsyslogd that writes what comes over TCP into a file, each message as it came."""
    if RSYSLOGD is None:
        pytest.skip("rsyslogd is not installed")
    port = free_port()
    conf = tmp_path / "rsyslog.conf"
    got = tmp_path / "got"
    conf.write_text(f"""
        global(workDirectory="{tmp_path}")
        module(load="imtcp")
        input(type="imtcp" port="{port}" address="127.0.0.1")
        template(name="as-it-is" type="string" string="%app-name% %msgid% %syslogfacility-text% %msg%\\n")
        action(type="omfile" file="{got}" template="as-it-is" flushOnTXEnd="on")
    """)
    process = subprocess.Popen([RSYSLOGD, "-n", "-f", conf, "-i", tmp_path / "pid"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until(lambda: is_listening(port), "rsyslogd to listen")
    yield port, got
    process.terminate()
    process.wait(30)


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def config(sinks):
    return """return hikeshi {
      checkpoint_sink = { %s },
      tenants = {
        main = { heartbeat = { every = "1s" }, gaps = { look_every = "200ms" } },
        other = { heartbeat = { every = "1h" } },
      },
    }
    """ % sinks


def read(path):
    return path.read_text() if path.exists() else ""


def test_checkpoints_arrive_and_verify(server, tmp_path):
    port, got = server
    heard = tmp_path / "heard"
    engine = Engine(config(f'{{ syslog = "tcp:127.0.0.1:{port}" }}, {{ folder = "outside" }},'
                           f' {{ command = {{ "/bin/sh", "-c", "cat >>{heard}" }} }}'))
    try:
        (engine.folder / "outside").mkdir()
        engine.start()
        sensor = engine.token(service="sensor-1", role="analyst", tenant="main")
        engine.post("/v1/alerts", sensor, alert(1, severity="low"))
        assert engine.stop() == 0
        until(lambda: '"tenant":"main"' in read(got), "the checkpoint at the syslog server")
        line = next(line for line in read(got).splitlines() if '"tenant":"main"' in line)
        assert line.startswith("hikeshi checkpoint ")
        note = json.loads(line[line.index("{"):])["checkpoint"]
        for text in (note, read(heard), read(engine.folder / "outside" / "main.checkpoints")):
            assert "/main\n" in text and "\n\u2014 hikeshi/" in text
        outside = tmp_path / "checkpoint"
        outside.write_text(note)
        assert engine.document("audit", "verify", "--tenant", "main", "--checkpoint", outside)["ok"] is True
        assert "/other\n" in read(engine.folder / "outside" / "other.checkpoints")
        assert "main" not in read(engine.folder / "outside" / "other.checkpoints")
    finally:
        engine.remove()


def failing(engine, tenant):
    items = engine.document("gap", "list", "--state", "open", "--tenant", tenant)["items"]
    return [(item["name"], item["detail"]) for item in items if item["kind"] == "sink_fails"]


def test_a_sink_that_fails_is_a_gap_of_every_tenant():
    quick = 'gaps = { look_every = "200ms" }'
    main = tenant_lua().rstrip()
    engine = Engine('return hikeshi { checkpoint_sink = { { folder = "not-yet" }, { command = { "/bin/cat" } } },'
                    " tenants = { main = %s, %s }, other = { %s } } }" % (main[:main.rindex("}")].rstrip().rstrip(","),
                                                                        quick, quick))
    try:
        engine.start()
        sensor = engine.token(service="sensor-1", role="analyst", tenant="main")
        approver = engine.token(user="approver-1", role="approver", tenant="main")
        engine.post("/v1/alerts", sensor, alert(1))
        gate = until(lambda: engine.document("approval", "list", "--state", "pending", "--tenant", "main")["items"],
                     "the gate")[0]
        digest = engine.document("approval", "show", gate["id"], "--tenant", "main")["digest"]
        engine.post(f"/v1/approvals/{gate['id']}/decision", approver, {"decision": "approve", "digest": digest})
        said = ("1 folder", "can't open the file: No such file or directory")  # no path: that is the provider's
        for tenant in ("main", "other"):
            assert until(lambda tenant=tenant: failing(engine, tenant), "the gap") == [said]
        assert b'hikeshi_checkpoint_sink_failures_total{sink="1 folder"} ' in engine.get("/metrics").body
        (engine.folder / "not-yet").mkdir()
        assert engine.stop() == 0  # what waited is sent
        assert "/main\n" in read(engine.folder / "not-yet" / "main.checkpoints")
        engine.start()
        until(lambda: not failing(engine, "main"), "the gap to be closed")
    finally:
        engine.remove()


def test_the_record_says_when_it_will_speak_again():
    engine = Engine(config('{ command = { "/bin/cat" } }'))
    try:
        engine.start()

        def beats():
            lines = engine.ok("audit", "show", "--subject", "ledger", "--jsonl", "--tenant", "main").splitlines()
            return [entry for entry in map(json.loads, lines) if entry["line"].split()[3] == "ledger.heartbeat"]
        until(lambda: len(beats()) >= 2, "two signs of life")
        assert beats()[0]["payload"]["next_us"] > 0
        other = engine.ok("audit", "show", "--subject", "ledger", "--jsonl", "--tenant", "other")
        assert "heartbeat" not in other
        assert engine.stop() == 0
        assert engine.document("audit", "rebuild", "--check")["ok"] is True
    finally:
        engine.remove()


@pytest.mark.parametrize("sinks, problem", [
    ('{ syslog = "log.example" }', 'checkpoint_sink[1].syslog: expected "udp:HOST:PORT" or "tcp:HOST:PORT"'),
    ('{ folder = "x" }, { command = { "logger" } }', "checkpoint_sink[2].command: the program must be named by an absolute path"),
    ('{ folder = "x", syslog = "y" }', "checkpoint_sink[1]: expected one of folder, syslog, command"),
    ('{ mail = "x" }', "checkpoint_sink[1].mail: there is no such key"),
    ('{ command = "x" }', "checkpoint_sink[1].command: expected a list"),
])
def test_a_bad_sink_is_named(sinks, problem):
    engine = Engine(config(sinks))
    try:
        done = engine.run("config", "check", engine.config, check=1)
        assert problem in done.stderr
        assert pathlib.Path(engine.config).name + ":2: " in done.stderr
    finally:
        engine.remove()
