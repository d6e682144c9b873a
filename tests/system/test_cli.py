"""The command line: exit statuses, outputs, and work on a folder without an engine."""

import json
import os
import pty
import signal
import subprocess

import pytest

from engine import HIKESHI, alert


def lines(*alerts):
    return "".join(json.dumps(item) + "\n" for item in alerts)


def test_usage_errors_are_2(fresh):
    for args in (["nothing"], ["run"], ["run", "show"], ["run", "show", "a", "b"], ["run", "list", "--nope"],
                 ["approval", "reject", "ga-1"], ["run", "resolve", "ru-1"], ["serve"], []):
        assert fresh.run(*args).returncode == 2, args


def test_help_comes_from_the_table(fresh):
    text = fresh.ok("help")
    for name in ("serve", "send", "approval approve", "audit verify", "token create"):
        assert "\n  " + name in text
    assert "--wait" in fresh.ok("send", "--help")
    assert "approval narrow" in text and "plugin-host" not in text


def test_without_an_engine_commands_fail_and_say_so(fresh):
    done = fresh.run("run", "list")
    assert done.returncode == 1 and "no engine answers" in done.stderr


def test_a_token_is_made_before_the_first_start_and_works_after_it(fresh):
    token = fresh.token(user="analyst-1", role="analyst")
    assert len(token) == 43
    service = fresh.token(service="sensor-1", role="analyst")
    fresh.start()
    assert fresh.get("/v1/runs", token).status == 200
    assert fresh.get("/v1/runs", service).status == 200
    assert [item["name"] for item in fresh.document("user", "list")["items"]] == ["analyst-1"]


def test_users_and_tokens_on_a_folder(fresh):
    fresh.token(user="viewer-1", role="viewer")
    assert fresh.run("user", "add", "viewer-1", "--role", "viewer").returncode == 1
    assert fresh.run("user", "add", "viewer-2", "--role", "nobody").returncode == 1
    [token] = fresh.document("token", "list")["items"]
    fresh.ok("token", "revoke", token["id"])
    fresh.ok("user", "disable", "viewer-1", "--reason", "left")
    assert fresh.run("user", "disable", "viewer-9").returncode == 3
    assert fresh.document("audit", "verify")["ok"] is True


def test_a_stop_is_clean_and_the_record_is_whole(fresh):
    fresh.start()
    fresh.ok("send", "-", stdin=lines(alert(1), alert(2)))
    assert (fresh.data / "url").read_text().strip() == fresh.url
    assert fresh.stop() == 0
    assert not (fresh.data / "url").exists()
    verified = fresh.document("audit", "verify")
    assert verified["ok"] is True and verified["tenants"][0]["size"] > 5
    assert fresh.document("audit", "rebuild", "--check")["ok"] is True
    note = fresh.ok("audit", "checkpoint")
    checkpoint = fresh.folder / "checkpoint"
    checkpoint.write_text(note)
    fresh.start()
    fresh.ok("send", "-", stdin=lines(alert(3)))
    fresh.ok("audit", "verify", "--checkpoint", checkpoint)
    fresh.ok("audit", "export", "--out", fresh.folder / "bundle")
    assert (fresh.folder / "bundle" / "HOWTO.txt").exists()


