"""Syslog from real senders: rsyslog, logger, openssl; and from hostile ones.

Each message carries a mark of its own, so that it can be told what arrived, how often, and where.
"""

import collections
import json
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

import waiting
from engine import Engine
from tls import Authority

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
RSYSLOG_TLS = pathlib.Path("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so")
PATIENCE_S = 60
CONFIG = """return hikeshi { log_level = "debug", tenants = {
  a = { sources = {
    all    = { kind = "syslog", listen = { udp = "127.0.0.1:0", tcp = "127.0.0.1:0", tls = "127.0.0.1:0",
                                           cert = "%(cert)s", key = "%(key)s" } },
    strict = { kind = "syslog", listen = { tls = "127.0.0.1:0", cert = "%(cert)s", key = "%(key)s",
                                           client_ca = "%(ca)s" } },
    far    = { kind = "syslog", from = { "192.0.2.0/24" }, listen = { udp = "127.0.0.1:0", tcp = "127.0.0.1:0" } },
    six    = { kind = "syslog", listen = { udp = "[::1]:0", tcp = "[::1]:0" } },
  } },
  b = { sources = { all = { kind = "syslog", listen = { udp = "127.0.0.1:0", tcp = "127.0.0.1:0" } } } },
} }
"""


class Site(Engine):
    def __init__(self):
        super().__init__("")
        self.authority = Authority(self.folder)
        cert, key = self.authority.issue("collector")
        self.config.write_text(CONFIG % {"cert": cert, "key": key, "ca": self.authority.file})

    def start(self):
        super().start()
        self.ports = {}
        for line in self.lines:
            found = re.search(r"source (\S+) of (\S+) listens on ports: udp (\d+), tcp (\d+), tls (\d+)", line)
            if found:
                self.ports[found[2], found[1]] = dict(zip(("udp", "tcp", "tls"), map(int, found.groups()[2:])))
        return self

    def port(self, transport, source="all", tenant="a"):
        return self.ports[tenant, source][transport]


@pytest.fixture(scope="module")
def site():
    it = Site()
    try:
        it.start()
        it.viewers = {tenant: it.token(service="look", role="viewer", tenant=tenant) for tenant in "ab"}
        yield it
    finally:
        it.remove()


def text_of(raw):
    """The message itself, from the JSON value that is kept of it."""
    value = json.loads(raw) if raw[:1] in '"[' else raw
    return value[1] if isinstance(value, list) else value


def arrived(site, mark, tenant="a"):
    """How often each message with the mark is in the ledger, merged ones too."""
    db = sqlite3.connect(f"file:{site.data}/ledger.db?mode=ro", uri=True)
    number = {"a": 1, "b": 2}[tenant]
    rows = db.execute("SELECT payload FROM entry WHERE pos >> 40 = ? AND (line LIKE 'hk1 % alert.received %'"
                      " OR line LIKE 'hk1 % alert.merged %') AND instr(payload, ?)", (number, mark)).fetchall()
    db.close()
    return collections.Counter(text_of(json.loads(payload)["raw"]) for payload, in rows)


def wait_for(site, mark, count, tenant="a"):
    waiting.until(lambda: sum(arrived(site, mark, tenant).values()) >= count, f"{count} messages {mark}", poll_s=0.1)
    return arrived(site, mark, tenant)


def counts(site, source="all", tenant="a"):
    items = site.get("/v1/sources", site.viewers[tenant]).json["items"]
    return next(one for one in items if one["name"] == source)


# --- rsyslog ---

