"""A tenant goes from one data folder to another, with its proofs, its open work and its leases, and without its secrets;
exactly one folder may go on with it at any moment, wherever the tools are killed."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

import auditor
from engine import Engine, alert, tenant_lua
from waiting import until

CRASH = pathlib.Path(os.environ["HIKESHI_BUILD"]) / "hikeshi-crash"
MARKS = {"east": "mark-of-the-east", "west": "mark-of-the-west"}
PLAYBOOK = """
return playbook {
  name = "hold", summary = "Block an address for a while",
  on   = { { category = "authentication", severity = at_least "high" } },
  run  = function(alert)
    local lease = act.contain.block_ip({ ip = alert.src.ip }, { expires = "%s", because = { alert.title } })
    wait "1s"
    return close { verdict = lease and "true_positive" or "undetermined", note = "done" }
  end,
}
"""


def config(*names, lease="25s", sink=None):
    """Tenants as in the quickstart, but for how long an address is blocked."""
    tenant = re.sub(r"playbooks = \{.*?\}", 'playbooks = { "hold.lua" }', tenant_lua(), count=1, flags=re.S)
    tenants = "".join(f"    {name} = {tenant},\n" for name in names)
    place = f"  checkpoint_sink = '{sink}',\n" if sink else ""
    return PLAYBOOK % lease, "return hikeshi {\n%s  tenants = {\n%s  },\n}\n" % (place, tenants)


def make(*names, lease="25s", sink=None):
    playbook, text = config(*names, lease=lease, sink=sink)
    engine = Engine(text)
    (engine.folder / "hold.lua").write_text(playbook)
    return engine


def place(engine):
    return engine.ok("tenant", "place").strip()


def move_out(engine, to, file, tenant="east", **kwargs):
    return engine.run("tenant", "move-out", "--tenant", tenant, "--to", to, "--out", file, **kwargs)


def items(engine, collection, token, query=""):
    return engine.get(f"/v1/{collection}{query}", token).json["items"]


def decide(engine, token, patience="the gate"):
    gate = until(lambda: items(engine, "approvals", token, "?state=pending"), patience)[0]
    digest = engine.get(f"/v1/approvals/{gate['id']}", token).json["digest"]
    answer = engine.post(f"/v1/approvals/{gate['id']}/decision", token, {"decision": "approve", "digest": digest})
    assert answer.status == 200, answer.body
    return gate["id"]


def kinds(engine, tenant="east"):
    found = []
    while True:
        page = ["--after", found[-1][0]] if found else []
        lines = engine.ok("audit", "show", "--tenant", tenant, "--limit", "500", "--jsonl", *page).splitlines()
        new = [json.loads(line) for line in lines]
        found += [(item["seq"], item["line"].split()[3], item["payload"]) for item in new]
        if not new:
            return found


def whole(engine, *args):
    for command in (["audit", "verify", *args], ["audit", "rebuild", "--check"]):
        done = engine.run(*command, "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["ok"] is True, done.stdout + done.stderr


class Moved:
    """East has lived at the source, with a block that stands and a gate that is open, and was moved out."""

    def __init__(self, lease="25s"):
        self.sink = pathlib.Path(tempfile.mkdtemp(prefix="hk-"))  # both bring their checkpoints here
        self.source = make("east", "west", lease=lease, sink=self.sink)
        self.target = make("north", lease=lease, sink=self.sink)
        self.file = self.source.folder / "east.tenant"
        self.tokens = {}

    def live(self):
        source = self.source.start()
        for number, (name, mark) in enumerate(MARKS.items()):
            self.tokens[name] = source.token(user=f"{mark}-1", role="approver", tenant=name)
            sensor = source.token(service=f"{mark}-sensor", role="analyst", tenant=name)
            for count in (1, 2):
                source.post("/v1/alerts", sensor, alert(10 * number + count, title=f"{mark} {count}", uid=f"{mark}-{count}",
                                                        user={"name": mark}))
            self.tokens[name + "-sensor"] = sensor
        until(lambda: len(items(source, "approvals", self.tokens["east"], "?state=pending")) == 2, "two gates")
        decide(source, self.tokens["east"])
        self.lease = until(lambda: items(source, "containments", self.tokens["east"], "?state=active"), "the block")[0]
        self.gate = items(source, "approvals", self.tokens["east"], "?state=pending")[0]["id"]
        (source.folder / "earlier.note").write_text(source.get("/v1/tenants/east/audit/checkpoint",
                                                               self.tokens["east"]).body.decode())
        source.stop()
        return self

    def prepare(self):
        self.target.start()  # has a tenant of its own
        self.target.stop()
        self.place = place(self.target)
        return self

    def remove(self):
        self.source.remove()
        self.target.remove()
        shutil.rmtree(self.sink, ignore_errors=True)


@pytest.fixture
def moved():
    it = Moved()
    try:
        yield it.live().prepare()
    finally:
        it.remove()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A file with a tenant in it, and an empty place that it is for; nothing here is started any more."""
    it = Moved(lease="4h")
    try:
        it.live().prepare()
        move_out(it.source, it.place, it.file, check=0)
        yield it
    finally:
        it.remove()


