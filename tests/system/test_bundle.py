"""The auditor's bundle: what was changed in it is found by somebody who has neither Hikeshi nor the data folder.

Ten thousand bundles are made from an honest one by edits, cuts, other orders, forks and other keys, and the verifier in
auditor.py, which shares nothing with the engine, has to find each of them.
"""

import base64
import json
import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import serialization

import auditor
from engine import Engine, alert, tenant_lua
from waiting import until

ROUNDS = 10_000
SEED = 20261122
NAMES = ("east", "west")


def raw_key(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Ledger:
    """One tenant's bundle, what an auditor holds beside it, and the key of whoever runs the engine."""

    def __init__(self, files, privates):
        self.files = files
        self.key = files["key.txt"].splitlines(keepends=True)[0]  # that of the first day is all they noted
        self.outside = files["checkpoints.txt"]  # all of them went to the sink
        self.privates = {raw_key(private): private for private in privates}
        self.name = auditor.read_key(self.key)[0]
        self.lines = files["entries.txt"].split(b"\n")[:-1]
        self.records = list(auditor.read_payloads(files["payloads.bin"]))
        self.chain, self.revoked = auditor.read_chain(self.lines, self.records)
        self.sizes = [size for size, _, _ in auditor.read_notes(self.outside, self.chain)]

    def problems(self, files):
        return auditor.check(files, self.key, self.outside)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    tenant = tenant_lua()
    it = Engine("return hikeshi {\n  tenants = {\n%s  },\n}\n" % "".join(f"    {n} = {tenant},\n" for n in NAMES))
    out = tmp_path_factory.mktemp("bundles")
    made = {}
    try:
        it.start()
        for number, name in enumerate(NAMES):
            sensor = it.token(service=f"mark-of-the-{name}", role="analyst", tenant=name)
            admin = it.token(user=f"{name}-admin", role="tenant-admin", tenant=name)
            for n in range(8):
                it.post("/v1/alerts", sensor, alert(20 * number + n, title=f"mark-of-the-{name}", uid=f"{name}-{n}"))
            until(lambda: len(it.get("/v1/approvals?state=pending", admin).json["items"]) >= 3, "gates")
            gone = it.post("/v1/alerts", sensor, alert(20 * number + 9, severity="low", uid=f"{name}-gone",
                                                       title=f"gone-from-{name}")).json["alerts"][0]["id"]
            it.ok("audit", "erase", "--subject", gone, "--reason", "asked for", token=admin)
        assert it.stop() == 0
        privates = []
        for n in range(6):  # more checkpoints: each command signs one at its end
            for name in NAMES:
                it.ok("user", "add", f"{name}-{n}", "--role", "viewer", "--tenant", name)
            if n in (0, 3, 5):  # three keys, one after the other
                privates.append(
                    serialization.load_pem_private_key((it.data / "key" / "ledger.pem").read_bytes(), None))
            if n in (0, 3):
                it.ok("audit", "key", "rotate", "--reason", "once a year")
        for name in NAMES:
            it.ok("audit", "export", "--out", out / name, "--tenant", name)
            made[name] = Ledger(auditor.read_bundle(out / name), privates)
        made["folder"] = out
        yield made
    finally:
        it.remove()


# --- ways to change a bundle; each takes a ledger and chance, and gives the files that it changes ---

def flip_bytes(ledger, chance):
    name = chance.choice(auditor.FILES)
    data = bytearray(ledger.files[name])
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return {name: bytes(data)}


def insert_bytes(ledger, chance):
    name = chance.choice(auditor.FILES)
    data = ledger.files[name]
    at = chance.randrange(len(data) + 1)
    return {name: data[:at] + chance.randbytes(chance.choice((1, 3))) + data[at:]}


def cut_bytes(ledger, chance):
    name = chance.choice(auditor.FILES)
    data = ledger.files[name]
    at = chance.randrange(len(data))
    end = chance.choice((at + 1, at + chance.randrange(1, 200), len(data)))
    return {name: data[:at] + data[end:]}


def join(lines):
    return b"".join(line + b"\n" for line in lines)


def pack(records):
    return b"".join(b"%d - -\n" % seq if salt is None else b"%d %s %d\n%s\n" % (seq, salt.hex().encode(), len(data), data)
                    for seq, salt, data in records)


def cut_entries(ledger, chance):
    """Some are gone, with their payloads or without; numbers stay or close up."""
    lines, records = list(ledger.lines), list(ledger.records)
    at = chance.randrange(len(lines))
    count = chance.choice((1, 2, len(lines) - at))
    del lines[at:at + count]
    if chance.random() < 0.7:
        del records[at:at + count]
    if chance.random() < 0.5:
        lines = [line.replace(b" %s " % line.split()[1], b" %d " % n, 1) for n, line in enumerate(lines)]
        records = [(n, salt, data) for n, (_, salt, data) in enumerate(records)]
    return {"entries.txt": join(lines), "payloads.bin": pack(records)}


def reorder(ledger, chance):
    lines, records = list(ledger.lines), list(ledger.records)
    a, b = chance.sample(range(len(lines)), 2)
    what = chance.randrange(3)
    if what != 1:
        lines[a], lines[b] = lines[b], lines[a]
    if what != 0:
        records[a], records[b] = records[b], records[a]
    if what == 2 and chance.random() < 0.5:  # with the numbers of their new places
        for n in (a, b):
            lines[n] = lines[n].replace(b" %s " % lines[n].split()[1], b" %d " % n, 1)
            records[n] = (n, *records[n][1:])
    return {"entries.txt": join(lines), "payloads.bin": pack(records)}


def swap_payload(ledger, chance):
    """Another payload, with a commitment that fits it: the line changes."""
    lines, records = list(ledger.lines), list(ledger.records)
    change(lines, records, chance)
    return {"entries.txt": join(lines), "payloads.bin": pack(records)}


def erase_without_a_word(ledger, chance):
    records = list(ledger.records)
    seq = chance.randrange(len(records))
    records[seq] = (seq, None, b"")
    return {"payloads.bin": pack(records)}


def lose_checkpoints(ledger, chance):
    notes = [text.split(b"\n")[:-1] for _, _, text in auditor.read_notes(ledger.outside, ledger.chain)]
    at = chance.randrange(len(notes))
    if chance.random() < 0.5:
        del notes[at:at + chance.choice((1, len(notes)))]
    else:
        other = chance.randrange(len(notes))
        notes[at] = notes[other] if other != at else [*notes[at][:3], b"", b""]
    return {"checkpoints.txt": b"".join(join(note) for note in notes)}


def change(lines, records, chance, seq=None):
    seq = chance.randrange(len(lines)) if seq is None else seq
    salt = chance.randbytes(32)
    payload = json.dumps({"n": chance.random()}).encode()
    lines[seq] = b" ".join([*lines[seq].split()[:-1], auditor.sha(salt, payload).hex().encode()])
    records[seq] = (seq, salt, payload)


def sign_again(ledger, lines, sizes, chain, private_of):
    """All signed files, made anew by whoever holds keys."""
    name = ledger.name
    keys = {public: auditor.sha(name, b"\n\1", public)[:4] for _, public, _ in chain}
    notes, stack = [], []
    for seq, line in enumerate(lines):
        stack.append((1, auditor.sha(b"\0", line)))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (leaves, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * leaves, auditor.sha(b"\1", left, right)))
        if seq + 1 in sizes:
            body = b"%s\n%d\n%s\n" % (name, seq + 1, base64.b64encode(auditor.fold(stack)))
            signatures = [(keys[public], private_of(public).sign(body))
                          for public in auditor.signers(chain, seq + 1)]
            notes.append((body, signatures[0][1], body + b"\n" + b"".join(
                b"\xe2\x80\x94 %s %s\n" % (name, base64.b64encode(key_id + signature))
                for key_id, signature in signatures)))
    pem = base64.b64encode(auditor.SPKI + chain[-1][1])
    return {"entries.txt": join(lines), "checkpoints.txt": b"".join(note for _, _, note in notes),
            "checkpoint.txt": notes[-1][2], "checkpoint.body": notes[-1][0], "checkpoint.sig": notes[-1][1],
            "key.txt": b"".join(b"%s+%s+%s\n" % (name, keys[public].hex().encode(), base64.b64encode(b"\1" + public))
                                for _, public, _ in chain),
            "key.pem": b"-----BEGIN PUBLIC KEY-----\n" + pem + b"\n-----END PUBLIC KEY-----\n"}


