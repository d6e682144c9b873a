"""TLS on the listener: who is believed, which versions and ciphers, and the hostile edge once more, under encryption."""

import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography import x509

from edge import HIKESHI, PATIENCE_S, Wire, bearer, check_problem, done, environment, request, tool, wait_for
from people import Browser, set_password
from test_hostile import FRAMING, MIB, get, post
from tls import Authority, TlsEngine, TlsWire

HANDSHAKE_MAX_S = 10
CONNECTIONS_MAX = 1024
CONFIG = """
return hikeshi {
  tls = { cert = "server.pem", key = "server.key"%s },
  tenants = { main = {} },
  log_level = "warning",
}
"""


class World:
    def __init__(self, folder, more=""):
        self.folder = folder
        self.authority = Authority(folder)
        self.authority.issue("server")
        self.config = folder / "hikeshi.lua"
        self.config.write_text(CONFIG % more)
        self.data = folder / "data"
        done("user", "add", "admin-1", "--role", "tenant-admin", "--data", self.data)
        self.token = done("token", "create", "--user", "admin-1", "--data", self.data).split()[-1]
        self.engine = TlsEngine(self.data, self.config, self.authority).start()

    @property
    def url(self):
        return (self.data / "url").read_text().strip()

    def command(self, *args, **env):
        env = environment(**{"HIKESHI_URL": self.url, "HIKESHI_TOKEN": self.token} | env)
        return subprocess.run([HIKESHI, *args], capture_output=True, text=True, timeout=4 * PATIENCE_S, env=env)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("tls"), ', plain = "127.0.0.1:0"')
    yield world
    try:
        assert world.engine.stop() == 0, world.engine.said()
    finally:
        world.engine.kill()


@pytest.fixture
def engine(world):
    yield world.engine
    world.engine.lives()


# --- who is believed ---

def test_commands_check_the_certificate(world):
    assert world.url.startswith("https://127.0.0.1:")
    listed = world.command("user", "list", "--json", HIKESHI_CA=str(world.authority.file))
    assert listed.returncode == 0, listed.stderr
    assert [item["name"] for item in json.loads(listed.stdout)["items"]] == ["admin-1"]

    unknown = world.command("user", "list")
    assert unknown.returncode == 1
    assert "certificate" in unknown.stderr
    other = Authority(world.folder, "other")
    forged = world.command("user", "list", HIKESHI_CA=str(other.file))
    assert forged.returncode == 1
    assert "certificate" in forged.stderr
    elsewhere = world.command("user", "list", HIKESHI_CA=str(world.authority.file),
                              HIKESHI_URL=world.url.replace("127.0.0.1", "localhost"))
    assert elsewhere.returncode == 1
    assert "localhost" in elsewhere.stderr
    # A token was sent to none of them, or the engine would have answered.


def test_curl(world):
    asked = subprocess.run(["curl", "-sS", "--cacert", world.authority.file, "-D", "-", "-H",
                            f"Authorization: Bearer {world.token}", f"{world.url}/v1/whoami"],
                           capture_output=True, text=True, timeout=PATIENCE_S)
    assert asked.returncode == 0, asked.stderr
    assert "HTTP/1.1 200 OK" in asked.stdout
    assert "Strict-Transport-Security: max-age=31536000" in asked.stdout
    assert '"name":"admin-1"' in asked.stdout


def test_plain_beside_it_has_no_hsts(world):
    # The port is the kernel's choice, so it is looked for: the listening one that speaks plain HTTP.
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, timeout=PATIENCE_S)
    if listening.returncode != 0 or "pid=" not in listening.stdout:
        pytest.skip("ss does not say who listens here")
    ports = [int(line.split()[3].rsplit(":", 1)[1]) for line in listening.stdout.splitlines()
             if f"pid={world.engine.process.pid}," in line]
    ports.remove(world.engine.port)
    assert len(ports) == 1
    with Wire(ports[0]) as wire:
        wire.send(request("GET", "/v1/whoami", [bearer(world.token)]))
        answer = wire.answer()
    assert answer.status == 200
    assert "strict-transport-security" not in answer.headers