def test_a_tenant_goes_on_at_another_folder(moved):
    source, target = moved.source, moved.target
    before = kinds(source)
    source.ok("audit", "export", "--tenant", "east", "--out", source.folder / "first")
    key = (source.folder / "first" / "key.txt").read_bytes()
    kept = {path.name: path.read_bytes() for path in (source.data / "plugins/east/edl").iterdir() if path.is_file()}
    assert any(b"203.0.113." in content for content in kept.values()), "the plugin keeps what it blocks"

    assert "closed here" in move_out(source, moved.place, moved.file, check=0).stdout
    assert os.stat(moved.file).st_mode & 0o777 == 0o600
    content = moved.file.read_bytes()
    for word in (MARKS["west"], "PRIVATE KEY", "argon2", moved.tokens["east"], moved.tokens["east-sensor"]):
        assert word.encode() not in content, f"{word} left with the tenant"
    assert MARKS["east"].encode() in content

    # The source keeps a record that is closed and whole, and begins nothing for the tenant any more.
    assert [kind for _, kind, _ in kinds(source)][-1] == "ledger.moved_out"
    whole(source)
    refused = source.run("serve", "--config", source.config, "--listen", "127.0.0.1:0")
    assert refused.returncode != 0 and "tenants.east: east was moved out of this data folder" in refused.stderr
    refused = source.run("user", "add", "late-1", "--role", "viewer", "--tenant", "east")
    assert refused.returncode != 0 and "moved out" in refused.stderr
    _, text = config("west", sink=moved.sink)
    source.config.write_text(text)
    source.start()
    assert source.get("/v1/alerts", moved.tokens["east"]).status == 401
    assert source.get("/v1/alerts", moved.tokens["west"]).status == 200
    source.stop()

    assert "taken in" in target.ok("tenant", "take-in", moved.file, "--checkpoint", source.folder / "earlier.note")
    whole(target, "--checkpoint", source.folder / "earlier.note")
    now = kinds(target)
    assert now[:len(before)] == before  # numbers, kinds and payloads
    assert [kind for _, kind, _ in now[len(before):]] == [
        "token.revoked", "token.revoked", "ledger.moved_out", "key.rotated", "ledger.moved_in"]
    assert not (target.data / "move-in").exists()
    there = target.data / "plugins/east/edl"
    assert {path.name: path.read_bytes() for path in there.iterdir()} == kept

    # It goes on there: the block stands and ends in its time, by one release; the gate can be decided; people come back.
    _, text = config("north", "east", sink=moved.sink)
    target.config.write_text(text)
    target.start()
    approver = target.ok("token", "create", "--user", f"{MARKS['east']}-1", "--tenant", "east").split()[-1]
    feed = "/lists/east/edl/blocklist.txt"
    assert target.get(f"/v1/containments/{moved.lease['id']}", approver).json["id"] == moved.lease["id"]
    assert decide(target, approver) == moved.gate
    until(lambda: [item["state"] for item in items(target, "containments", approver)] == ["released"] * 2,
          "both leases to end")
    assert target.get(feed, approver).body.splitlines() == []
    for containment in items(target, "containments", approver):
        entries = target.ok("audit", "show", "--tenant", "east", "--subject", containment["id"], "--jsonl").splitlines()
        of = [json.loads(line)["line"].split()[3] for line in entries]
        assert of.count("containment.releasing") == 1 and of.count("containment.released") == 1, of
    until(lambda: [run["state"] for run in items(target, "runs", approver)] == ["finished"] * 2, "both runs to end")
    until(lambda: target.get(f"/v1/search?q={MARKS['east']}", approver).json["items"], "the index to know of it")
    assert not target.get(f"/v1/search?q={MARKS['west']}", approver).json["items"]
    target.stop()
    whole(target, "--checkpoint", source.folder / "earlier.note")

    # Somebody who has nothing of ours but the first key and an old checkpoint follows it all the way.
    target.ok("audit", "export", "--tenant", "east", "--out", target.folder / "bundle")
    files = {path.name: path.read_bytes() for path in (target.folder / "bundle").iterdir()}
    assert auditor.check(files, key, (source.folder / "earlier.note").read_bytes()) == []
    assert all(MARKS["west"].encode() not in content for content in files.values())
    # The source is not put off by what the other folder brought to the place that both use.
    assert (moved.sink / "east.checkpoints").read_text().count("\n\n") > 2
    source.start()
    source.stop()
    # And the key of the folder can be replaced as before.
    target.ok("audit", "key", "rotate", "--reason", "yearly")
    whole(target)
    source.ok("audit", "key", "rotate", "--reason", "yearly")
    whole(source)
    assert move_out(source, moved.place, source.folder / "again.tenant").returncode == 0
    assert (source.folder / "again.tenant").read_bytes() == content, "the same file, each time"


