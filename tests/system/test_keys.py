"""The key that signs checkpoints: replaced and revoked with the commands, killed in the middle, proven to whoever has
the first key alone; what is forged with an old key is found."""

import base64
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

import auditor
from engine import Engine, tenant_lua

CRASH = str(pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash")  # ends itself where HIKESHI_CRASH says
CONFIG = "return hikeshi {\n  checkpoint_sink = './outside',\n  tenants = { east = %s, west = %s } }\n" % (
    tenant_lua(), tenant_lua())
ROTATE = ("audit", "key", "rotate", "--reason", "once a year")


@pytest.fixture
def engine():
    it = Engine(CONFIG)
    (it.folder / "outside").mkdir()
    for tenant in ("east", "west"):
        it.ok("user", "add", "analyst-1", "--role", "analyst", "--tenant", tenant)
    yield it
    it.remove()


def keys(it, tenant="east"):
    return it.document("audit", "key", "show", "--tenant", tenant)["items"]


def key_files(it):
    return sorted(path.name for path in (it.data / "key").glob("ledger*"))


def is_whole(it):
    return it.run("audit", "verify", "--json").returncode == 0 and it.run("audit", "rebuild", "--check").returncode == 0


def checkpoint(it, tenant="east"):
    return it.ok("audit", "checkpoint", "--tenant", tenant)


def sign(private, name, body):
    """A note as whoever has this key makes it."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = auditor.sha(name, b"\n\1", raw)[:4] + private.sign(body)
    return body + b"\n\xe2\x80\x94 " + name + b" " + base64.b64encode(signature) + b"\n"


def test_rotate_in_all_ledgers(engine):
    first = {tenant: keys(engine, tenant) for tenant in ("east", "west")}
    old = (engine.data / "key" / "ledger.pem").read_bytes()
    inode = (engine.data / "key" / "ledger.pem").stat().st_ino
    engine.ok(*ROTATE)
    for tenant in ("east", "west"):
        assert keys(engine, tenant)[0]["key"] == first[tenant][0]["key"] and len(keys(engine, tenant)) == 2
    assert key_files(engine) == ["ledger.pem"]
    path = engine.data / "key" / "ledger.pem"
    assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_ino != inode
    assert old not in b"".join(p.read_bytes() for p in engine.data.rglob("*") if p.is_file())
    assert is_whole(engine)
    entry = engine.ok("audit", "show", "--subject", "key", "--tenant", "west").split()
    assert entry[3] == "key.rotated" and entry[5] == "tool"
    # The engine goes on with it, and its checkpoints leave the machine.
    engine.start()
    assert engine.stop() == 0
    assert is_whole(engine)
    sent = (engine.folder / "outside" / "east.checkpoints").read_bytes()
    public = auditor.read_key(keys(engine)[1]["key"].encode())
    assert list(auditor.read_notes(sent, [(*public, 1)]))


def test_beside_an_engine_it_is_refused(engine):
    engine.start()
    for command in (ROTATE, ("audit", "key", "revoke", "00000000", "--reason", "stolen", "--tenant", "east")):
        done = engine.run(*command)
        assert done.returncode != 0 and "engine" in done.stderr, done.stderr
    assert key_files(engine) == ["ledger.pem"] and len(keys(engine)) == 1  # and showing works
    assert engine.stop() == 0


def test_usage(engine):
    assert engine.run("audit", "key", "rotate").returncode == 2
    assert engine.run("audit", "key", "revoke", "00000000").returncode == 2
    done = engine.run("audit", "key", "revoke", "00000000", "--reason", "stolen", "--tenant", "east")
    assert done.returncode == 3 and "no key 00000000" in done.stderr
    done = engine.run("audit", "key", "revoke", keys(engine)[0]["id"], "--reason", "stolen", "--tenant", "east")
    assert done.returncode != 0 and "rotate first" in done.stderr
    done = engine.run("audit", "key", "revoke", "00000000", "--reason", "stolen", "--since", "last week",
                      "--tenant", "east")
    assert done.returncode != 0


@pytest.mark.parametrize("point", ["key.made", "ledger.before_commit", "key.recorded", "key.linked", "key.renamed",
                                   "ledger.after_commit"])
def test_killed_in_the_middle(engine, point):
    """Wherever it ends, the next command goes on, with one key, and the record is whole."""
    done = subprocess.run([CRASH, *ROTATE, "--data", str(engine.data)], capture_output=True, text=True,
                          env={**engine.environment(), "HIKESHI_CRASH": point}, timeout=60)
    assert done.returncode == -9, (done.returncode, done.stderr)
    assert engine.run("audit", "verify").returncode == 0  # as it lies there
    engine.ok("user", "add", "analyst-2", "--role", "analyst", "--tenant", "east")
    is_replaced = point not in ("key.made", "ledger.before_commit")
    assert len(keys(engine)) == len(keys(engine, "west")) == 1 + is_replaced
    assert key_files(engine) == ["ledger.pem"]
    assert is_whole(engine)
    engine.ok(*ROTATE)
    assert len(keys(engine)) == 2 + is_replaced and is_whole(engine)


def test_what_an_old_key_signs_is_found(engine):
    private = load_pem_private_key((engine.data / "key" / "ledger.pem").read_bytes(), None)
    before = checkpoint(engine)
    engine.ok(*ROTATE)
    engine.ok("user", "add", "analyst-2", "--role", "analyst", "--tenant", "east")
    name, size, root = checkpoint(engine).encode().split(b"\n")[:3]
    forged = engine.folder / "forged"
    outside = engine.folder / "before"
    outside.write_text(before)

    def verify(path):
        done = engine.run("audit", "verify", "--tenant", "east", "--checkpoint", path, "--json")
        return json.loads(done.stdout)["tenants"][0].get("problem")

    # Over the true tree, but with the key that was replaced.
    forged.write_bytes(sign(private, name, b"%s\n%s\n%s\n" % (name, size, root)))
    assert "which was replaced at" in verify(forged)
    assert engine.run("audit", "prove", "0", "--tenant", "east", "--since", forged).returncode != 0
    assert engine.run("audit", "prove", "0", "--tenant", "east", "--since", outside).returncode == 0
    # Of its own time it is believed, until it is revoked; then only what stands in the ledger is.
    assert verify(outside) is None
    engine.ok("audit", "key", "revoke", keys(engine)[0]["id"], "--reason", "found elsewhere", "--tenant", "east")
    assert keys(engine)[0]["revoked_since"] == keys(engine, "west")[0]["revoked_since"] == 1
    assert "it proves nothing" in verify(outside)
    assert engine.run("audit", "prove", "0", "--tenant", "east", "--since", outside).returncode != 0
    assert is_whole(engine)


def test_whoever_has_the_first_key_can_follow(engine):
    """Over HTTP alone: each key is proven under the one before it, and then the newest checkpoint."""
    engine.ok(*ROTATE)
    engine.ok("user", "add", "analyst-2", "--role", "analyst", "--tenant", "east")
    engine.ok(*ROTATE)
    auditors = engine.token(user="auditor-1", role="auditor", tenant="east")
    engine.start()
    items = engine.get("/v1/tenants/east/audit/keys", auditors).json["items"]
    assert len(items) == 3 and items[0]["handover"] is None
    name, key = auditor.read_key(items[0]["key"].encode())  # noted on the first day
    for item in items[1:]:
        handover, proof = item["handover"], item["handover"]["proof"]
        assert proof["size"] == item["first"] == proof["seq"] + 1
        committed = auditor.sha(bytes.fromhex(handover["salt"]), handover["payload"].encode()).hex()
        assert proof["line"].split()[6] == committed and proof["line"].split()[3] == "key.rotated"
        body, signatures = proof["checkpoint"].encode().split(b"\n\n")
        root = climb(proof)
        assert body.split(b"\n") == [name, str(proof["size"]).encode(), base64.b64encode(root)]
        assert signed_by(key, body + b"\n", signatures)
        key = auditor.read_key(json.loads(handover["payload"])["key"].encode())[1]
        assert signed_by(key, body + b"\n", signatures)
    newest = engine.get("/v1/tenants/east/audit/checkpoint", auditors).body
    body, signatures = newest.split(b"\n\n")
    assert signed_by(key, body + b"\n", signatures)
    assert engine.get("/v1/tenants/west/audit/keys", auditors).status in (403, 404)
    assert engine.get("/v1/tenants/east/audit/keys").status == 401
    assert engine.stop() == 0


def climb(proof):
    """RFC 9162 section 2.1.3.2, for the last leaf of a tree: whatever is on the path is to its left."""
    at = auditor.sha(b"\0", proof["line"].encode())
    for left in proof["path"]:
        at = auditor.sha(b"\1", base64.b64decode(left), at)
    return at


def signed_by(key, body, signatures):
    for line in signatures.splitlines():
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(line.split()[-1])[4:], body)
            return True
        except InvalidSignature:
            continue
    return False


def test_a_backup_knows_its_key(engine):
    engine.ok("backup", engine.folder / "before")
    engine.ok(*ROTATE)
    engine.ok("backup", engine.folder / "after")
    for name, count in (("before", 1), ("after", 2)):
        other = Engine(CONFIG)
        shutil.rmtree(other.data, ignore_errors=True)
        other.ok("restore", engine.folder / name)
        assert is_whole(other) and len(keys(other)) == count
        other.ok("user", "add", "analyst-3", "--role", "analyst", "--tenant", "east")
        assert is_whole(other)
        other.remove()


def test_a_backup_between_the_commit_and_the_switch(engine):
    done = subprocess.run([CRASH, *ROTATE, "--data", str(engine.data)], capture_output=True,
                          env={**engine.environment(), "HIKESHI_CRASH": "key.recorded"}, timeout=60)
    assert done.returncode == -9
    engine.ok("backup", engine.folder / "half")
    other = Engine(CONFIG)
    other.ok("restore", engine.folder / "half")
    other.ok("user", "add", "analyst-3", "--role", "analyst", "--tenant", "east")
    assert key_files(other) == ["ledger.pem"] and len(keys(other)) == 2 and is_whole(other)
    other.remove()