def test_sessions_over_tls(world):
    """The cookie is one that neither another host nor a plain connection can have set."""
    path = done("user", "add", "person-1", "--role", "tenant-admin", "--data", world.data).split()[-1]
    assert path.startswith(world.url + "/link/")
    browser = Browser(world.url, verify=str(world.authority.file))
    set_password(browser, path.removeprefix(world.url))
    answer = browser.log_in("person-1")
    session, device = answer.raw.headers.getlist("Set-Cookie")
    for name, cookie in (("__Host-hikeshi", session), ("__Host-hikeshi-device", device)):
        assert cookie.startswith(name + "=")
        assert cookie.endswith("; HttpOnly; SameSite=Strict; Secure") and "; Path=/;" in cookie
        assert "Domain" not in cookie
    who = browser.read("/v1/whoami").json()
    assert who["name"] == "person-1"
    # A plain cookie of that value, which another host of the domain may have set, is none.
    headers = [("Cookie", f"hikeshi={browser.cookie}")]
    assert world.engine.call("GET", "/v1/whoami", headers=headers).status == 401
    browser.set_up_device()
    assert browser.read("/v1/whoami").status_code == 200


def test_the_expiry_is_told(world):
    metrics = world.engine.call("GET", "/metrics").body.decode()
    expires = float(re.search(r"^hikeshi_tls_certificate_expires_seconds (\S+)$", metrics, re.M).group(1))
    assert 0 < expires - time.time() < 3 * 86400
    assert "server.pem expires in 1 days" in world.engine.said()
    assert "hikeshi_logins_total" in metrics


# --- versions, ciphers, protocols ---

def s_client(world, *args):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{world.engine.port}", "-CAfile",
                           world.authority.file, "-verify_return_error", *args], input="", text=True,
                          capture_output=True, timeout=PATIENCE_S)


@pytest.mark.parametrize("args", [
    ("-tls1_3",), ("-tls1_2",), ("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"), ("-alpn", "h2,http/1.1"),
    ("-groups", "P-384"),
], ids=" ".join)
def test_what_is_spoken(world, args):
    spoken = s_client(world, *args)
    assert spoken.returncode == 0, spoken.stdout + spoken.stderr
    assert "Verify return code: 0 (ok)" in spoken.stdout
    if "-alpn" in args:
        assert "ALPN protocol: http/1.1" in spoken.stdout


@pytest.mark.parametrize("args", [
    ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), ("-tls1", "-cipher", "ALL:@SECLEVEL=0"),
    ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"), ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM"),
    ("-tls1_2", "-cipher", "ADH:@SECLEVEL=0"), ("-alpn", "h2"), ("-groups", "P-521"),
], ids=" ".join)
def test_what_is_not_spoken(world, args):
    refused = s_client(world, *args)
    assert refused.returncode != 0, refused.stdout
    assert "alert" in refused.stderr, refused.stderr
    world.engine.lives()


def test_nothing_is_resumed(world):
    for version in ("-tls1_2", "-tls1_3"):
        again = s_client(world, version, "-reconnect")
        assert "Reused" not in again.stdout
        assert "TLS session ticket:" not in again.stdout


# --- the hostile edge ---

@pytest.mark.parametrize("data, status, words", [case[1:] for case in FRAMING], ids=[case[0] for case in FRAMING])
def test_framing(engine, data, status, words):
    with engine.wire() as wire:
        wire.send(data)
        answer = wire.answer()
        while answer.status == 200 and data.startswith(get()):
            answer = wire.answer()
        check_problem(answer, status, words)
        if status != 404:
            assert answer.headers["connection"] == "close"
            assert wire.read_to_end() == b""
            assert wire.said_goodbye  # so that nobody takes a cut for the end


def test_one_byte_in_each_record(engine):
    with engine.wire() as wire:
        for byte in get():
            wire.send(bytes([byte]))
        assert wire.answer().status == 200