def fork(ledger, chance):
    """Whoever has database and all keys writes history anew from some entry on: only what left the machine tells."""
    lines, records = list(ledger.lines), list(ledger.records)
    if chance.random() < 0.3:
        keep = chance.randrange(2, len(lines))
        del lines[keep:], records[keep:]
    else:
        change(lines, records, chance, chance.choice(plain_entries(ledger)))
    sizes = {size for size in ledger.sizes if size < len(lines)} | {len(lines)}
    chain = [link for link in ledger.chain if link[2] <= len(lines)]
    return {**sign_again(ledger, lines, sizes, chain, ledger.privates.get), "payloads.bin": pack(records)}


def plain_entries(ledger):
    """Those that nothing else in the bundle rests on."""
    return [seq for seq, line in enumerate(ledger.lines) if seq > 0 and line.split()[3] not in
            (b"key.rotated", b"key.revoked", b"payload.erased")]


def forge_with_an_old_key(ledger, chance):
    """A thief of a key that was replaced writes on as if it were still in force, or names a key of their own."""
    lines, records = list(ledger.lines), list(ledger.records)
    at = chance.randrange(1, len(ledger.chain))
    old, first = ledger.chain[at - 1][1], ledger.chain[at][2]
    what = chance.randrange(3)
    if what == 0:  # what came after the replacement, changed
        change(lines, records, chance, chance.choice([n for n in plain_entries(ledger) if n >= first]))
        return {**sign_again(ledger, lines, set(ledger.sizes), ledger.chain, lambda _: ledger.privates[old]),
                "payloads.bin": pack(records)}
    if what == 1:  # the old key signs everything, and the entry that replaces it stays
        return {**sign_again(ledger, lines, set(ledger.sizes), ledger.chain[:at], ledger.privates.get),
                "payloads.bin": pack(records)}
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))  # the replacement names another
    said = json.loads(records[first - 1][2])
    chain = [*ledger.chain[:at], (ledger.name, raw_key(key), first)]
    data = b"\1" + raw_key(key)
    said["key"] = (b"%s+%s+%s" % (ledger.name, auditor.sha(ledger.name, b"\n", data)[:4].hex().encode(),
                                  base64.b64encode(data))).decode()
    payload = json.dumps(said).encode()
    records[first - 1] = (first - 1, records[first - 1][1], payload)
    lines[first - 1] = b" ".join([*lines[first - 1].split()[:-1],
                                  auditor.sha(records[first - 1][1], payload).hex().encode()])
    del lines[first + 1:], records[first + 1:]
    sizes = {size for size in ledger.sizes if size < len(lines)} | {first, len(lines)}
    return {**sign_again(ledger, lines, sizes, chain, lambda public: ledger.privates.get(public, key)),
            "payloads.bin": pack(records)}


