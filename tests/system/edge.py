"""A running engine for tests, and the raw edge of its HTTP: bytes out, bytes in."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import subprocess

SOURCE = pathlib.Path(os.environ.get("HIKESHI_SOURCE", pathlib.Path(__file__).parents[2]))
HIKESHI = os.environ.get("HIKESHI", str(SOURCE / "build" / "hikeshi"))
from waiting import until as wait_for  # noqa: F401

PATIENCE_S = 60
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


def environment(**more):
    """Without a connection to any other engine, and with leaks looked for where that can be done."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HIKESHI_")}
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=1:abort_on_error=0"
    env.update(more)
    return env


def tool(*args, **more):
    """Run the command line; the finished process."""
    return subprocess.run([HIKESHI, *map(str, args)], capture_output=True, text=True,
                          timeout=4 * PATIENCE_S, env=environment(), **more)


def done(*args, **more):
    """Run the command line, which must succeed; its standard output."""
    process = tool(*args, **more)
    assert process.returncode == 0, f"{args}: {process.returncode}\n{process.stderr}"
    return process.stdout


class Answer:
    """One HTTP answer, taken apart strictly."""

    def __init__(self, raw, to_head=False):
        head, end, body = raw.partition(b"\r\n\r\n")
        assert end, f"the answer has no whole head: {raw[:200]!r}"
        lines = head.decode("ascii").split("\r\n")
        version, status, self.title = lines[0].split(" ", 2)
        assert version == "HTTP/1.1"
        self.status = int(status)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            assert name.lower() not in self.headers, f"{name} is given twice"
            self.headers[name.lower()] = value
        self.size = int(self.headers.get("content-length", "0"))
        self.raw = raw
        kept = 0 if to_head else self.size
        self.body = body[:kept]
        self.rest = body[kept:]
        self.is_whole = len(self.body) == kept

    def json(self):
        return json.loads(self.body)


class Wire:
    """A connection on which any bytes can be sent."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.received = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Send what the peer takes: it may have refused and closed in the middle."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish(self):
        with contextlib.suppress(OSError):  # it may have closed already
            self.socket.shutdown(socket.SHUT_WR)

    def read_some(self):
        try:
            piece = self.socket.recv(1 << 16)
        except ConnectionResetError:
            piece = b""
        self.ended = not piece
        self.received += piece

    def answer(self, to_head=False):
        """The next whole answer; to a HEAD request it has no body."""
        while True:
            if b"\r\n\r\n" in self.received:
                answer = Answer(self.received, to_head)
                if answer.is_whole:
                    self.received = answer.rest
                    return answer
            assert not self.ended, f"closed without a whole answer: {self.received[:300]!r}"
            self.read_some()

    def read_to_end(self):
        while not self.ended:
            self.read_some()
        return self.received

    def is_readable(self):
        poll = select.poll()  # select itself stops at descriptor 1023
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(0))


def request(method, target, headers=(), body=None, host="engine"):
    """The bytes of a request; texts are ASCII, bytes are sent as they are."""
    def plain(value):
        return value if isinstance(value, bytes) else value.encode()

    lines = [plain(method) + b" " + plain(target) + b" HTTP/1.1"]
    if host is not None:
        lines.append(b"Host: " + plain(host))
    lines += [plain(name) + b": " + plain(value) for name, value in headers]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def bearer(token):
    return ("Authorization", f"Bearer {token}")


class Engine:
    """`hikeshi serve` on a folder; start it and stop it."""

    def __init__(self, data, config):
        self.data = pathlib.Path(data)
        self.config = pathlib.Path(config)
        self.log = self.data.parent / (self.data.name + ".stderr")
        self.process = None
        self.port = None

    def launch(self):
        self.log_from = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [HIKESHI, "serve", "--data", str(self.data), "--config", str(self.config),
                 "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment())
        return self

    def said(self):
        with open(self.log, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode(errors="replace")

    def start(self):
        self.launch()

        def is_ready():
            assert self.process.poll() is None, f"it ended:\n{self.said()}"
            return "\nready\n" in "\n" + self.said()
        try:
            wait_for(is_ready, "the engine to be ready")
        except AssertionError as failed:
            self.kill()
            raise AssertionError(f"{failed}:\n{self.said()}") from None
        self.port = int((self.data / "url").read_text().rsplit(":", 1)[1])
        return self

    def stop(self, how=signal.SIGTERM):
        """End it and give its exit status; sanitizers must have been quiet."""
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE_S)
        said = self.said()
        for word in SANITIZER_WORDS:
            assert word not in said, said
        return status

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    # --- HTTP ---

    def wire(self):
        return Wire(self.port)

    def call(self, method, target, token=None, body=None, headers=()):
        headers = [*headers, ("Connection", "close")]
        if token is not None:
            headers.append(bearer(token))
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        with self.wire() as wire:
            wire.send(request(method, target, headers, body))
            return wire.answer()

    def get(self, target, token=None, **more):
        answer = self.call("GET", target, token, **more)
        assert answer.status == 200, answer.raw
        return answer.json()

    def items(self, collection, token, query=""):
        """All items of a list, page by page."""
        items, after = [], ""
        while after is not None:
            page = self.get(f"/v1/{collection}?limit=500{query}{after}", token)
            items += page["items"]
            after = page["next"] and f"&after={page['next']}"
        return items

    def lives(self):
        assert self.process.poll() is None, self.said()
        answer = self.call("GET", "/livez")
        assert (answer.status, answer.body) == (200, b"ok\n")


def check_problem(answer, status, words):
    """The answer is a problem document of that status, and its sentence has these words."""
    assert answer.status == status, answer.raw[:600]
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "about:blank"
    assert problem["status"] == status
    assert problem["title"] == answer.title
    assert words.lower() in problem["detail"].lower(), problem
    return problem