@pytest.mark.parametrize("point", ["move.closing", "move.closed", "move.written"])
def test_moving_out_can_be_cut_off_anywhere(moved, point):
    source = moved.source
    source.extra = {"HIKESHI_CRASH": point}
    done = subprocess.run([CRASH, "tenant", "move-out", "--tenant", "east", "--to", moved.place, "--out", moved.file,
                           "--data", source.data], env=source.environment(), capture_output=True, timeout=60)
    assert done.returncode == -9, done.stderr
    source.extra = {}
    assert not moved.file.exists()
    whole(source)
    is_closed = [kind for _, kind, _ in kinds(source)][-1] == "ledger.moved_out"
    assert is_closed == (point != "move.closing")
    move_out(source, moved.place, moved.file, check=0)
    assert [kind for _, kind, _ in kinds(source)].count("ledger.moved_out") == 1
    whole(source)
    moved.target.ok("tenant", "take-in", moved.file)
    whole(moved.target)


@pytest.mark.parametrize("point", ["move.staged", "move.placed", "move.taking", "move.taken"])
def test_taking_in_can_be_cut_off_anywhere(bundle, point):
    target = Engine()
    try:
        # A copy of the place, since a tenant comes once.
        subprocess.run(["cp", "-a", bundle.target.data, target.data], check=True)
        target.extra = {"HIKESHI_CRASH": point}
        done = subprocess.run([CRASH, "tenant", "take-in", bundle.file, "--data", target.data],
                              env=target.environment(), capture_output=True, timeout=60)
        assert done.returncode == -9, done.stderr
        target.extra = {}
        whole(target)
        again = target.ok("tenant", "take-in", bundle.file)
        assert ("was taken in before" in again) == (point == "move.taken")
        assert "was taken in before" in target.ok("tenant", "take-in", bundle.file)
        whole(target)
        assert [kind for _, kind, _ in kinds(target)].count("ledger.moved_in") == 1
        assert not (target.data / "move-in").exists()
    finally:
        target.remove()


def test_a_bundle_is_for_one_folder(bundle):
    other = make("north")
    try:
        other.start()
        other.stop()
        refused = other.run("tenant", "take-in", bundle.file)
        assert refused.returncode != 0 and "was moved to hikeshi/" in refused.stderr, refused.stderr
        refused = move_out(bundle.source, place(other), bundle.source.folder / "other.tenant")
        assert refused.returncode != 0 and "can go nowhere else" in refused.stderr, refused.stderr
        refused = move_out(bundle.source, place(bundle.source), bundle.source.folder / "o.tenant", tenant="west")
        assert refused.returncode != 0 and "this very folder" in refused.stderr
        refused = move_out(bundle.source, place(other) + "x", bundle.source.folder / "o.tenant", tenant="west")
        assert refused.returncode != 0 and "no place" in refused.stderr
        refused = move_out(bundle.source, place(other), bundle.source.folder / "o.tenant", tenant="south")
        assert refused.returncode == 3 and "there is no tenant south" in refused.stderr
    finally:
        other.remove()


def test_a_key_may_be_replaced_on_the_way(bundle):
    there = Engine()
    try:
        subprocess.run(["cp", "-a", bundle.target.data, there.data], check=True)
        there.ok("audit", "key", "rotate", "--reason", "yearly")
        refused = there.run("tenant", "take-in", bundle.file)
        assert refused.returncode != 0 and "another key than this folder's" in refused.stderr, refused.stderr
        file = there.folder / "again.tenant"
        move_out(bundle.source, place(there), file, check=0)
        whole(bundle.source)
        there.ok("tenant", "take-in", file, "--checkpoint", bundle.source.folder / "earlier.note")
        whole(there)
    finally:
        there.remove()


def test_a_rotation_that_is_cut_off_beside_a_closed_tenant_is_ended(bundle):
    """Its ledger keeps the key that it had, and is the first in the file: what the others say counts."""
    there = Engine()
    try:
        subprocess.run(["cp", "-a", bundle.source.data, there.data], check=True)
        done = subprocess.run([CRASH, "audit", "key", "rotate", "--reason", "yearly", "--data", there.data],
                              env={**there.environment(), "HIKESHI_CRASH": "key.recorded"}, capture_output=True, timeout=60)
        assert done.returncode == -9, done.stderr
        there.ok("user", "add", "later-1", "--role", "viewer", "--tenant", "west")
        whole(there)
        assert [kind for _, kind, _ in kinds(there, "west")].count("key.rotated") == 1
        assert "key.rotated" not in [kind for _, kind, _ in kinds(there)]
    finally:
        there.remove()


