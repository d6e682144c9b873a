"""Check a bundle of `hikeshi audit export` without Hikeshi: what its HOWTO.txt says, in a page, strictly.

Needs nothing of the engine: SHA-256, Ed25519 and two C2SP formats. `check` gives a list of what is wrong; an empty one
means that each entry, payload and checkpoint is what was signed, and that each key was named under the one before it.
Two things must come from outside the bundle, since whoever makes it could make them too: the verifier key that was
noted when the ledger was opened (and those that followed), and the checkpoints that left the machine meanwhile. As a
command: auditor.py FOLDER KEY-FILE [CHECKPOINTS-FILE].
"""

import base64
import hashlib
import json
import pathlib
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LINE = re.compile(rb"hk1 (0|[1-9][0-9]*) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z) "
                  rb"([a-z_]+\.[a-z_]+) ([a-z0-9_-]{1,64}) ([a-z0-9_-]{1,64}) ([0-9a-f]{64})")
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before an Ed25519 key
FILES = ["entries.txt", "payloads.bin", "checkpoints.txt", "checkpoint.txt", "checkpoint.body", "checkpoint.sig",
         "key.pem", "key.txt"]


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def fold(stack):
    """The root over complete subtrees, given from the left as (leaves, hash)."""
    if not stack:
        return sha()
    root = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        root = sha(b"\1", left, root)
    return root


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data) != text:
        raise ValueError("not the one form of base64")
    return data


def read_key(text):
    """NAME+8 hex digits+base64(1, key): the name and the key."""
    name, key_id, coded = text.removesuffix(b"\n").split(b"+", 2)
    data = unbase64(coded)
    if data[:1] != b"\1" or len(data) != 33 or sha(name, b"\n", data)[:4].hex().encode() != key_id:
        raise ValueError("no verifier key")
    return name, data[1:]


def read_chain(lines, records):
    """The keys that the entries name, oldest first, as (name, key, smallest tree that it signs); and since which size
    the word of a key is not believed, where it was revoked."""
    name, key = read_key(json.loads(records[0][2])["key"].encode())
    chain, revoked = [(name, key, 1)], {}
    for seq, line in enumerate(lines):
        kind = line.split(b" ")[3]
        if kind not in (b"key.rotated", b"key.revoked"):
            continue
        said = json.loads(records[seq][2])
        named, key = read_key(said["key"].encode())
        known = [link[1] for link in chain]
        if named != name or (kind == b"key.rotated") == (key in known) or key == known[-1]:
            raise ValueError(f"entry {seq} can't speak of this key")
        if kind == b"key.revoked":
            revoked[key] = min(said["since"], revoked.get(key, said["since"]))
            continue
        if said["from"].encode() != sha(name, b"\n\1", known[-1])[:4].hex().encode():
            raise ValueError(f"entry {seq} replaces another key than the one in force")
        chain.append((name, key, seq + 1))
    return chain, revoked


def signers(chain, size):
    """Whose signatures a checkpoint over so many entries must have: two where one key follows another."""
    at = max(n for n, (_, _, first) in enumerate(chain) if first <= max(size, 1))
    return [chain[at][1]] + [chain[at - 1][1]] * (at > 0 and chain[at][2] == size)


def read_notes(text, chain):
    """(size, root, whole text) of each checkpoint; raises when one isn't just that, signed by whom its size wants."""
    name = chain[0][0]
    mark = "\u2014 ".encode() + name + b" "
    parts = text.split(b"\n")
    if parts.pop() != b"":
        raise ValueError("the last note is cut")
    while parts:
        origin, size, root, empty, *_ = parts
        if origin != name or empty != b"" or not re.fullmatch(rb"[1-9][0-9]*", size) or len(unbase64(root)) != 32:
            raise ValueError("not a checkpoint of this ledger")
        body = b"\n".join([origin, size, root, b""])
        wanted = signers(chain, int(size))
        lines, parts = parts[4:4 + len(wanted)], parts[4 + len(wanted):]
        for line, key in zip(lines, wanted, strict=True):
            coded = unbase64(line.removeprefix(mark)) if line.startswith(mark) else b""
            if coded[:4] != sha(name, b"\n\1", key)[:4]:
                raise ValueError(f"the checkpoint over {int(size)} entries is not signed by whom it has to be")
            Ed25519PublicKey.from_public_bytes(key).verify(coded[4:], body)
        yield int(size), unbase64(root), body + b"\n" + b"".join(line + b"\n" for line in lines)


def check_outside(notes, texts, chain, revoked):
    """Checkpoints that left the machine: each is here, or was made by a thief of a revoked key."""
    for size, _, text in notes:
        key = signers(chain, size)[0]
        if text not in texts and size >= revoked.get(key, size + 1):
            yield f"a checkpoint from outside, over {size} entries, is by a revoked key: it proves nothing"
        elif text not in texts:
            yield f"a checkpoint that left the machine, over {size} entries, is not here"


