"""A disk that forgets: what may lie in files after a kill, and after a power cut, at any place of a tape.

A kill loses nothing that was written. A power cut keeps for sure what was synced: a file's bytes when the file was,
a name when its folder was. Of what was written since, any part may be there: writes in any choice, torn at sectors of
512 bytes, a size without the bytes (zeros), names up to some point of their order.
"""

import os
import pathlib

import tape

SECTOR = 512


class File:
    def __init__(self):
        self.now = bytearray()
        self.synced = b""
        self.pending = []  # (offset, bytes), or (size, None) for a truncation

    def write(self, offset, data):
        apply(self.now, offset, data)
        self.pending.append((offset, data))

    def truncate(self, size):
        cut(self.now, size)
        self.pending.append((size, None))

    def sync(self):
        self.synced = bytes(self.now)
        self.pending = []


def apply(into, offset, data):
    if offset > len(into):
        into.extend(bytes(offset - len(into)))
    into[offset:offset + len(data)] = data


def cut(into, size):
    if size < len(into):
        del into[size:]
    else:
        into.extend(bytes(size - len(into)))


class Disk:
    """Fed with the operations of a trace one by one."""

    def __init__(self, roots):
        self.roots = roots    # folders that are there from the beginning
        self.names = {}       # path: File, or None for a folder
        self.kept = {}        # the same, as synced
        self.waiting = []     # [(folder, path, File, None or False)]: what changed names since; False: gone
        self.inodes = {}      # of files that have a name, or had one

    def feed(self, op):
        if op.op == tape.OPEN:
            self.open(op)
        elif op.op == tape.WRITE:
            self.inodes[op.inode].write(op.offset, op.data)
        elif op.op == tape.TRUNCATE:
            self.inodes[op.inode].truncate(op.offset)
        elif op.op == tape.SYNC:
            self.sync(op.inode)
        elif op.op == tape.MKDIR:
            self.name(op.path, None)
        elif op.op == tape.LINK:
            self.name(op.data.decode(), self.names[op.path])
        elif op.op == tape.RENAME:
            self.name(op.data.decode(), self.names[op.path])
            self.name(op.path, False)
        elif op.op == tape.UNLINK:
            self.name(op.path, False)

    def open(self, op):
        if os.path.isdir(op.path) or op.path in self.roots or self.names.get(op.path, "") is None:
            self.inodes[op.inode] = op.path  # a folder, to be synced
            return
        if op.path.endswith((".lock", "-shm")) or "/plugins/" in op.path:
            # Locks hold nothing, the WAL's index is made anew, and what plugins keep is the world's own.
            self.inodes[op.inode] = File()
            return
        if op.path not in self.names:
            self.name(op.path, File())
        file = self.names[op.path]
        self.inodes[op.inode] = file
        if op.flags & tape.O_TRUNC and file.now:
            file.truncate(0)

    def name(self, path, what):
        if what is False:
            self.names.pop(path, None)
        else:
            self.names[path] = what
        self.waiting.append((os.path.dirname(path), path, what))

    def sync(self, inode):
        it = self.inodes[inode]
        if isinstance(it, File):
            it.sync()
            return
        for folder, path, what in self.waiting:
            if folder == it:
                keep(self.kept, path, what)
        self.waiting = [entry for entry in self.waiting if entry[0] != it]

    def is_at_rest(self):
        """Nothing waits to be synced: a power cut is a kill."""
        return not self.waiting and not any(file.pending for file in self.names.values() if file)

    # --- states ---

    def after_kill(self, torn=None):
        """{path: bytes, or None for a folder}; torn: a write that was cut off in the middle, (operation, size)."""
        state = {path: file and bytes(file.now) for path, file in self.names.items()}
        if torn:
            op, size = torn
            file = self.inodes[op.inode]
            half = bytearray(file.now)
            apply(half, op.offset, op.data[:size])
            for path, it in self.names.items():
                if it is file:
                    state[path] = bytes(half)
        return state

    def after_power_cut(self, how, rng):
        """how: none (of what was not synced), last (write alone), some (of the writes), torn (some, by sectors)."""
        names = dict(self.kept)
        for _, path, what in self.waiting[:0 if how == "none" else rng.randint(0, len(self.waiting))]:
            keep(names, path, what)
        done = {}
        state = {}
        for path, file in names.items():
            if file is not None and file not in done:
                done[file] = survive(file, how, rng)
            state[path] = file and done[file]
        # A name below a folder that did not survive is gone with it.
        there = {}
        for path in sorted(state):
            if os.path.dirname(path) in self.roots or os.path.dirname(path) in there:
                there[path] = state[path]
        return there


def keep(names, path, what):
    if what is False:
        names.pop(path, None)
    else:
        names[path] = what


def survive(file, how, rng):
    left = bytearray(file.synced)
    for index, (offset, data) in enumerate(file.pending):
        is_last = index == len(file.pending) - 1
        if how == "none" or (how == "last" and not is_last) or (how in ("some", "torn") and rng.random() < 0.5):
            continue
        if data is None:
            cut(left, offset)
        elif how == "torn":
            for at in range(0, len(data), SECTOR):
                if rng.random() < 0.5:
                    apply(left, offset + at, data[at:at + SECTOR])
        else:
            apply(left, offset, data)
    return bytes(left)


def write_down(state, roots, folder):
    """Put a state where an engine can start on it; roots: {folder of the trace: name of the folder here}."""
    for name in roots.values():
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    for path in sorted(state):
        root = next(root for root in roots if path.startswith(root + "/"))
        place = pathlib.Path(folder, roots[root], path[len(root) + 1:])
        if state[path] is None:
            place.mkdir(mode=0o700, exist_ok=True)
            continue
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(state[path])