def test_nothing_moves_while_an_engine_runs(moved):
    moved.source.start()
    refused = move_out(moved.source, moved.place, moved.file)
    assert refused.returncode != 0 and "in use by an engine" in refused.stderr
    moved.source.stop()
    move_out(moved.source, moved.place, moved.file, check=0)
    moved.target.start()
    refused = moved.target.run("tenant", "take-in", moved.file)
    assert refused.returncode != 0 and "in use by an engine" in refused.stderr


def test_a_tenant_of_that_name_is_not_replaced(bundle):
    there = Engine()
    try:
        subprocess.run(["cp", "-a", bundle.target.data, there.data], check=True)
        there.ok("user", "add", "somebody-1", "--role", "viewer", "--tenant", "east")
        refused = there.run("tenant", "take-in", bundle.file)
        assert refused.returncode != 0 and "there is a tenant east here already" in refused.stderr
        whole(there)
    finally:
        there.remove()


def damaged(content):
    """Each way that a file can be other than it was, with what is said of it."""
    lines = content.split(b"\n")
    first = content.index(b"\nentry ") + 1
    salt = re.search(rb"entry [0-9]+ ([0-9a-f]{64}) ", content).start(1)
    note = content.index(b"\ncheckpoint ")
    signature = content.index("\u2014 ".encode(), note) + 60
    kept = content.index(b"\nfile ")
    yield "empty", b"", "no file with a tenant"
    yield "other", b"not at all\n", "no file with a tenant"
    yield "newer", content.replace(b"hikeshi-tenant 1\n", b"hikeshi-tenant 2\n", 1), "newer version"
    yield "newer line", content.replace(b"\nhk1 3 ", b"\nhk2 3 ", 1), "newer version"
    yield "cut in a line", content[:first + 30], "ends too early"
    yield "cut", content[:len(content) // 2], "ends too early"
    yield "cut at the end", content[:-4], "ends too early"
    yield "longer", content + b"x", "follows its end"
    yield "head", content.replace(lines[1], b"{}", 1), "head can't be read"
    yield "salt", content[:salt] + (b"0" if content[salt:salt + 1] != b"0" else b"1") + content[salt + 1:], "entry 0"
    yield "payload", content.replace(b'"mark-of-the-east 1"', b'"mark-of-the-east 7"', 1), "it is not what was signed"
    yield "name", content.replace(b'"tenant":"east"', b'"tenant":"best"', 1), "another tenant|none of the tenant's"
    yield "hole", re.sub(rb"\nentry ([0-9]+) [0-9a-f]{64} [0-9]+\n(hk1 2 [^\n]*)\n[^\n]*\n", rb"\nentry \1 - -\n\2\n",
                         content, count=1), "missing"
    yield "signature", content[:signature] + b"AAAA" + content[signature + 4:], "can't be read|not what was signed"
    yield "kept", content[:kept] + content[kept:].replace(b"203.0.113", b"203.0.114", 1), "what the plugins kept"
    yield "way out", content[:kept] + content[kept:].replace(b"plugins/east/", b"plugins/../../", 1), "size and name"
    yield "way over", content[:kept] + content[kept:].replace(b"plugins/east/", b"plugins/west/", 1), "none of the tenant's"
    yield "line dropped", content.replace(b"\nentry ", b"\nentri ", 1), "entry is missing"


def test_a_damaged_file_is_refused_whole(bundle):
    there = Engine()
    try:
        subprocess.run(["cp", "-a", bundle.target.data, there.data], check=True)
        content = bundle.file.read_bytes()
        before = (there.data / "ledger.db").read_bytes()
        file = there.folder / "damaged.tenant"
        for name, bad, said in damaged(content):
            assert bad != content, name
            file.write_bytes(bad)
            refused = there.run("tenant", "take-in", file)
            assert refused.returncode not in (0, -11, -6) and re.search(said, refused.stderr), (name, refused.stderr)
            assert len(refused.stderr.splitlines()) == 1, refused.stderr
            assert not (there.data / "move-in").exists() and not (there.data / "plugins/east").exists(), name
        assert (there.data / "ledger.db").read_bytes() == before
        wrong = there.folder / "wrong.note"
        wrong.write_text((bundle.source.folder / "earlier.note").read_text().replace("\n", "\nx", 1))
        assert there.run("tenant", "take-in", bundle.file, "--checkpoint", wrong).returncode != 0
        there.ok("tenant", "take-in", bundle.file)
    finally:
        there.remove()