def test_one_byte_at_a_time_below_the_records(world, engine):
    with TlsWire(engine.port, world.authority.context(), shake=False) as wire:
        with pytest.raises(ssl.SSLWantReadError):
            wire.tls.do_handshake()
        for byte in wire.going.read():
            wire.send_plain(bytes([byte]))
        wire.pull()
        wire.shake()
        wire.tls.write(get())
        for byte in wire.going.read():
            wire.send_plain(bytes([byte]))
        assert wire.answer().status == 200


def test_many_requests_in_one_record(engine):
    with engine.wire() as wire:
        wire.send(get() * 100)
        for _ in range(100):
            assert wire.answer().status == 200


@pytest.mark.parametrize("size", [1, 16 * 1024, 1 * MIB, 8 * MIB - 1])
def test_bodies(world, engine, size):
    """A body of any size comes in whole; this one is refused for what it says."""
    with engine.wire() as wire:
        wire.send(request("POST", "/v1/alerts", [bearer(world.token), ("Content-Type", "application/json")],
                          b"[" + b" " * (size - 1)))
        answer = wire.answer()
        assert answer.status == 400, answer.raw[:300]
        wire.send(get())
        assert wire.answer().status == 200


@pytest.mark.parametrize("data", [b"", b"GET", post(b"Content-Length: 100", b"{")], ids=["nothing", "method", "body"])
@pytest.mark.parametrize("polite", [True, False], ids=["goodbye", "cut"])
def test_cut_off(engine, data, polite):
    with engine.wire() as wire:
        wire.send(data)
        if polite:
            wire.finish()
        else:
            wire.socket.shutdown(socket.SHUT_WR)
        assert wire.read_to_end() == b""


def test_truncation_takes_nothing(world, engine):
    """A request whose end was cut off the connection is no request."""
    before = len(engine.items("alerts", world.token))
    whole = request("POST", "/v1/alerts", [bearer(world.token), ("Content-Type", "application/json")],
                    json.dumps([{"title": "cut"}]).encode())
    with engine.wire() as wire:
        wire.send(whole[:-1])
        wire.socket.shutdown(socket.SHUT_WR)
        assert wire.read_to_end() == b""
    assert len(engine.items("alerts", world.token)) == before


HANDSHAKES = [
    ("plain HTTP", get()),
    ("nothing but zeros", b"\0" * 4096),
    ("SSLv2 hello", bytes.fromhex("802e010002001500000010") + b"\x5a" * 37),
    ("a record of 64 KiB", bytes.fromhex("160301ffff") + b"\1" * 65535),
    ("an empty record", bytes.fromhex("1603010000") * 100),
    ("an alert first", bytes.fromhex("15030100020228")),
    ("data before the handshake", bytes.fromhex("1703030020") + b"\x5a" * 32),
    ("a hello that lies about its size", bytes.fromhex("16030100050100ffff03")),
    ("a message of 16 MiB announced", bytes.fromhex("160301000401ffffff")),
]


@pytest.mark.parametrize("data", [case[1] for case in HANDSHAKES], ids=[case[0] for case in HANDSHAKES])
def test_broken_handshakes(engine, data):
    with Wire(engine.port) as wire:
        wire.send(data)
        wire.finish()
        said = wire.read_to_end()
        assert said[:1] in (b"", b"\x15"), said[:50]  # an alert at most


def test_slow_handshakes_end(world, engine):
    wires = [Wire(engine.port) for _ in range(20)]
    hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"
    for wire in wires:
        wire.send(hello[:1])
    sent = 1
    open_wires = list(wires)

    def has_ended():
        nonlocal sent
        engine.lives()
        readable, _, _ = select.select([wire.socket for wire in open_wires], [], [], 0.5)
        for wire in [wire for wire in open_wires if wire.socket in readable]:
            assert wire.read_to_end() == b""
            open_wires.remove(wire)
        for wire in open_wires:
            wire.send(hello[sent:sent + 1] or b"\x5a")
        sent += 1
        return not open_wires
    wait_for(has_ended, "slow handshakes to be ended", patience_s=6 * HANDSHAKE_MAX_S)


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01"], ids=["silent", "begun"])
def test_connections_without_a_handshake_keep_nobody_out(world, engine, begun):
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CONNECTIONS_MAX:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CONNECTIONS_MAX), hard))
    wires = []
    try:
        for _ in range(CONNECTIONS_MAX + 76):
            wires.append(Wire(engine.port))
            wires[-1].send(begun)
        assert engine.call("GET", "/v1/alerts", world.token).status == 200
        wait_for(wires[0].is_readable, "the oldest connection to be closed")
        assert wires[0].read_to_end() == b""
    finally:
        for wire in wires:
            wire.socket.close()