def test_a_folder_has_one_engine(engine):
    done = engine.run("serve", "--config", engine.config, "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and "cannot start" in done.stderr


def test_send_reads_lines_arrays_and_one_object(engine, tmp_path):
    assert engine.document("send", "-", stdin=lines(alert(1), alert(2)))["accepted"] == 2
    assert engine.document("send", "-", stdin=json.dumps([alert(3), alert(4)], indent=2))["accepted"] == 2
    one = tmp_path / "one.json"
    one.write_text(json.dumps(alert(5), indent=2))
    sent = engine.document("send", one)
    assert sent["accepted"] == 1 and sent["alerts"][0]["id"].startswith("al-")


def test_send_goes_in_batches_and_keeps_indexes(engine):
    many = [alert(9, uid=f"batch-{n}", title=f"t{n}", severity="low") for n in range(1200)]
    many[700] = {"title": 1}
    done = engine.run("send", "-", "--json", stdin=lines(*many))
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert [error["index"] for error in answer["errors"]] == [700]
    assert answer["accepted"] == 1199


def test_send_tells_what_it_cannot_read(engine):
    assert engine.run("send", "/nowhere/at-all").returncode == 3
    assert engine.run("send", "-", stdin="").returncode == 1


def test_wait_ends_with_6_when_approval_is_all_that_is_left(engine):
    assert engine.run("send", "-", "--wait", "--timeout", "20s", stdin=lines(alert(20))).returncode == 6


def test_wait_ends_with_0_when_runs_end(engine):
    known = alert(21, src={"ip": "198.51.100.200"})
    engine.ok("send", "-", "--wait", "--timeout", "20s", stdin=lines(known))
    # What no playbook wants has nothing to wait for.
    engine.ok("send", "-", "--wait", "--timeout", "20s", stdin=lines(alert(21, category="other")))


def test_approve_sends_the_digest_that_it_showed(engine):
    person = engine.token(user="approver-1", role="approver")
    engine.run("send", "-", "--wait", stdin=lines(alert(30)), check=6)
    [gate] = [item for item in engine.document("approval", "list", "--state", "pending")["items"]
              if item["target"] == "203.0.113.30"]
    assert engine.run("approval", "approve", gate["id"]).returncode == 4
    assert engine.run("approval", "approve", gate["id"], "--digest", "0" * 64, token=person).returncode == 1
    done = engine.run("approval", "approve", gate["id"], "--comment", "seen it", token=person, check=0)
    assert gate["digest"] in done.stderr and "approved" in done.stdout
    run = engine.document("approval", "show", gate["id"])["run"]
    engine.ok("run", "watch", run)
    [held] = [item for item in engine.document("contain", "list", "--active")["items"]
              if item["target"] == "203.0.113.30"]
    engine.ok("contain", "renew", held["id"], "--for", "6h")
    engine.ok("contain", "release", held["id"], "--reason", "over")


def test_reject_needs_a_reason_and_ends_the_run(engine):
    person = engine.token(user="approver-2", role="approver")
    engine.run("send", "-", "--wait", stdin=lines(alert(31)), check=6)
    [gate] = [item for item in engine.document("approval", "list", "--state", "pending")["items"]
              if item["target"] == "203.0.113.31"]
    done = engine.run("approval", "reject", gate["id"], "--reason", "a customer", token=person, check=0)
    assert "rejected" in done.stdout


def test_exit_statuses_of_refusals(engine):
    viewer = engine.token(user="viewer-1", role="viewer")
    assert engine.run("run", "show", "ru-none").returncode == 3
    assert engine.run("run", "show", "../etc").returncode == 3
    assert engine.run("user", "list", token=viewer).returncode == 4
    assert engine.run("run", "list", token="wrong").returncode == 4


def test_jsonl_prints_an_item_a_line(engine):
    engine.ok("send", "-", stdin=lines(alert(40)))
    for line in engine.ok("alert", "list", "--jsonl").splitlines():
        assert json.loads(line)["id"].startswith("al-")


def test_control_bytes_of_alerts_stay_out_of_the_terminal(engine):
    engine.ok("send", "-", stdin=lines(alert(41, title="\x1b[31mred\x07 \u009b1m", severity="low")))
    for text in (engine.ok("alert", "list"), engine.run("alert", "list").stderr):
        assert not any(ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) <= 0x9f for c in text)
    assert "\\x1b[31mred" in engine.ok("alert", "list")


def on_a_terminal(engine, *args):
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([HIKESHI, *args, "--data", str(engine.data)], stdin=subprocess.DEVNULL,
                          stdout=theirs, env=engine.environment() | {"NO_COLOR": "1"}) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:
            pass  # the other side is closed
        os.close(ours)
        assert process.wait() == 0
    return written.decode().replace("\r\n", "\n")


def test_nothing_on_a_terminal_steers_it(engine):
    title = "csi \u009b2J del \x7f turned \u202egnp.exe\u2069 \u200e\u061c unseen \u200b\U000e0041 end"
    engine.ok("send", "-", stdin=lines(alert(42, title=title, severity="low")))
    [item] = [item for item in engine.document("alert", "list")["items"] if "turned" in item["title"]]
    assert item["title"] == title
    steering = set("\x1b\x7f\u009b\u202e\u2069\u200e\u061c\u200b\U000e0041")
    for command in (["alert", "list"], ["alert", "show", item["id"]], ["audit", "show"]):
        for form in ([], ["--json"], ["--jsonl"]):
            written = on_a_terminal(engine, *command, *form)
            assert not steering & set(written), (command, form)
    assert json.loads(on_a_terminal(engine, "alert", "show", item["id"], "--json"))["title"] == title


def test_checks_of_files(fresh, tmp_path):
    good = fresh.config.parent.parent.parent / "playbooks" / "contain-bruteforce.lua"
    fresh.ok("playbook", "check", good)
    bad = tmp_path / "bad.lua"
    bad.write_text("return playbook {")
    done = fresh.run("playbook", "check", bad)
    assert done.returncode == 1 and "bad.lua:1:1: error" in done.stdout
    assert fresh.run("plugin", "check", bad).returncode == 1
    fresh.ok("config", "check", fresh.config)


@pytest.mark.parametrize("text, path", [
    ('return hikeshi { listn = "x", tenants = { main = {} } }', "listn"),
    ("return hikeshi { tenants = { main = { playbook = {} } } }", "tenants.main.playbook"),
    ("return hikeshi { tenants = { main = { plugins = { edl = { fil = '' } } } } }",
     "tenants.main.plugins.edl.fil"),
    ("return hikeshi { tenants = { main = { playbooks = { 'none.lua' } } } }", "tenants.main.playbooks[0]"),
    ("return hikeshi { tenants = { main = { authority = { { outcom = 'ask' } } } } }", "authority"),
    ("return hikeshi { }", "tenants"),
])
def test_mistakes_in_the_configuration_are_named(fresh, tmp_path, text, path):
    config = tmp_path / "hikeshi.lua"
    config.write_text(text)
    done = fresh.run("config", "check", config)
    assert done.returncode in (1, 3) and path in done.stderr


def test_a_second_signal_ends_at_once(fresh):
    fresh.start()
    fresh.process.send_signal(signal.SIGTERM)
    fresh.process.send_signal(signal.SIGTERM)
    assert fresh.process.wait(timeout=30) in (0, 1)
    fresh.process = None
    assert fresh.document("audit", "verify")["ok"] is True
