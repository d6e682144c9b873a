"""A backup is taken while the engine runs, and a folder made of it goes on where it was."""

import json
import os
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import Engine, alert
from waiting import until

CRASH = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash"


@pytest.fixture
def target():
    it = Engine()
    try:
        yield it
    finally:
        it.remove()


def approve_all(engine, approver):
    for gate in engine.document("approval", "list", "--state", "pending")["items"]:
        digest = engine.document("approval", "show", gate["id"])["digest"]
        engine.post(f"/v1/approvals/{gate['id']}/decision", approver, {"decision": "approve", "digest": digest})


def test_a_backup_of_a_busy_engine_is_whole(fresh, target):
    fresh.start()
    sensor = fresh.token(service="sensor-1", role="analyst")
    approver = fresh.token(user="approver-1", role="approver")
    poll = fresh.token(service="firewall-1", role="viewer")
    fresh.post("/v1/alerts", sensor, alert(1))
    until(lambda: fresh.document("approval", "list", "--state", "pending")["items"], "the gate")
    approve_all(fresh, approver)
    until(lambda: fresh.document("contain", "list", "--state", "active")["items"], "the block")
    fresh.post("/v1/alerts", sensor, alert(2))
    until(lambda: fresh.document("approval", "list", "--state", "pending")["items"], "the second gate")

    stop = threading.Event()

    def flood():
        number = 0
        while not stop.is_set():
            number += 1
            fresh.post("/v1/alerts", sensor, alert(3, severity="low", uid=f"f-{number}", title=f"t {number}"))

    flooding = threading.Thread(target=flood)
    flooding.start()
    backup = fresh.folder / "hikeshi.backup"
    try:
        for _ in range(3):
            backup.unlink(missing_ok=True)
            fresh.ok("backup", backup)
    finally:
        stop.set()
        flooding.join()
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o600
    fresh.process.kill()  # the machine is gone
    fresh.process.wait()
    fresh.process = None

    target.ok("restore", backup)
    assert target.document("audit", "verify")["ok"] is True
    assert target.document("audit", "rebuild", "--check")["ok"] is True
    target.start()
    # Tokens hold, the block stands and is still on the list, the gate can be decided.
    assert target.get("/lists/main/edl/blocklist.txt", poll).body.splitlines() == [b"203.0.113.1"]
    assert [item["target"] for item in target.document("contain", "list", "--active")["items"]] == ["203.0.113.1"]
    approve_all(target, approver)
    until(lambda: len(target.document("contain", "list", "--state", "active")["items"]) == 2, "the second block")
    told = [json.loads(line) for line in target.ok("audit", "show", "--subject", "restore", "--jsonl").splitlines()]
    assert len(told) == 1 and "ledger.restored" in told[0]["line"]
    assert target.stop() == 0
    target.start()  # said once
    assert len(target.ok("audit", "show", "--subject", "restore", "--jsonl").splitlines()) == 1
    assert target.document("audit", "verify")["ok"] is True


def test_a_backup_without_the_key_can_not_sign(fresh, target):
    fresh.start()
    backup = fresh.folder / "no-key.backup"
    key = (fresh.data / "key" / "ledger.pem").read_bytes()
    fresh.ok("backup", backup, "--without-key")
    assert key not in backup.read_bytes()
    assert key.splitlines()[1] not in backup.read_bytes()
    target.ok("restore", backup)
    done = target.run("serve", "--config", target.config, "--listen", "127.0.0.1:0")
    assert done.returncode == 1 and "key" in done.stderr