class Rsyslog:
    """A real rsyslogd that forwards what it gets on a Unix socket."""

    def __init__(self, action, more=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-rs-"))
        self.socket = str(self.folder / "in")
        conf = self.folder / "conf"
        conf.write_text(f"""
            global(workDirectory="{self.folder}" maxMessageSize="64k" {more})
            module(load="imuxsock" SysSock.Use="off")
            input(type="imuxsock" Socket="{self.socket}" UseSysTimeStamp="off" RateLimit.Interval="0")
            action(type="omfwd" {action} action.resumeInterval="1" queue.type="LinkedList")
        """)
        self.process = subprocess.Popen([RSYSLOGD, "-n", "-f", conf, "-i", self.folder / "pid"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        waiting.until(lambda: pathlib.Path(self.socket).exists(), "rsyslogd to listen")

    def send(self, messages):
        out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        out.connect(self.socket)
        for message in messages:
            out.send(b"<13>Nov 22 01:02:03 app: " + message.encode())
        out.close()

    def stop(self):
        self.process.terminate()
        said = self.process.communicate(timeout=PATIENCE_S)[0]
        shutil.rmtree(self.folder)
        return said


@pytest.mark.parametrize("form", ["RSYSLOG_SyslogProtocol23Format", "RSYSLOG_ForwardFormat",
                                  "RSYSLOG_TraditionalForwardFormat"])
@pytest.mark.parametrize("way", ["udp", "tcp lines", "tcp counted", "tls lines", "tls counted"])
def test_rsyslog_forwards(site, way, form):
    if RSYSLOGD is None:
        pytest.skip("rsyslogd is not installed")
    transport, _, framing = way.partition(" ")
    more = ""
    action = (f'target="127.0.0.1" port="{site.port(transport)}" protocol="{"udp" if transport == "udp" else "tcp"}"'
              f' template="{form}"')
    if framing:
        action += f' TCP_Framing="{"octet-counted" if framing == "counted" else "traditional"}"'
    if transport == "tls":
        if not RSYSLOG_TLS.exists():
            pytest.skip("rsyslog-gnutls is not installed")
        more = f'defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{site.authority.file}"'
        action += (' StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"'
                   ' StreamDriverPermittedPeers="collector"')
    mark = f"rs-{way.replace(' ', '-')}-{form}-"
    sender = Rsyslog(action, more)
    try:
        sender.send(f"{mark}{number} " + "x" * (number * 7 % 900) for number in range(300))
        found = wait_for(site, mark, 300)
    finally:
        said = sender.stop()
    assert len(found) == 300 and set(found.values()) == {1}, said
    assert all(re.match(r"<13>", message) for message in found)
    assert {int(re.search(re.escape(mark) + r"(\d+)", message)[1]) for message in found} == set(range(300))


# --- logger ---

@pytest.mark.parametrize("options", [["--udp"], ["--udp", "--rfc3164"], ["--tcp"], ["--tcp", "--octet-count"],
                                     ["--tcp", "--octet-count", "--rfc3164"]])
def test_logger_sends(site, options):
    transport = "udp" if "--udp" in options else "tcp"
    mark = "logger-" + "".join(options).replace("--", "-")
    lines = "".join(f"{mark} {number}\n" for number in range(20))
    done = subprocess.run(["logger", "--server", "127.0.0.1", "--port", str(site.port(transport)), "--priority",
                           "auth.err", *options], input=lines, text=True, capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    found = wait_for(site, mark, 20)
    assert set(found.values()) == {1} and len(found) == 20
    assert all(message.startswith("<35>") for message in found)
    assert not any(message.endswith("\n") for message in found)


def test_over_ipv6(site):
    for transport, kind in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)):
        out = socket.socket(socket.AF_INET6, kind)
        out.connect(("::1", site.port(transport, "six")))
        out.send(b"<13>1 2026-11-22T00:00:00Z h a - - - six-%s\n" % transport.encode())
        out.close()
    assert len(wait_for(site, "six-", 2)) == 2


# --- TLS ---

def test_openssl_sends(site):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{site.port('tls')}", "-CAfile",
                           site.authority.file, "-verify_return_error", "-verify_ip", "127.0.0.1", "-quiet", "-no_ign_eof"],
                          input="<13>openssl-1\n21 <13>openssl-2 counted", text=True, capture_output=True,
                          timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    assert set(wait_for(site, "openssl-", 2)) == {"<13>openssl-1", "<13>openssl-2 counted"}


def tls_connection(port, context):
    raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    return context.wrap_socket(raw, server_hostname="127.0.0.1")


def test_a_client_certificate_is_asked_for(site):
    port = site.port("tls", "strict")
    nobody = site.authority.context()
    stranger = site.authority.context()
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    stranger.load_cert_chain(*Authority(elsewhere, "other").issue("sender-1"))
    for context in (nobody, stranger):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            out = tls_connection(port, context)
            out.sendall(b"<13>strict-forbidden\n")
            while out.recv(1):  # the refusal may come behind our first bytes
                pass
            raise ConnectionError("closed")
    known = site.authority.context()
    known.load_cert_chain(*site.authority.issue("sender-1"))
    out = tls_connection(port, known)
    out.sendall(b"<13>strict-allowed\n")
    out.close()
    assert list(wait_for(site, "strict-", 1)) == ["<13>strict-allowed"]
    waiting.until(lambda: counts(site, "strict")["counts"]["malformed"] >= 2, "both to be counted")
    assert counts(site, "strict")["notice"]["text"].startswith("tls from 127.0.0.1")


def test_old_versions_are_refused(site):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{site.port('tls')}", "-tls1_1"],
                          input="", text=True, capture_output=True, timeout=PATIENCE_S)
    assert done.returncode != 0


# --- who may, and whose it is ---