def read_payloads(data):
    """(number, salt or None, payload) of each record."""
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        head = data[at:end]
        seq, salt, size = head.split(b" ")
        at = end + 1
        if (salt, size) == (b"-", b"-"):
            yield int(seq), None, b""
            continue
        salt = bytes.fromhex(salt.decode())
        if head != b"%d %s %d" % (int(seq), salt.hex().encode(), int(size)) or len(salt) != 32:
            raise ValueError("the head of a payload is not in its one form")
        payload = data[at:at + int(size)]
        at += int(size) + 1
        if data[at - 1:at] != b"\n":
            raise ValueError("a payload is cut")
        yield int(seq), salt, payload


def check_entries(lines, records, roots):
    """Lines in order, payloads as committed to or erased by word; the root over each size in roots."""
    stack, time, holes, erased, found = [], b"", set(), set(), {}
    if len(lines) != len(records):
        yield "not one payload for each entry"
    for seq, line in enumerate(lines):
        match = LINE.fullmatch(line)
        if match is None or int(match[1]) != seq or match[2] < time:
            yield f"entry {seq} is not an entry in its place"
            break
        time = match[2]
        number, salt, payload = records[seq] if seq < len(records) else (None, None, b"")
        if number != seq:
            yield f"the payload of entry {seq} is not in its place"
        elif salt is None:
            holes.add(seq)
        elif sha(salt, payload).hex().encode() != match[6]:
            yield f"the payload of entry {seq} is not what its line commits to"
        elif match[3] == b"payload.erased":
            erased.update(item["seq"] for item in json.loads(payload)["entries"] if item["seq"] < seq)
        stack.append((1, sha(b"\0", line)))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (leaves, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * leaves, sha(b"\1", left, right)))
        if seq + 1 in roots:
            found[seq + 1] = fold(stack)
    for seq in sorted(holes ^ erased):
        yield f"the payload of entry {seq} is gone without a word, or is back"
    for size, root in roots.items():
        if found.get(size) != root:
            yield f"the first {size} entries are not those that were signed"


def check(files, key, outside=b""):
    """files: name → bytes. key: verifier keys that were noted, a line each. outside: checkpoints that left the
    machine."""
    problems = []
    try:
        lines = files["entries.txt"].split(b"\n")
        if lines.pop() != b"":
            problems.append("the last entry is cut")
        records = list(read_payloads(files["payloads.bin"]))
        chain, revoked = read_chain(lines, records)
        written = [b"%s+%s+%s" % (name, sha(name, b"\n\1", raw)[:4].hex().encode(), base64.b64encode(b"\1" + raw))
                   for name, raw, _ in chain]
        problems += ["a key that was noted is none of this ledger" for line in key.splitlines() if line not in written]
        notes = list(read_notes(files["checkpoints.txt"], chain))
        newest = notes[-1][2]
        body, signatures = newest.split(b"\n\n")
        pem = base64.b64encode(SPKI + chain[-1][1])
        same = {"checkpoint.txt": newest, "checkpoint.body": body + b"\n",
                "checkpoint.sig": unbase64(signatures.split()[2])[4:],
                "key.txt": b"".join(line + b"\n" for line in written),
                "key.pem": b"-----BEGIN PUBLIC KEY-----\n" + pem + b"\n-----END PUBLIC KEY-----\n"}
        problems += [f"{file} is not what it should be" for file, data in same.items() if files[file] != data]
        sizes = [size for size, _, _ in notes]
        if sizes != sorted(set(sizes)):
            problems.append("checkpoints are not in order")
        problems += [f"no checkpoint over {first} entries hands over to the next key"
                     for _, _, first in chain[1:] if first not in sizes]
        problems += check_outside(read_notes(outside, chain), {text for _, _, text in notes}, chain, revoked)
        if sizes[-1] != len(lines):
            problems.append(f"{len(lines)} entries, of which a checkpoint covers {sizes[-1]}")
        problems += check_entries(lines, records, {size: root for size, root, _ in notes})
    except (ValueError, KeyError, IndexError, TypeError, InvalidSignature) as error:
        problems.append(f"{type(error).__name__}: {error}")
    return problems


def read_bundle(folder):
    return {name: (pathlib.Path(folder) / name).read_bytes() for name in FILES}


if __name__ == "__main__":
    found = check(read_bundle(sys.argv[1]), *(pathlib.Path(name).read_bytes() for name in sys.argv[2:4]))
    print("\n".join(found) or "ok")
    sys.exit(1 if found else 0)
