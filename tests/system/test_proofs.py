"""Proofs over the API and by command, checked the way RFC 9162 says by somebody who has no ledger: an entry is in the
tree that a checkpoint signs, and an earlier tree is the beginning of a later one."""

import base64
import hashlib
import json

import pytest

from engine import Engine, alert


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_from_inclusion(seq, size, leaf, path):
    """Section 2.1.3.2: the root that leaf and path make."""
    at, last, root = seq, size - 1, leaf
    for step in path:
        assert last != 0
        if at & 1 or at == last:
            root = sha(b"\1", step, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = sha(b"\1", root, step)
        at, last = at >> 1, last >> 1
    assert last == 0
    return root


def roots_from_consistency(first, second, first_root, path):
    """Section 2.1.4.2: the two roots that the path makes."""
    if first == second:
        assert path == []
        return first_root, first_root
    if first & (first - 1) == 0:
        path = [first_root, *path]
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        assert last != 0
        if at & 1 or at == last:
            old, new = sha(b"\1", step, old), sha(b"\1", step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = sha(b"\1", new, step)
        at, last = at >> 1, last >> 1
    assert last == 0
    return old, new


def root_of(leaves):
    """MTH of RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b"\1", root_of(leaves[:k]), root_of(leaves[k:]))


def read_note(text):
    origin, size, root = text.split("\n")[:3]
    return origin, int(size), base64.b64decode(root)


def decoded(path):
    return [base64.b64decode(step, validate=True) for step in path]


class Auditor:
    """Reads over the API with a token of that role."""

    def __init__(self, engine, token):
        self.engine, self.token = engine, token
        self.at = "/v1/tenants/main/audit"

    def get(self, path, status=200):
        answer = self.engine.get(self.at + path, self.token)
        assert answer.status == status, answer.body
        return answer

    def lines(self):
        found, after = [], ""
        while True:
            page = self.get(f"/entries?limit=100{after}").json
            found += [item["line"] for item in page["items"]]
            if page["next"] is None:
                return [line.encode() for line in found]
            after = f"&after={page['next']}"


@pytest.fixture(scope="module")
def world():
    it = Engine()
    try:
        it.start()
        sensor = it.token(service="siem", role="analyst")
        tokens = {role: it.token(user=f"one-{role}", role=role) for role in ("viewer", "auditor", "analyst")}
        for n in range(100):
            assert it.post("/v1/alerts", sensor, alert(n, uid=f"u-{n}", title=f"t{n}")).status == 202
        assert it.stop() == 0  # signs
        early = it.ok("audit", "checkpoint")
        it.start()
        for n in range(100, 160):
            it.post("/v1/alerts", sensor, alert(n, uid=f"u-{n}", title=f"t{n}"))
        assert it.stop() == 0
        it.start()
        it.early = early
        it.tokens = tokens
        yield it
    finally:
        it.remove()


def test_each_entry_is_in_the_newest_checkpoint(world):
    auditor = Auditor(world, world.tokens["auditor"])
    note = auditor.get("/checkpoint").body.decode()
    _, size, root = read_note(note)
    lines = auditor.lines()
    assert size > 256 and len(lines) >= size  # one block at least
    assert root_of([sha(b"\0", line) for line in lines[:size]]) == root
    for seq in [*range(0, size, 7), size - 1]:
        answer = auditor.get(f"/proof/inclusion?seq={seq}&size={size}")
        assert len(answer.body) < 2048
        proof = answer.json
        assert proof["line"].encode() == lines[seq] and proof["checkpoint"] == note
        assert root_from_inclusion(seq, size, sha(b"\0", lines[seq]), decoded(proof["path"])) == root


def test_earlier_trees_are_beginnings_of_later_ones(world):
    auditor = Auditor(world, world.tokens["auditor"])
    leaves = [sha(b"\0", line) for line in auditor.lines()]
    _, early_size, early_root = read_note(world.early)
    _, size, root = read_note(auditor.get("/checkpoint").body.decode())
    proof = auditor.get(f"/proof/consistency?from={early_size}&to={size}").json
    assert roots_from_consistency(early_size, size, early_root, decoded(proof["path"])) == (early_root, root)
    for first in (1, 2, 3, 8, 100, 255, 256, 257, size - 1, size):
        path = decoded(auditor.get(f"/proof/consistency?from={first}").json["path"])
        old = root_of(leaves[:first])
        newest = read_note(auditor.get("/checkpoint").body.decode())
        assert roots_from_consistency(first, newest[1], old, path) == (old, newest[2])
    # To a checkpoint that is not the newest, too.
    path = decoded(auditor.get(f"/proof/consistency?from=5&to={early_size}").json["path"])
    assert roots_from_consistency(5, early_size, root_of(leaves[:5]), path) == (root_of(leaves[:5]), early_root)


def test_who_may_ask_and_for_what(world):
    for role, status in (("viewer", 200), ("analyst", 200), ("auditor", 200)):
        Auditor(world, world.tokens[role]).get("/proof/inclusion?seq=3", status)
        Auditor(world, world.tokens[role]).get("/proof/consistency?from=3", status)
    assert world.get("/v1/tenants/main/audit/proof/inclusion?seq=3").status == 401
    auditor = Auditor(world, world.tokens["auditor"])
    for path, status in (("inclusion", 400), ("inclusion?seq=x", 400), ("inclusion?seq=-1", 400),
                         ("inclusion?seq=99999", 404), ("inclusion?seq=1099511627776", 400),
                         ("inclusion?seq=3&size=0", 400), ("inclusion?seq=3&size=3", 404),
                         ("consistency", 400), ("consistency?from=0", 400), ("consistency?from=99999", 400),
                         ("consistency?from=3&to=4", 404)):
        auditor.get(f"/proof/{path}", status)
    assert world.get("/v1/tenants/other/audit/proof/inclusion?seq=3", world.tokens["auditor"]).status in (403, 404)


def test_the_command_proves_both(world, tmp_path):
    early = tmp_path / "early"
    early.write_text(world.early)
    document = json.loads(world.ok("audit", "prove", "17", "--since", early))
    inclusion, consistency = document["inclusion"], document["consistency"]
    _, size, root = read_note(inclusion["checkpoint"])
    leaf = sha(b"\0", inclusion["line"].encode())
    assert root_from_inclusion(17, size, leaf, decoded(inclusion["path"])) == root
    _, early_size, early_root = read_note(world.early)
    assert consistency["from"] == early_size and consistency["checkpoint"] == inclusion["checkpoint"]
    assert roots_from_consistency(early_size, size, early_root, decoded(consistency["path"])) == (early_root, root)
    assert json.loads(world.ok("audit", "prove", "17"))["consistency"] is None
    early.write_text(world.early.replace("\n", "x\n", 1))
    assert world.run("audit", "prove", "17", "--since", early).returncode != 0
    assert world.run("audit", "prove", "seventeen").returncode == 2
