"""What the preload library wrote down: the calls of an engine in their order, and what clients were told when."""

import collections
import json
import struct

HEAD = struct.Struct("=IHHiiQqQIIQ")  # struct torture_record, see preload/preload.h
MAGIC = 0x74726F74
OPEN, WRITE, SYNC, TRUNCATE, RENAME, LINK, UNLINK, MKDIR, ACCEPT, IN, OUT, CLOSE = range(1, 13)
MARK = 100  # put in by the script itself: what a command promised when it ended with 0
DISK = {OPEN, WRITE, SYNC, TRUNCATE, RENAME, LINK, UNLINK, MKDIR}
NAMES = {OPEN: "open", WRITE: "write", SYNC: "sync", TRUNCATE: "truncate", RENAME: "rename", LINK: "link",
         UNLINK: "unlink", MKDIR: "mkdir"}
O_CREAT, O_TRUNC = 0o100, 0o1000

Op = collections.namedtuple("Op", "op pid fd inode offset world flags path data")


def read(path):
    with open(path, "rb") as file:
        text = file.read()
    ops, at = [], 0
    while at < len(text):
        magic, op, _, pid, fd, inode, offset, world, flags, path_size, data_size = HEAD.unpack_from(text, at)
        assert magic == MAGIC, f"the trace is torn at byte {at}"
        at += HEAD.size
        name = text[at:at + path_size].decode()
        at += path_size
        ops.append(Op(op, pid, fd, inode, offset, world, flags, name, text[at:at + data_size]))
        at += data_size
    return ops


def mark(path, promise):
    """Say in the trace that something has been promised by now."""
    data = json.dumps(promise).encode()
    with open(path, "ab", buffering=0) as file:
        file.write(HEAD.pack(MAGIC, MARK, 0, 0, 0, 0, 0, 0, 0, 0, len(data)) + data)


class Promise:
    """After `after` calls a client had (the first byte of) this answer."""

    def __init__(self, after, method, path, status, answer, asked):
        self.after, self.method, self.path, self.status = after, method, path, status
        self.answer, self.asked = answer, asked


def body_of(message):
    head, _, body = message.partition(b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    try:
        return first, json.loads(body)
    except ValueError:
        return first, None


def promises(ops):
    """All answers, each with the number of calls that were before its first byte. Clients ask once a connection."""
    open_now, found = {}, []

    def end(place):
        asked, told, after = open_now.pop(place)
        if after is None:
            return
        request, question = body_of(asked)
        response, answer = body_of(told)
        if len(request) == 3 and len(response) > 1:
            found.append(Promise(after, request[0], request[1], int(response[1]), answer, question))

    for index, op in enumerate(ops):
        place = (op.pid, op.fd)
        if op.op == MARK:
            found.append(Promise(index, "MARK", "", 200, json.loads(op.data), None))
        elif op.op == ACCEPT:
            open_now[place] = [b"", b"", None]
        elif op.op == IN and place in open_now:
            open_now[place][0] += op.data
        elif op.op == OUT and place in open_now:
            state = open_now[place]
            state[1] += op.data
            state[2] = index if state[2] is None else state[2]
        elif op.op == CLOSE and place in open_now:
            end(place)
    for place in list(open_now):
        end(place)
    return sorted(found, key=lambda it: it.after)