def test_only_from_the_networks_that_are_named(site):
    before = counts(site, "far")["counts"]["refused"]
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.sendto(b"<13>far-udp", ("127.0.0.1", site.port("udp", "far")))
    stream = socket.create_connection(("127.0.0.1", site.port("tcp", "far")), timeout=PATIENCE_S)
    try:
        stream.sendall(b"<13>far-tcp\n")
        assert stream.recv(1) == b""
    except ConnectionError:
        pass
    waiting.until(lambda: counts(site, "far")["counts"]["refused"] == before + 2, "both to be refused")
    assert counts(site, "far")["refusal"]["text"] == "127.0.0.1 is not in `from`"
    assert not arrived(site, "far-")


def test_a_tenant_s_messages_are_its_own(site):
    for tenant in "ab":
        for transport, kind in (("udp", socket.SOCK_DGRAM), ("tcp", socket.SOCK_STREAM)):
            out = socket.socket(socket.AF_INET, kind)
            out.connect(("127.0.0.1", site.port(transport, tenant=tenant)))
            out.send(f"<13>wall-{tenant}-{transport}\n".encode())
            out.close()
    for tenant in "ab":
        found = wait_for(site, "wall-", 2, tenant)
        assert set(found) == {f"<13>wall-{tenant}-udp", f"<13>wall-{tenant}-tcp"}
    titles = json.dumps(site.get("/v1/alerts?limit=500", site.viewers["b"]).json)
    assert "wall-b-udp" in titles and "wall-a" not in titles
    assert counts(site, tenant="b")["counts"]["messages"] == 2


# --- hostile senders ---

def stream_to(site, data, pieces=None):
    out = socket.create_connection(("127.0.0.1", site.port("tcp")), timeout=PATIENCE_S)
    out.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(data), pieces or len(data)):
        out.sendall(data[at:at + (pieces or len(data))])
    return out


def test_byte_by_byte(site):
    data = b"".join(b"%d <13>slow-%02d" % (len(b"<13>slow-00"), number) for number in range(20))
    stream_to(site, data, 1).close()
    assert set(wait_for(site, "slow-", 20).values()) == {1}


def test_a_length_that_is_none_ends_the_connection(site):
    before = counts(site)["counts"]["malformed"]
    out = stream_to(site, b"<13>broken-first\n99999999 <13>broken-second\n<13>broken-third\n")
    try:
        assert out.recv(1) == b""
    except ConnectionError:
        pass
    assert set(wait_for(site, "broken-", 1)) == {"<13>broken-first"}
    waiting.until(lambda: counts(site)["counts"]["malformed"] > before, "it to be counted")


def test_what_is_too_long_is_cut_and_the_next_one_is_whole(site):
    before = counts(site)["counts"]["cut"]
    long = b"<13>long-" + b"y" * 300000
    out = stream_to(site, long + b"\n<13>long-after-line\n" + b"%d " % len(long) + long + b"19 <13>long-after-count")
    out.close()
    found = wait_for(site, "long-", 4)
    assert sorted(map(len, found.elements())) == [19, 19, 128 * 1024, 128 * 1024]
    assert counts(site)["counts"]["cut"] == before + 2


def test_the_last_message_needs_no_end(site):
    stream_to(site, b"<13>last-1\n<13>last-2").close()
    assert set(wait_for(site, "last-", 2)) == {"<13>last-1", "<13>last-2"}


def test_bytes_that_are_no_text(site):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.sendto(b"<13>bin-\xff\xfe\x01\x02 end", ("127.0.0.1", site.port("udp")))
    out.sendto(b"", ("127.0.0.1", site.port("udp")))
    out.sendto(b"\n\n", ("127.0.0.1", site.port("udp")))
    stream_to(site, b"<13>bin-\x80\x81 and a \\ backslash\n").close()
    assert len(wait_for(site, "bin-", 2)) == 2


@pytest.mark.parametrize("byte", [b"\\", b'"', b"\x01", b"\xff", b"x"])
def test_what_grows_too_large_for_an_entry_is_cut_down(site, byte):
    """Escaped, a message can take eight times its bytes; the ledger's entry has its bound, and nothing ends by it."""
    mark = f"grows-{byte.hex()}-"
    stream_to(site, b"<13>" + mark.encode() + byte * 120000 + b"\n<13>" + mark.encode() + b"after\n").close()
    found = wait_for(site, mark, 2)
    assert f"<13>{mark}after" in found
    assert max(map(len, found)) > 10000