def swap_key(ledger, chance):
    """All is signed again by another key, which the first entry may name; history as it was, or not."""
    lines, records = list(ledger.lines), list(ledger.records)
    key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
    chain = [(ledger.name, raw_key(key), 1)]
    if chance.random() < 0.5:
        change(lines, records, chance, chance.randrange(1, len(lines)))
    files = sign_again(ledger, lines, set(ledger.sizes), chain, lambda _: key)
    if chance.random() < 0.7:
        opened = json.loads(records[0][2])
        opened["key"] = files["key.txt"].decode().strip()
        payload = json.dumps(opened).encode()
        records[0] = (0, records[0][1], payload)
        lines[0] = b" ".join([*lines[0].split()[:-1], auditor.sha(records[0][1], payload).hex().encode()])
        if chance.random() < 0.5:  # and nothing of other keys is left
            end = ledger.chain[1][2] - 1
            del lines[end:], records[end:]
        files = sign_again(ledger, lines, {*ledger.sizes, len(lines)}, chain, lambda _: key)
    if chance.random() < 0.2:
        files = {name: files[name] for name in ("key.txt", "key.pem")}
    return {**files, "payloads.bin": pack(records)}


WAYS = [flip_bytes, insert_bytes, cut_bytes, cut_entries, reorder, swap_payload, erase_without_a_word,
        lose_checkpoints, fork, forge_with_an_old_key, swap_key]


def test_honest_bundles_have_no_problem(ledgers):
    for name in NAMES:
        ledger = ledgers[name]
        assert len(ledger.lines) > 30 and len(ledger.sizes) > 4
        assert any(salt is None for _, salt, _ in ledger.records)  # something was erased
        assert f"gone-from-{name}".encode() not in b"".join(ledger.files.values())
        for _ in range(20):
            assert ledger.problems(dict(ledger.files)) == []
        assert auditor.check(ledger.files, ledger.key) == []  # without outside checkpoints too