def test_slow_reader(world, engine):
    wires = [engine.wire() for _ in range(20)]
    for wire in wires:
        wire.send(request("GET", "/openapi.json") * 50)
    engine.lives()
    assert engine.call("POST", "/v1/alerts", world.token, [{"title": "while nobody reads"}]).status == 202
    for wire in wires:
        wire.socket.close()


# --- a new certificate ---

def test_a_new_certificate_without_a_stop(tmp_path):
    world = World(tmp_path)
    try:
        path = done("user", "link", "admin-1", "--data", world.data).split()[-1].removeprefix(world.url)
        browser = Browser(world.url, verify=str(world.authority.file))
        set_password(browser, path)
        assert browser.log_in("admin-1").status_code == 303

        def serial():
            with world.engine.wire() as wire:
                der = wire.tls.getpeercert(binary_form=True)
            return x509.load_der_x509_certificate(der).serial_number
        first = serial()
        # One that can't serve changes nothing.
        world.authority.issue("server", file="new")
        os.replace(tmp_path / "new.key", tmp_path / "server.key")
        world.engine.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "not the key of the certificate" in world.engine.said(), "the refusal")
        assert serial() == first
        os.replace(tmp_path / "new.pem", tmp_path / "server.pem")
        world.engine.process.send_signal(signal.SIGHUP)
        wait_for(lambda: world.engine.said().count("\nready\n") >= 2, "the engine to be ready again")
        assert serial() != first
        assert browser.read("/v1/whoami").status_code == 200  # nobody was logged out
        assert world.engine.stop() == 0
    finally:
        world.engine.kill()


def serial_of(wire):
    return x509.load_der_x509_certificate(wire.tls.getpeercert(binary_form=True)).serial_number


def test_config_apply_takes_a_renewed_certificate_and_turns_nobody_away(tmp_path):
    """Whoever connects meanwhile is served, by the old or by the new one; what was begun with the old one is answered,
    or ended with a goodbye before it was taken, so that it can be sent again."""
    world = World(tmp_path)
    seen, stop, troubles = [], threading.Event(), []

    def keep_asking():
        while not stop.is_set():
            try:
                with world.engine.wire() as wire:
                    serial = serial_of(wire)
                    wire.send(request("GET", "/v1/whoami", [bearer(world.token)]))
                    while not wire.received and not wire.ended:
                        wire.read_some()
                    if wire.received:
                        seen.append(serial)
            except ConnectionResetError:
                pass  # before its handshake was done: nothing was asked yet
            except Exception as trouble:  # refused above all
                troubles.append(repr(trouble))
    try:
        body = json.dumps([{"title": "in the middle of a renewal"}]).encode()
        data = request("POST", "/v1/alerts", [bearer(world.token), ("Content-Type", "application/json")], body)
        idle, begun = world.engine.wire(), world.engine.wire()
        idle.send(get())
        assert idle.answer().status == 200
        begun.send(data[:-1])
        old = serial_of(begun)
        asking = threading.Thread(target=keep_asking)
        asking.start()
        wait_for(lambda: old in seen, "an answer with the old certificate")
        world.authority.issue("server")  # both files anew, as a renewal leaves them
        done("config", "apply", "--data", world.data)
        for wire in (begun, idle):
            assert wire.read_to_end() == b""
            assert wire.said_goodbye  # told, not cut
            wire.socket.close()
        wait_for(lambda: seen and seen[-1] != old, "an answer with the new certificate")
        stop.set()
        asking.join()
        assert not troubles
        assert len(set(seen)) == 2
        with world.engine.wire() as wire:
            wire.send(data)
            assert wire.answer().status == 202
        assert len(world.engine.items("alerts", world.token)) == 1
        assert world.engine.stop() == 0
    finally:
        stop.set()
        world.engine.kill()


