"""An older copy of the data folder does not start in silence: what checkpoints outside say is held against it; what
is lost can be accepted, which the record says; a backup is restored, which it says too."""

import json
import pathlib
import shutil

import pytest

from engine import Engine, alert, tenant_lua

CONFIG = "return hikeshi {\n  checkpoint_sink = './outside',\n  tenants = { east = %s, west = %s } }\n" % (
    tenant_lua(), tenant_lua())


@pytest.fixture
def engine():
    it = Engine(CONFIG)
    (it.folder / "outside").mkdir()
    yield it
    it.remove()


def go_on(it, count=1):
    """Start, take alerts in for east, stop."""
    it.start()
    sensor = it.token(service=f"sensor-{it.get('/healthz').status}-{len(it.lines)}", role="analyst", tenant="east")
    for n in range(count):
        assert it.post("/v1/alerts", sensor, alert(n, severity="low", uid=f"{len(it.lines)}-{n}")).status == 202
    assert it.stop() == 0


def refuses(it):
    """What the engine says instead of starting."""
    with pytest.raises(AssertionError) as refused:
        it.start()
    it.process.wait(30)
    it.process = None
    return str(refused.value)


def put_back(it, copy):
    shutil.rmtree(it.data)
    shutil.copytree(copy, it.data)


def outside(it, tenant="east"):
    return it.folder / "outside" / f"{tenant}.checkpoints"


def restored(it, tenant="east"):
    """Payloads of the entries that say so."""
    done = it.run("audit", "show", "--subject", "restore", "--tenant", tenant, "--json")
    return [json.loads(item["payload"]) if isinstance(item["payload"], str) else item["payload"]
            for item in json.loads(done.stdout)["items"]] if done.returncode == 0 else []


def newest(path):
    """size and root of the last note of a file."""
    lines = path.read_text().splitlines()
    last = max(n for n, line in enumerate(lines) if line == "")
    return {"size": int(lines[last - 2]), "root": lines[last - 1]}


def test_an_older_copy_is_refused_until_it_is_accepted(engine):
    go_on(engine)
    shutil.copytree(engine.data, engine.folder / "copy")
    go_on(engine, 3)
    signed = newest(outside(engine))
    put_back(engine, engine.folder / "copy")
    before = (engine.data / "ledger.db").read_bytes()
    for _ in range(2):  # as often as it is tried
        said = refuses(engine)
        assert "tenant east" in said and f"but {signed['size']} had been signed" in said, said
        assert "audit accept" in said and "east.checkpoints" in said, said
    assert (engine.data / "ledger.db").read_bytes() == before  # nothing was written
    # What is accepted is said: for each tenant, since each has lost something.
    for tenant in ("east", "west"):
        engine.ok("audit", "accept", "--checkpoint", outside(engine, tenant), "--tenant", tenant,
                  "--reason", "the disk was lost")
        if tenant == "east":
            assert "tenant west" in refuses(engine)
    told = restored(engine)
    assert len(told) == 1 and told[0]["known"] == [signed] and told[0]["reason"] == "the disk was lost"
    go_on(engine)
    go_on(engine)
    assert len(restored(engine)) == 1
    assert engine.run("audit", "verify").returncode == 0
    # It was that one checkpoint that was accepted: the next time is refused again.
    put_back(engine, engine.folder / "copy")
    assert "tenant east" in refuses(engine)


def test_another_history_is_refused(engine):
    """Back, and then on until it is longer than what was signed: the entries are not those."""
    go_on(engine)
    shutil.copytree(engine.data, engine.folder / "copy")
    go_on(engine)
    signed = newest(outside(engine))
    put_back(engine, engine.folder / "copy")
    for n in range(20):  # commands know no sinks
        engine.ok("user", "add", f"analyst-{n}", "--role", "analyst", "--tenant", "east")
    assert f"the first {signed['size']} entries" in refuses(engine)


def test_a_copy_from_before_the_key_was_replaced(engine):
    go_on(engine)
    shutil.copytree(engine.data, engine.folder / "copy")
    engine.ok("audit", "key", "rotate", "--reason", "once a year")
    go_on(engine)
    put_back(engine, engine.folder / "copy")
    for n in range(20):
        engine.ok("user", "add", f"analyst-{n}", "--role", "analyst", "--tenant", "east")
    said = refuses(engine)
    assert "none of this ledger's" in said and "not signed by the ledger's key" in said


def test_a_backup_is_restored_and_says_so(engine):
    go_on(engine)
    engine.ok("backup", engine.folder / "backup")
    go_on(engine, 2)
    signed = newest(outside(engine))
    shutil.rmtree(engine.data)
    engine.ok("restore", engine.folder / "backup")
    go_on(engine)
    told = restored(engine)
    assert len(told) == 1 and told[0]["known"] == [signed] and told[0]["backup"].startswith("ba-")
    go_on(engine)
    assert len(restored(engine)) == 1 and engine.run("audit", "verify").returncode == 0
    # What is kept outside from before says what was lost, to whoever looks.
    done = engine.run("audit", "verify", "--tenant", "east", "--checkpoint", engine.folder / "outside" / "east.checkpoints")
    assert done.returncode == 0, done.stdout  # the newest of them is of after the restoration
    # The ledger that was restored is watched over as any other.
    shutil.copytree(engine.data, engine.folder / "copy")
    go_on(engine)
    put_back(engine, engine.folder / "copy")
    assert "had been signed" in refuses(engine)


def test_a_backup_that_lost_nothing_is_silent(engine):
    go_on(engine)
    engine.ok("backup", engine.folder / "backup")
    shutil.rmtree(engine.data)
    engine.ok("restore", engine.folder / "backup")
    go_on(engine)
    assert restored(engine)[0]["known"] == []


def test_what_is_no_rollback(engine):
    go_on(engine)
    path = outside(engine)
    whole = path.read_bytes()
    notes = whole.decode().split("hikeshi/")[1:]
    assert len(notes) > 1
    for text in (whole[:-20], whole + b"torn", b"", b"\n\n\n", whole * 300, whole + "hikeshi/another/east\n9\n".encode(),
                 whole + notes[-1].encode()):
        path.write_bytes(text)  # cut off, of others, long: the newest whole one of this ledger counts
        engine.start()
        assert engine.stop() == 0
        path.write_bytes(whole)
        engine.start()  # and the older note that is now the last one fits as well
        assert engine.stop() == 0
        whole = path.read_bytes()
    done = engine.run("audit", "accept", "--checkpoint", path, "--tenant", "east", "--reason", "none")
    assert done.returncode != 0 and "nothing to accept" in done.stderr
    done = engine.run("audit", "accept", "--checkpoint", outside(engine, "west"), "--tenant", "east", "--reason", "none")
    assert done.returncode != 0 and "is of hikeshi/" in done.stderr
    done = engine.run("audit", "accept", "--tenant", "east", "--reason", "none")
    assert done.returncode == 3 and "no ledger of a provider" in done.stderr
    assert engine.run("audit", "accept", "--checkpoint", path, "--tenant", "east").returncode == 2
    assert engine.run("audit", "accept", "--checkpoint", pathlib.Path("/nowhere"), "--tenant", "east", "--reason",
                      "none").returncode == 3
    assert restored(engine) == []