def test_each_of_ten_thousand_changes_is_found(ledgers):
    chance = random.Random(SEED)
    missed = []
    tried = {way.__name__: 0 for way in WAYS}
    for n in range(ROUNDS):
        ledger = ledgers[NAMES[n % 2]]
        way = WAYS[n // 2 % len(WAYS)]
        files = {**ledger.files, **way(ledger, chance)}
        if files == ledger.files:
            continue
        tried[way.__name__] += 1
        if not ledger.problems(files):
            missed.append((n, way.__name__, [name for name in files if files[name] != ledger.files[name]]))
    print(tried)
    assert not missed, missed[:5]
    assert sum(tried.values()) > 0.98 * ROUNDS and min(tried.values()) > 800, tried


def test_a_fork_is_found_by_what_left_the_machine_alone(ledgers):
    """The limit that the documentation states: with database and key, and nothing outside, a fork looks honest."""
    ledger = ledgers["east"]
    files = {**ledger.files, **fork(ledger, random.Random(SEED))}
    assert auditor.check(files, ledger.key) == []
    assert any("left the machine" in problem for problem in ledger.problems(files))


def test_keys_follow_one_another(ledgers):
    for name in NAMES:
        ledger = ledgers[name]
        assert len(ledger.chain) == 3 and len(set(ledger.privates)) == 3
        for noted in ledger.files["key.txt"].splitlines():  # any of them leads to the same
            assert auditor.check(ledger.files, noted, ledger.outside) == []
        assert auditor.check(ledger.files, ledgers["west" if name == "east" else "east"].key) != []


def test_what_a_revoked_key_says_is_not_believed(ledgers):
    """A forged checkpoint from outside looks like a fork until the key is revoked; then it is known for what it is."""
    ledger = ledgers["east"]
    stolen = ledger.chain[0]
    size = max(size for size in ledger.sizes if size < ledger.chain[1][2])
    chance = random.Random(SEED)
    lines, records = list(ledger.lines[:size]), list(ledger.records[:size])
    change(lines, records, chance, size - 1)
    forged = sign_again(ledger, lines, {size}, [stolen], ledger.privates.get)["checkpoint.txt"]
    assert any("left the machine" in problem for problem in auditor.check(ledger.files, ledger.key, forged))
    notes = list(auditor.read_notes(forged, ledger.chain))
    assert list(auditor.check_outside(notes, set(), ledger.chain, {stolen[1]: size}))[0].endswith("it proves nothing")
    assert not any("proves nothing" in problem
                   for problem in auditor.check_outside(notes, set(), ledger.chain, {stolen[1]: size + 1}))


def test_no_byte_of_another_tenant(ledgers):
    for name, other in (NAMES, NAMES[::-1]):
        text = b"".join(ledgers[name].files.values())
        assert f"mark-of-the-{name}".encode() in text
        for word in (f"mark-of-the-{other}", f"{other}-admin", f"{other}-0"):
            assert word.encode() not in text
        foreign = {salt for _, salt, _ in ledgers[other].records if salt is not None}
        assert not foreign & {salt for _, salt, _ in ledgers[name].records}
        # Its parts in another's place: nothing of them passes.
        for file in auditor.FILES:
            mixed = {**ledgers[name].files, file: ledgers[other].files[file]}
            assert mixed[file] == ledgers[name].files[file] or ledgers[name].problems(mixed), file


def test_the_verifier_as_a_command(ledgers, tmp_path):
    for name, status in (("east", 0), ("west", 1)):
        key = tmp_path / "key.txt"
        key.write_bytes(ledgers["east"].key)
        done = subprocess.run([sys.executable, auditor.__file__, ledgers["folder"] / name, key], capture_output=True)
        assert done.returncode == status, done.stdout


def test_the_howto_says_what_works(ledgers, tmp_path):
    """Its commands and its Python, run as they are written."""
    folder = ledgers["folder"] / "east"
    text = (folder / "HOWTO.txt").read_text()
    script = text[text.index("   import base64"):text.index("   print('ok'")]
    script += next(line for line in text.splitlines() if line.startswith("   print('ok'"))
    script = "\n".join(line.removeprefix("   ") for line in script.splitlines())
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stdout.startswith(f"ok {len(ledgers['east'].lines)}"), done.stderr
    command = text[text.index("   openssl"):text.index("2. One payload")]
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and "Success" in done.stdout, done.stderr