# --- certificates of clients ---

def test_clients_show_a_certificate(tmp_path):
    authority = Authority(tmp_path)
    authority.issue("server")
    good = authority.issue("sensor", "sensor.example")
    bad = Authority(tmp_path, "other").issue("stranger", "stranger.example")
    config = tmp_path / "hikeshi.lua"
    config.write_text(CONFIG % ', client_ca = "ca.pem"')
    world = TlsEngine(tmp_path / "data", config, authority)
    world.context.load_cert_chain(*good)
    world.start()
    try:
        world.lives()
        for pair in (None, bad):
            context = authority.context()
            if pair:
                context.load_cert_chain(*pair)
            with pytest.raises((ConnectionResetError, AssertionError, ssl.SSLError)):
                with TlsWire(world.port, context) as wire:
                    wire.send(get())
                    wire.answer()
        world.lives()
        assert world.stop() == 0
    finally:
        world.kill()


# --- configurations ---

def check(folder, text):
    (folder / "hikeshi.lua").write_text(text)
    return tool("config", "check", folder / "hikeshi.lua")


TENANTS = "tenants = { main = {} } }"


@pytest.mark.parametrize("text, words", [
    ('return hikeshi { tls = { cert = "server.pem" }, ' + TENANTS, "needs cert and key"),
    ('return hikeshi { tls = { cert = "server.pem", key = "server.key", versions = "1.0" }, ' + TENANTS,
     "tls.versions: there is no such key"),
    ('return hikeshi { tls = { cert = "server.pem", key = "server.key", plain = "0.0.0.0:80" }, ' + TENANTS,
     "tls.plain: expected a loopback address"),
    ('return hikeshi { tls = { cert = 1, key = "server.key" }, ' + TENANTS, "tls.cert: expected the path"),
    ('return hikeshi { url = "soc.example", ' + TENANTS, "url: expected where people reach"),
    ('return hikeshi { url = "https://soc.example/console", ' + TENANTS, "url: expected where people reach"),
])
def test_configurations_that_are_refused(tmp_path, text, words):
    refused = check(tmp_path, text)
    assert refused.returncode == 1
    assert words in refused.stderr


def serve_fails(folder):
    process = subprocess.run([HIKESHI, "serve", "--data", folder / "data", "--config", folder / "hikeshi.lua",
                              "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=4 * PATIENCE_S,
                             env=environment())
    assert process.returncode == 1
    return process.stderr


def test_files_that_cannot_serve(tmp_path):
    authority = Authority(tmp_path)
    cert, key = authority.issue("server")
    (tmp_path / "hikeshi.lua").write_text(CONFIG % "")
    os.chmod(key, 0o644)
    assert f"others may read {key}" in serve_fails(tmp_path)
    os.chmod(key, 0o600)
    authority.issue("another", file="another")
    os.replace(tmp_path / "another.key", key)
    assert "not the key of the certificate" in serve_fails(tmp_path)
    cert.unlink()
    assert f"cannot open {cert}" in serve_fails(tmp_path)


def test_plain_on_all_addresses_is_warned_of(tmp_path):
    (tmp_path / "hikeshi.lua").write_text("return hikeshi { " + TENANTS)
    engine = TlsEngine(tmp_path / "data", tmp_path / "hikeshi.lua", Authority(tmp_path))
    engine.log_from = 0
    with open(engine.log, "ab") as log:
        engine.process = subprocess.Popen(
            [HIKESHI, "serve", "--data", engine.data, "--config", engine.config, "--listen", "0.0.0.0:0"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
    try:
        wait_for(lambda: "ready\n" in engine.said(), "the engine to be ready")
        assert "passwords and tokens can be read on the way" in engine.said()
        assert engine.stop() == 0
    finally:
        engine.kill()
