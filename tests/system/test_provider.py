"""The ledger of the provider records every checkpoint of the other tenants: one that goes back alone, or is replaced, is
found by it."""

import contextlib
import json
import shutil
import sqlite3

import pytest

import auditor
from engine import Engine, alert, tenant_lua
from waiting import until

NAMES = ("east", "msp", "west")  # the provider has neither the lowest number nor the highest
TENANTS = "tenants = { %s }" % ", ".join(f"{name} = {tenant_lua()}" for name in NAMES)


def make(more):
    it = Engine("return hikeshi {\n  %s\n  %s\n}\n" % (more, TENANTS))
    (it.folder / "outside").mkdir()
    return it


@pytest.fixture
def engine():
    it = make("provider = 'msp', checkpoint_sink = './outside',")
    yield it
    it.remove()


def go_on(it, tenant, name):
    """Start, take alerts in for a tenant (one of which contains), stop."""
    it.start()
    sensor = it.token(service=f"sensor-{name}", role="analyst", tenant=tenant)
    for n in range(3):
        it.post("/v1/alerts", sensor, alert(n, uid=f"{name}-{n}"))
    assert it.stop() == 0


def recorded(it, tenant="msp"):
    """(tenant, size, note) of each entry, in the order of the provider's ledger."""
    items, after = [], ""
    while True:
        page = json.loads(it.ok("audit", "show", "--tenant", tenant, "--limit", "500", "--json", *after.split()))
        items += page["items"]
        if page.get("next") is None:
            break
        after = f"--after {page['next']}"
    said = [json.loads(item["payload"]) if isinstance(item["payload"], str) else item["payload"] for item in items
            if item["line"].split()[3] == "tenant.checkpointed"]
    return [(one["tenant"], one["size"], one["note"]) for one in said]


def sent(it, tenant):
    """The notes that went to the sink."""
    lines, notes = (it.folder / "outside" / f"{tenant}.checkpoints").read_text().splitlines(keepends=True), []
    for line in lines:
        if line.startswith("hikeshi/"):
            notes.append("")
        notes[-1] += line
    return notes


def problems(it, *more):
    tenants = json.loads(it.run("audit", "verify", "--json", *more).stdout)["tenants"]
    return {one["tenant"]: one["problem"] for one in tenants if not one["ok"]}


def test_each_checkpoint_of_the_others_is_recorded(engine):
    for n, tenant in enumerate(("east", "west", "msp")):
        go_on(engine, tenant, f"round-{n}")
    entries = recorded(engine)
    for tenant in ("east", "west"):
        notes = [note for name, _, note in entries if name == tenant]
        assert len(notes) >= 3 and notes == sent(engine, tenant)  # each, once, in order
    assert not any(name == "msp" for name, _, _ in entries)
    assert recorded(engine, "east") == recorded(engine, "west") == []
    assert problems(engine) == {} and problems(engine, "--tenant", "msp") == {}
    assert engine.run("audit", "rebuild", "--check").returncode == 0
    # What it leads to is bounded: starting and stopping gives one of each, however often.
    before = len(entries), len(sent(engine, "msp"))
    engine.start()
    assert engine.stop() == 0
    assert (len(recorded(engine)) - before[0], len(sent(engine, "msp")) - before[1]) in ((2, 1), (4, 2))


def test_without_a_provider_nothing_is_written(engine):
    engine.config.write_text(engine.config.read_text().replace("provider = 'msp',", ""))
    go_on(engine, "east", "first")
    assert recorded(engine) == []


def test_the_provider_must_be_a_tenant(engine):
    for wrong in ("'nobody'", "7", "{}"):
        engine.config.write_text(engine.config.read_text().replace("provider = 'msp'", f"provider = {wrong}"))
        done = engine.run("config", "check", engine.config)
        assert done.returncode != 0 and "provider" in done.stderr + done.stdout
        engine.config.write_text(engine.config.read_text().replace(f"provider = {wrong}", "provider = 'msp'"))


def swap_tenant(it, name, copy):
    """One tenant's ledger alone is that of an older copy, tree, checkpoints and all: nothing in itself tells."""
    with contextlib.closing(sqlite3.connect(it.data / "ledger.db")) as db:
        number, = db.execute("SELECT tenant FROM tenant WHERE name = ?", (name,)).fetchone()
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("ATTACH ? AS old", (str(copy / "ledger.db"),))
        for table in ("tree", "node", "checkpoint"):
            db.execute(f"DELETE FROM main.{table} WHERE tenant = {number}")
            db.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table} WHERE tenant = {number}")
        span = f"pos >= {number} << 40 AND pos < {number + 1} << 40"
        db.execute(f"DELETE FROM main.entry WHERE {span}")
        db.execute(f"INSERT INTO main.entry SELECT * FROM old.entry WHERE {span}")
        db.commit()
    it.ok("audit", "rebuild")


def refuses(it):
    with pytest.raises(AssertionError) as refused:
        it.start()
    it.process.wait(30)
    it.process = None
    return str(refused.value)


def test_a_tenant_that_goes_back_alone_is_found():
    it = make("provider = 'msp',")
    try:
        go_on(it, "east", "first")
        shutil.copytree(it.data, it.folder / "copy")
        go_on(it, "east", "second")
        newest = recorded(it)[-1][1]
        assert problems(it) == {}
        swap_tenant(it, "east", it.folder / "copy")
        found = problems(it)
        assert list(found) == ["msp"] and "tenant east had a checkpoint over" in found["msp"]
        assert problems(it, "--tenant", "east") == {}  # alone, it seems whole
        said = refuses(it)
        assert "the provider's ledger says: tenant east" in said and "audit accept" in said
        # Accepted, it is said in the tenant's ledger, and goes on; what the provider's says stays.
        it.ok("audit", "accept", "--tenant", "east", "--reason", "moved back on purpose")
        assert problems(it) == {}
        go_on(it, "east", "third")
        assert problems(it) == {} and newest in [size for name, size, _ in recorded(it)]
        # It holds for that time only.
        swap_tenant(it, "east", it.folder / "copy")
        assert "msp" in problems(it)
        assert "the provider's ledger says: tenant east" in refuses(it)
        done = it.run("audit", "accept", "--tenant", "west", "--reason", "none")
        assert done.returncode != 0 and "nothing to accept" in done.stderr
    finally:
        it.remove()


def test_what_bundles_hold(engine, tmp_path):
    go_on(engine, "east", "mark-of-the-east")
    engine.ok("user", "add", "provider-1", "--role", "viewer", "--tenant", "msp")
    for name in ("east", "msp"):
        engine.ok("audit", "export", "--out", tmp_path / name, "--tenant", name)
        files = auditor.read_bundle(tmp_path / name)
        assert auditor.check(files, files["key.txt"]) == []
    east = b"".join(auditor.read_bundle(tmp_path / "east").values())
    assert b"mark-of-the-east" in east and b"msp" not in east and b"/west" not in east
    provider = b"".join(auditor.read_bundle(tmp_path / "msp").values())
    assert b"/east" in provider and b"mark-of-the-east" not in provider


def test_a_restored_folder_goes_on(engine):
    go_on(engine, "east", "first")
    engine.ok("backup", engine.folder / "backup")
    go_on(engine, "east", "second")
    shutil.rmtree(engine.data)
    engine.ok("restore", engine.folder / "backup")
    go_on(engine, "west", "third")
    assert problems(engine) == {}
    until(lambda: recorded(engine) != [], "records")