@pytest.mark.parametrize("unit", [b"a=b,", b"a:b,", b"|k=v", b"<a>", b"\0", b"a=\"", b"[x y=\"z\"]"])
def test_a_message_of_many_parts_holds_up_nobody(site, unit):
    """More fields than a message may have, or bytes that take long: it comes in, and so does the next one."""
    mark = f"parts-{unit.hex()}-"
    many = b"<13>1 2026-11-22T00:00:00Z host app - - - " + mark.encode() + unit * (120000 // len(unit)) + b"."
    after = b"<13>1 2026-11-22T00:00:00Z host app - - - " + mark.encode() + b"after"
    stream_to(site, b"%d %s%d %s" % (len(many), many, len(after), after)).close()
    found = wait_for(site, mark, 2)
    assert len(found) == 2
    assert after.decode() in found


def test_many_who_only_connect_keep_nobody_out(site):
    idle = [socket.create_connection(("127.0.0.1", site.port("tcp")), timeout=PATIENCE_S) for _ in range(300)]
    stream_to(site, b"<13>crowd\n").close()
    wait_for(site, "crowd", 1)
    for one in idle:
        one.close()


def test_a_stream_waits_while_the_engine_is_busy(site):
    """More than the engine takes at once: the sender is slowed down, and every message arrives once."""
    count, connections = 6000, 4

    def send(number):
        out = socket.create_connection(("127.0.0.1", site.port("tcp")), timeout=PATIENCE_S)
        for first in range(0, count, 500):
            out.sendall(b"".join(b"<13>flood-%d-%05d %s\n" % (number, one, b"z" * 200)
                                 for one in range(first, first + 500)))
        out.close()
    senders = [threading.Thread(target=send, args=(number,)) for number in range(connections)]
    for one in senders:
        one.start()
    while any(one.is_alive() for one in senders):  # meanwhile, others are served
        begun = time.monotonic()
        assert site.get("/livez").status == 200
        assert time.monotonic() - begun < 5
    for one in senders:
        one.join()
    found = wait_for(site, "flood-", count * connections)
    assert len(found) == count * connections and set(found.values()) == {1}
    assert counts(site)["counts"]["dropped"] == 0


def test_what_a_flood_of_datagrams_loses_is_counted(site):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", site.port("udp", tenant="b")))
    sent = 0

    def dropped():
        nonlocal sent
        for _ in range(20000):
            out.send(b"<13>udp-flood-%07d %s" % (sent, b"z" * 600))
            sent += 1
        return counts(site, tenant="b")["counts"]["dropped"]
    waiting.until(dropped, "the kernel to drop some")

    def all_told():
        out.send(b"<13>udp-flood-%07d %s" % (0, b"z" * 600))  # the kernel tells with the next one
        nonlocal_sent[0] += 1
        lost = counts(site, tenant="b")["counts"]["dropped"]
        return sum(arrived(site, "udp-flood-", "b").values()) + lost == sent + nonlocal_sent[0]
    nonlocal_sent = [0]
    waiting.until(all_told, "every datagram to be taken or counted", poll_s=0.5)


def test_nothing_is_lost_by_a_clean_stop():
    it = Site()
    try:
        it.start()
        out = socket.create_connection(("127.0.0.1", it.port("tcp")), timeout=PATIENCE_S)
        out.sendall(b"".join(b"<13>stop-%04d\n" % number for number in range(2000)))
        wait_for(it, "stop-", 1)
        taken = None
        assert it.stop() == 0
        taken = arrived(it, "stop-")
        assert set(taken.values()) == {1}
        for command in (["audit", "verify"], ["audit", "rebuild", "--check"]):
            assert json.loads(it.ok(*command, "--json"))["ok"] is True
    finally:
        it.remove()


def test_datagrams_wait_while_the_engine_begins_anew(site):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", site.port("udp")))
    count = 600
    begun = len(site.lines)
    for number in range(count):
        out.send(b"<13>anew-%04d" % number)
        if number == count // 3:
            site.process.send_signal(signal.SIGHUP)
        time.sleep(0.002)  # a steady sender; the restart happens in the middle
    waiting.until(lambda: "ready" in site.lines[begun:], "the engine to be ready again")
    found = wait_for(site, "anew-", count)
    assert len(found) == count and set(found.values()) == {1}


def test_a_mapping_that_fails_is_told_and_the_message_kept(site):
    message = b'{"title": "failing-mapping", "src": {"ip": "nowhere"}}'
    stream_to(site, message + b"\n").close()
    assert list(wait_for(site, "failing-mapping", 1)) == [message.decode()]
    failure = next(one for one in site.get("/v1/sources", site.viewers["a"]).json["failures"] if one["mapping"] == "view")
    assert failure["source"] == "all" and failure["count"] == 1 and "src.ip" in failure["reason"]
    assert counts(site)["counts"]["failed"] == 1
    assert not site.get("/v1/sources", site.viewers["b"]).json["failures"]