def test_what_is_no_backup_is_refused_and_nothing_is_left(fresh, target):
    fresh.start()
    backup = fresh.folder / "b"
    fresh.ok("backup", backup)
    assert fresh.run("backup", backup).returncode == 1  # never over another
    (fresh.folder / "text").write_text("no backup")
    assert "b" in os.listdir(fresh.folder)
    for file, words in (("text", "is no backup"), ("none", "No such file"), ("data/ledger.db", "is no backup")):
        done = target.run("restore", fresh.folder / file)
        assert done.returncode in (1, 3) and words in done.stderr, done.stderr
        assert not target.data.exists() or os.listdir(target.data) == []
    damaged = bytearray(backup.read_bytes())
    for at in range(len(damaged) // 3, len(damaged) // 3 + 8192):
        damaged[at] ^= 0x55
    (fresh.folder / "damaged").write_bytes(damaged)
    done = target.run("restore", fresh.folder / "damaged")
    assert done.returncode == 1 and ("damaged" in done.stderr or "malformed" in done.stderr), done.stderr
    done = fresh.run("restore", backup)
    assert done.returncode == 1 and "is not empty" in done.stderr


@pytest.mark.parametrize("name", ["../evil", "key/../../evil", "/tmp/evil", "plugins//x", "engine.lock", "key/."])
def test_a_backup_can_not_write_outside_its_places(fresh, target, name):
    fresh.start()
    backup = fresh.folder / "b"
    fresh.ok("backup", backup)
    with sqlite3.connect(backup) as db:
        db.execute("INSERT INTO backup_file VALUES(?, ?)", (name, b"evil"))
    db.close()
    done = target.run("restore", backup)
    assert done.returncode == 1 and "outside of its places" in done.stderr
    assert not (target.folder / "evil").exists()
    # Nothing of it is left, its key least of all, and a good one can follow.
    assert os.listdir(target.data) == ["engine.lock"]
    with sqlite3.connect(backup) as db:
        db.execute("DELETE FROM backup_file WHERE name = ?", (name,))
    db.close()
    target.ok("restore", backup)
    assert target.document("audit", "verify")["ok"] is True


@pytest.mark.skipif(not CRASH.exists(), reason="hikeshi-crash is not built")
@pytest.mark.parametrize("point", ["restore.begun", "restore.files", "restore.pages"])
def test_a_restoration_that_is_cut_off_is_not_taken_for_a_whole_one(fresh, target, point):
    fresh.start()
    backup = fresh.folder / "b"
    fresh.ok("backup", backup)
    fresh.stop()
    cut = subprocess.run([CRASH, "restore", backup, "--data", target.data], capture_output=True, text=True,
                         env=target.environment() | {"HIKESHI_CRASH": point})
    assert cut.returncode == -9, cut.stderr
    again = target.run("restore", backup)
    assert again.returncode == 1 and "was cut off" in again.stderr, again.stderr
    begun = target.run("serve", "--config", target.config, "--listen", "127.0.0.1:0")
    assert begun.returncode == 1 and "was cut off" in begun.stderr, begun.stderr
    shutil.rmtree(target.data)
    target.ok("restore", backup)
    assert target.document("audit", "verify")["ok"] is True
    target.start()


def test_two_restorations_into_one_folder(fresh, target):
    fresh.start()
    backup = fresh.folder / "b"
    fresh.ok("backup", backup)
    fresh.stop()
    with ThreadPoolExecutor(4) as several:
        done = list(several.map(lambda _: target.run("restore", backup), range(4)))
    assert sorted(one.returncode for one in done) == [0, 1, 1, 1], [one.stderr for one in done]
    assert target.document("audit", "verify")["ok"] is True
    assert (target.data / "key" / "ledger.pem").read_bytes() == (fresh.data / "key" / "ledger.pem").read_bytes()


FOREIGN = {
    "a trigger": ("CREATE TRIGGER evil AFTER INSERT ON alert BEGIN UPDATE user SET role = 'provider-admin'; END",
                  "brings a trigger of its own, evil"),
    "a guard with other words": (
        "DROP TRIGGER entry_is_not_changed; CREATE TRIGGER entry_is_not_changed BEFORE UPDATE ON entry BEGIN"
        " SELECT 1; END", "brings a trigger of its own, entry_is_not_changed"),
    "a guard that is gone": ("DROP TRIGGER entry_is_not_deleted", "trigger entry_is_not_deleted is missing"),
    "a table that is gone": ("DROP TABLE gate", "table gate is missing"),
    "a view without end": (
        "ALTER TABLE backup_note RENAME TO b; CREATE VIEW backup_note AS WITH RECURSIVE c(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) AS format, 1 AS schema, '' AS id, 1 AS time_us FROM c",
        "brings a view of its own, backup_note"),
    "a virtual table": ("CREATE VIRTUAL TABLE v USING fts5(a)", "brings a table of its own, v"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_backup_brings_nothing_that_runs(fresh, target, what):
    sql, words = FOREIGN[what]
    fresh.start()
    backup = fresh.folder / "b"
    fresh.ok("backup", backup)
    db = sqlite3.connect(backup)
    db.executescript(sql)
    db.close()
    done = target.run("restore", backup)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not target.data.exists()
