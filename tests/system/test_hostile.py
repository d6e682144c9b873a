"""Hostile and broken input at the HTTP edge: each gets its one right answer, and the engine serves the next request.

The cases are a table. Every one is sent over a connection of its own, byte by byte as it stands there.
"""

import base64
import json
import resource
import select
import socket
import time

import pytest

from edge import Engine, PATIENCE_S, Wire, bearer, check_problem, done, request, wait_for

MIB = 1024 * 1024
ALERT_MAX = 256 * 1024
ALERTS_MAX = 5000
CONNECTIONS_MAX = 1024

# A gate for critical alerts, a containment for high ones, and one run that fails.
HOLD = """
return playbook {
  name = "%s-hold", summary = "Hold an address",
  on = { category = "authentication" },
  run = function(alert)
    local lease, why = act.contain.block_ip({ ip = alert.src.ip }, { expires = "4h" })
    if not lease then note("not blocked: " .. why) end
    wait "30d"
  end,
}
"""
CONFIG = """
local function tenant(name)
  return {
    playbooks = { "./" .. name .. ".lua" },
    plugins = { edl = {} },
    capabilities = { ["contain.block_ip"] = "edl.block_ip" },
    authority = {
      { name = "people decide", kind = "contain", severity = "critical", outcome = "ask" },
      { name = "at once", kind = "contain", severity = "high", outcome = "do" },
    },
  }
end
return hikeshi { tenants = { north = tenant "north", south = tenant "south" }, log_level = "warning" }
"""
# Words that stand in the other tenant's things and nowhere else.
SOUTH_WORDS = ("quartz-marker", "south-hold", "southerner", "south-feed", "198.51.100.77", "198.51.100.78")


def send_alerts(engine, token, alerts):
    answer = engine.call("POST", "/v1/alerts", token, alerts)
    assert answer.status == 202, answer.raw
    return [item["id"] for item in answer.json()["alerts"]]


class World:
    """Two tenants with one of everything each."""

    def __init__(self, folder):
        (folder / "hikeshi.lua").write_text(CONFIG)
        for tenant in ("north", "south"):
            (folder / f"{tenant}.lua").write_text(HOLD % tenant)
        data = folder / "data"
        self.token, self.token_ids = {}, {}
        for tenant in ("north", "south"):
            done("user", "add", f"{tenant}erner", "--role", "tenant-admin", "--data", data, "--tenant", tenant)
            made = done("token", "create", "--user", f"{tenant}erner", "--data", data, "--tenant", tenant)
            self.token_ids[tenant], self.token[tenant] = made.split()[0], made.split()[-1]
        north = ("--data", data, "--tenant", "north")
        made = done("token", "create", "--service", "north-poll", "--role", "viewer", *north)
        self.viewer = made.split()[-1]
        made = done("token", "create", "--service", "gone", "--role", "analyst", *north)
        done("token", "revoke", made.split()[0], *north)
        self.revoked = made.split()[-1]
        self.engine = Engine(data, folder / "hikeshi.lua").start()

    def fill_south(self):
        """One alert, run, gate, containment … of the other tenant; their ids by kind."""
        engine, token = self.engine, self.token["south"]
        alerts = send_alerts(engine, token, [
            {"title": "quartz-marker one", "category": "authentication", "severity": "critical",
             "src": {"ip": "198.51.100.77"}},
            {"title": "quartz-marker two", "category": "authentication", "severity": "high",
             "src": {"ip": "198.51.100.78"}}])
        gates = wait_for(lambda: engine.items("approvals", token, "&state=pending"), "a gate")
        held = wait_for(lambda: engine.items("containments", token, "&state=active"), "a containment")
        made = engine.call("POST", "/v1/tokens", token, {"service": "south-feed", "role": "analyst"})
        assert made.status == 201, made.raw
        return {
            "alerts": alerts[0],
            "runs": engine.items("runs", token)[0]["id"],
            "approvals": gates[0]["id"],
            "containments": held[0]["id"],
            "playbooks": engine.items("playbooks", token)[0]["version"],
            "users": engine.items("users", token)[0]["id"],
            "tokens": made.json()["id"],
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("hostile"))
    yield world
    # What the sanitizers have to say about leaks is said at a clean stop.
    try:
        assert world.engine.stop() == 0, world.engine.said()
    finally:
        world.engine.kill()


@pytest.fixture
def engine(world):
    yield world.engine
    world.engine.lives()


# --- the request itself ---

def get(target="/livez", headers=(), **more):
    return request("GET", target, headers, **more)


def post(headers, body=b""):
    """A POST of alerts whose head is given but for the Host."""
    return b"POST /v1/alerts HTTP/1.1\r\nHost: engine\r\n" + headers + b"\r\n\r\n" + body


def chunked(body, more=b""):
    return post(b"Transfer-Encoding: chunked" + more, body)


def head(line, *headers):
    return b"\r\n".join([line, *headers]) + b"\r\n\r\n"


FRAMING = [
    # name, bytes, status, words
    ("target too long", get("/" + "a" * 9000), 414, "too long"),
    ("query too long", get("/livez?" + "a" * 9000), 414, "too long"),
    ("method without end", b"A" * 100, 501, "method"),
    ("header too long", get(headers=[("X-Long", "a" * 17000)]), 431, "headers are too large"),
    ("header without end", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17000, 431, "headers are too large"),
    ("headers too many", get(headers=[(f"X-{i}", "1") for i in range(64)]), 431, "too many headers"),
    ("body declared too large", post(b"Content-Length: %d" % (8 * MIB + 1)), 413, "body is too large"),
    ("body declared absurdly large", post(b"Content-Length: " + b"9" * 40), 413, "body is too large"),
    ("chunk too large", chunked(b"800001\r\n"), 413, "body is too large"),
    ("chunks too large together", chunked((b"100000\r\n" + b" " * MIB + b"\r\n") * 9), 413, "body is too large"),

    ("NUL in the method", b"GE\0T /livez HTTP/1.1\r\nHost: engine\r\n\r\n", 400, "method"),
    ("NUL in the target", get(b"/li\0vez"), 400, "target"),
    ("NUL in a header name", get(headers=[(b"X-\0", "1")]), 400, "header name"),
    ("NUL in a header value", get(headers=[("X-Nul", b"a\0b")]), 400, "header value"),
    ("NUL as %00 in the path", get("/livez%00"), 400, "control byte"),
    ("NUL as %00 in a token's place", get("/v1/alerts/al%00x"), 400, "control byte"),
    ("NUL after the request", get() + b"\0", 400, "method"),
    ("control byte in a header value", get(headers=[("X-Bell", b"a\x07b")]), 400, "header value"),
    ("raw byte above ASCII in a header value", get(headers=[("X-High", b"a\xffb")]), 400, "header value"),

    ("folded line", head(b"GET /livez HTTP/1.1", b"Host: engine", b"X-A: 1", b" folded"), 400, "begin with a name"),
    ("folded by a tab", head(b"GET /livez HTTP/1.1", b"Host: engine", b"X: 1", b"\tfolded"), 400, "begin with a name"),
    ("folded first line", head(b"GET /livez HTTP/1.1", b" Host: engine"), 400, "begin with a name"),
    ("blank before the colon", head(b"GET /livez HTTP/1.1", b"Host : engine"), 400, "header name"),
    ("no colon", head(b"GET /livez HTTP/1.1", b"Host: engine", b"Nonsense"), 400, "header name"),
    ("header without name", head(b"GET /livez HTTP/1.1", b"Host: engine", b": 1"), 400, "begin with a name"),

    ("lengths differ", post(b"Content-Length: 2\r\nContent-Length: 3", b"{}"), 400, "twice"),
    ("lengths equal", post(b"Content-Length: 2\r\nContent-Length: 2", b"{}"), 400, "twice"),
    ("lengths in one list", post(b"Content-Length: 2, 2", b"{}"), 400, "not a number"),
    ("length negative", post(b"Content-Length: -1"), 400, "not a number"),
    ("length with a sign", post(b"Content-Length: +2", b"{}"), 400, "not a number"),
    ("length in hexadecimal", post(b"Content-Length: 0x2", b"{}"), 400, "not a number"),
    ("length empty", post(b"Content-Length:"), 400, "not a number"),
    ("length and chunking", post(b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), 400, "both"),
    ("chunking and length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"), 400, "both"),
    ("chunking twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"), 400, "twice"),
    ("chunking not last", post(b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"), 501, "chunked"),
    ("chunking hidden by a tab", post(b"Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"), 400, "header value"),
    ("other transfer encoding", post(b"Transfer-Encoding: gzip"), 501, "chunked"),
    ("other expectation", post(b"Expect: miracles\r\nContent-Length: 2", b"{}"), 417, "100-continue"),

    ("bare LF", b"GET /livez HTTP/1.1\nHost: engine\n\n", 400, "does not end after its version"),
    ("bare LF after a header", b"GET /livez HTTP/1.1\r\nHost: engine\nX: 1\r\n\r\n", 400, "header value"),
    ("bare LF at the end", b"GET /livez HTTP/1.1\r\nHost: engine\r\n\n", 400, "begin with a name"),
    ("bare CR", b"GET /livez HTTP/1.1\r\nHost: engine\rX: 1\r\n\r\n", 400, "CR LF"),
    ("empty line first", b"\r\n" + get(), 400, "method"),

    ("no Host", get(host=None), 400, "Host header is missing"),
    ("two Hosts", get(headers=[("Host", "engine")]), 400, "Host header is given twice"),
    ("Host with a path", get(host="engine/evil"), 400, "not a host"),
    ("Host with a user", get(host="me@engine"), 400, "not a host"),
    ("Host empty", get(host=""), 400, "not a host"),

    ("chunk size is no number", chunked(b"zz\r\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk size negative", chunked(b"-2\r\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk size with 0x", chunked(b"0x2\r\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk size with a blank", chunked(b"2 \r\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk size empty", chunked(b"\r\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk size wraps around", chunked(b"1" + b"0" * 16 + b"\r\n"), 400, "digits"),
    ("chunk size with bare LF", chunked(b"2\n{}\r\n0\r\n\r\n"), 400, "size"),
    ("chunk without CR LF", chunked(b"2\r\n{}0\r\n\r\n"), 400, "chunk does not end in CR LF"),
    ("chunk with an extension", chunked(b"2;a=b\r\n{}\r\n0\r\n\r\n"), 400, "size alone"),
    ("trailers", chunked(b"2\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n"), 400, "railers"),

    ("path is no UTF-8", get("/livez%ff"), 400, "UTF-8"),
    ("path with an overlong slash", get("/lists/north/edl/..%c0%af"), 400, "UTF-8"),
    ("path with a surrogate", get("/%ed%a0%80"), 400, "UTF-8"),
    ("path with a raw high byte", get(b"/\xff"), 400, "target"),
    ("percent without digits", get("/livez%"), 400, "hexadecimal"),
    ("percent with one digit", get("/livez%4"), 400, "hexadecimal"),
    ("percent with letters", get("/livez%zz"), 400, "hexadecimal"),
    ("encoded CR LF in the path", get("/livez%0d%0aX:%201"), 400, "control byte"),
    ("NUL as %00 in the query", get("/v1/alerts?state=%00"), 400, "query"),
    ("query with half an escape", get("/v1/alerts?state=%4"), 400, "query"),

    ("two blanks", b"GET  /livez HTTP/1.1\r\nHost: engine\r\n\r\n", 400, "target"),
    ("blank in the target", get("/li vez"), 400, "version"),
    ("no version", b"GET /livez\r\nHost: engine\r\n\r\n", 400, "target"),
    ("other protocol", b"GET /livez HTCPCP/1.0\r\nHost: engine\r\n\r\n", 400, "version"),
    ("HTTP/1.0", b"GET /livez HTTP/1.0\r\nHost: engine\r\n\r\n", 505, "HTTP/1.1"),
    ("HTTP/0.9", b"GET /livez\r\n", 400, "target"),
    ("HTTP/2.0", b"GET /livez HTTP/2.0\r\nHost: engine\r\n\r\n", 505, "HTTP/1.1"),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501, "method"),
    ("TLS hello", bytes.fromhex("16030100c8010000c40303") + b"\x5a" * 190, 400, "method"),
    ("SSH hello", b"SSH-2.0-OpenSSH_9.2\r\n", 501, "method"),
    ("absolute target", get("http://engine/livez"), 400, "slash"),
    ("asterisk target", b"OPTIONS * HTTP/1.1\r\nHost: engine\r\n\r\n", 400, "slash"),
    ("tunnel", b"CONNECT 192.0.2.1:25 HTTP/1.1\r\nHost: engine\r\n\r\n", 501, "method"),
    ("unknown method", b"BREW /livez HTTP/1.1\r\nHost: engine\r\n\r\n", 501, "method"),
    ("method in small letters", b"get /livez HTTP/1.1\r\nHost: engine\r\n\r\n", 501, "method"),

    ("dot segments", get("/lists/north/edl/../../../etc/passwd"), 400, "dot segment"),
    ("one dot", get("/lists/north/edl/./blocklist.txt"), 400, "dot segment"),
    ("encoded dots", get("/lists/north/edl/%2e%2e/edl.json"), 400, "dot segment"),
    ("dots and an encoded slash", get("/lists/north/edl/..%2fedl.json"), 400, "encoded slash"),
    ("empty segment", get("/lists//edl/blocklist.txt"), 400, "empty segment"),
    ("backslash", get(b"/lists/north/edl/..\\edl.json"), 400, "target"),

    ("unknown path", get("/v2/alerts"), 404, "nothing at this path"),
    ("path with a slash too many", get("/livez/"), 404, "nothing at this path"),
    ("path in capitals", get("/LIVEZ"), 404, "nothing at this path"),
    ("a path that isn't there", get("/nothing"), 404, "nothing at this path"),
    ("id that can't be one", get("/v1/alerts/UPPER"), 404, "nothing at this path"),
    ("id too long", get("/v1/alerts/" + "a" * 65), 404, "nothing at this path"),
]


@pytest.mark.parametrize("data, status, words", [case[1:] for case in FRAMING], ids=[case[0] for case in FRAMING])
def test_framing(engine, data, status, words):
    with engine.wire() as wire:
        wire.send(data)
        answer = wire.answer()
        while answer.status == 200 and data.startswith(get()):  # what follows a good request
            answer = wire.answer()
        check_problem(answer, status, words)
        if status != 404:  # after what can't be read, nothing on this connection is believed
            assert answer.headers["connection"] == "close"
            wire.finish()
            assert wire.read_to_end() == b""


def test_one_byte_at_a_time(engine):
    with engine.wire() as wire:
        for byte in get():
            wire.send(bytes([byte]))
        assert wire.answer().status == 200
        for byte in b"GET /livez HTTP/1.1\r\nHost: engine\r\nX-A: 1\r\n folded\r\n\r\n":
            wire.send(bytes([byte]))
        check_problem(wire.answer(), 400, "begin with a name")


@pytest.mark.parametrize("data", [
    b"", b"GET", b"GET /livez HTTP/1.1\r\nHost: eng", post(b"Content-Length: 100", b"{"),
    chunked(b"5\r\n{"), chunked(b"5"), chunked(b"2\r\n{}\r\n0\r\n"),
], ids=["nothing", "method", "header", "body", "chunk", "chunk size", "last chunk"])
def test_cut_off(engine, data):
    """Who leaves in the middle is let go without an answer, and nothing is taken."""
    with engine.wire() as wire:
        wire.send(data)
        wire.finish()
        assert wire.read_to_end() == b""


def test_reset_in_the_middle(world, engine):
    before = len(engine.items("alerts", world.token["north"]))
    for _ in range(50):
        wire = engine.wire()
        wire.send(post(b"Content-Length: 100\r\n" + ": ".join(bearer(world.token["north"])).encode(), b"[{"))
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.socket.close()
    engine.lives()
    assert len(engine.items("alerts", world.token["north"])) == before


def test_limits_themselves_are_served(world, engine):
    """One less than what is refused is good."""
    with engine.wire() as wire:
        wire.send(get(headers=[(f"X-{i}", "1") for i in range(63)]))
        assert wire.answer().status == 200
        wire.send(get("/livez?" + "a" * 8000))
        assert wire.answer().status == 200
        wire.send(get(headers=[("X-Long", "a" * 16000)]))
        assert wire.answer().status == 200


def test_pipelined_smuggling(engine):
    """A body that looks like a request is a body."""
    inner = get("/v1/whoami")
    with engine.wire() as wire:
        wire.send(request("POST", "/livez", body=inner) + get())
        check_problem(wire.answer(), 405, "other methods")
        assert wire.answer().body == b"ok\n"
        assert wire.received == b""


# --- methods ---

@pytest.mark.parametrize("method, target, allow", [
    ("POST", "/livez", "GET, HEAD"),
    ("DELETE", "/v1/alerts", "GET, HEAD, POST"),
    ("PUT", "/v1/alerts/al-1", "GET, HEAD"),
    ("GET", "/v1/runs/ru-1/cancel", "POST"),
    ("PATCH", "/v1/users", "GET, HEAD, POST"),
    ("OPTIONS", "/metrics", "GET, HEAD"),
])
def test_wrong_method(engine, method, target, allow):
    answer = engine.call(method, target)
    check_problem(answer, 405, "other methods")
    assert answer.headers["allow"] == allow


def test_head_has_no_body(engine):
    with engine.wire() as wire:
        wire.send(request("HEAD", "/livez") + get())
        first = wire.answer(to_head=True)
        assert first.status == 200 and first.size == 3
        assert wire.answer().body == b"ok\n"


# --- who asks ---

def test_identity(world, engine):
    token = world.token["north"]

    def headers_of(text):
        return [("Authorization", text)] if isinstance(text, (str, bytes)) else [("Authorization", t) for t in text]

    basic = base64.b64encode(f"poll:{world.viewer}".encode()).decode()
    refused = [
        ((), "needs a bearer token"),
        ("Bearer " + "A" * 43, "not valid"),
        ("Bearer " + token[:-1], "not valid"),
        ("Bearer " + token + "A", "not valid"),
        ("Bearer " + token.swapcase(), "not valid"),
        ("Bearer " + world.revoked, "not valid"),
        ("Bearer", "needs a bearer token"),
        ("Bearer  ", "needs a bearer token"),
        ("Bearer " + "A" * 4000, "needs a bearer token"),
        (token, "needs a bearer token"),
        ("Basic " + basic, "needs a bearer token"),
        ("Basic " + base64.b64encode(f"{token}:".encode()).decode(), "needs a bearer token"),
        ("Digest username=" + token, "needs a bearer token"),
        ("Bearer" + token, "needs a bearer token"),
    ]
    for text, words in refused:
        answer = engine.call("GET", "/v1/whoami", headers=headers_of(text))
        check_problem(answer, 401, words)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert token.encode() not in answer.raw
    for target in ("/v1/whoami?token=" + token, "/v1/whoami?access_token=" + token):
        check_problem(engine.call("GET", target), 401, "bearer token")
    check_problem(engine.call("GET", "/v1/whoami", headers=[("Cookie", "token=" + token)]), 401, "bearer token")
    # The scheme's name is the same in any case; lists are there for those that know Basic alone.
    assert engine.call("GET", "/v1/whoami", headers=[("Authorization", "bEARER " + token)]).status == 200
    assert engine.call("GET", "/lists/north/edl/blocklist.txt", headers=headers_of("Basic " + basic)).status == 200
    for text in ("Basic " + base64.b64encode(b"poll:wrong").decode(), "Basic !!!!", "Basic",
                 "Basic " + base64.b64encode(world.viewer.encode()).decode()):
        answer = engine.call("GET", "/lists/north/edl/blocklist.txt", headers=headers_of(text))
        check_problem(answer, 401, "token")
        assert "Basic" in answer.headers["www-authenticate"]


def test_a_token_is_worth_nothing_once_revoked(world, engine):
    admin = world.token["north"]
    made = engine.call("POST", "/v1/tokens", admin, {"service": "short-lived", "role": "viewer"}).json()
    assert engine.call("GET", "/v1/whoami", made["token"]).status == 200
    assert engine.call("POST", f"/v1/tokens/{made['id']}/revoke", admin, {}).status == 200
    check_problem(engine.call("GET", "/v1/whoami", made["token"]), 401, "not valid")


def test_role_is_asked_for_before_anything_else(world, engine):
    for method, target, body in (("POST", "/v1/alerts", {"title": "t"}), ("GET", "/v1/users", None),
                                 ("POST", "/v1/users", {"name": "x", "role": "viewer"}),
                                 ("POST", "/v1/runs/ru-1/cancel", {}), ("POST", "/v1/containments/co-1/release", {}),
                                 ("GET", "/v1/tenants/north/audit/entries", None)):
        check_problem(engine.call(method, target, world.viewer, body), 403, "role")


# --- the wall between tenants ---

def test_foreign_tenant(world, engine):
    ids = world.fill_south()
    north = world.token["north"]
    foreign = [
        *[("GET", f"/v1/{kind}/{id}", None) for kind, id in ids.items()],
        ("POST", f"/v1/runs/{ids['runs']}/cancel", {"reason": "mine"}),
        ("POST", f"/v1/runs/{ids['runs']}/resolve", {"resolution": "abandon", "evidence": "seen"}),
        ("POST", f"/v1/approvals/{ids['approvals']}/decision",
         {"decision": "reject", "reason": "mine", "digest": "0" * 64}),
        ("POST", f"/v1/containments/{ids['containments']}/release", {"reason": "mine"}),
        ("POST", f"/v1/containments/{ids['containments']}/renew", {"for": "1h", "reason": "mine"}),
        ("POST", f"/v1/users/{ids['users']}/disable", {}),
        ("POST", "/v1/users/southerner/disable", {}),
        ("POST", f"/v1/tokens/{ids['tokens']}/revoke", {}),
        ("POST", "/v1/tokens", {"user": ids["users"]}),
        ("POST", "/v1/tokens", {"user": "southerner"}),
    ]

    def stands():
        """All that the other tenant has, without what changes by itself."""
        token = world.token["south"]
        kinds = ("alerts", "runs", "approvals", "containments", "playbooks", "users", "tokens")
        return {kind: engine.items(kind, token) for kind in kinds}

    def check(answer, asked):
        check_problem(answer, 404, "")
        text = answer.raw.decode()
        for word in SOUTH_WORDS:
            assert word in asked or word not in text, (asked, text)

    before = stands()
    for method, target, body in foreign:
        asked = target + json.dumps(body)
        answer = engine.call(method, target, north, body)
        check(answer, asked)
        # A foreign id is answered as one that nobody has.
        made_up = target
        made_up_body = body
        for id in (*ids.values(), "southerner"):
            other = id[:-1] + ("a" if id[-1] != "a" else "b")
            made_up = made_up.replace(id, other)
            if body is not None:
                made_up_body = json.loads(json.dumps(made_up_body).replace(id, other))
            answer_text = answer.body.replace(id.encode(), other.encode())
            if made_up != target or made_up_body != body:
                assert engine.call(method, made_up, north, made_up_body).body == answer_text, asked
                break
    # Its name opens nothing either, however it is given.
    for target in ("/v1/tenants/south/audit/entries", "/v1/tenants/south/audit/checkpoint",
                   "/lists/south/edl/blocklist.txt", "/v1/alerts?tenant=south",
                   f"/v1/alerts/{ids['alerts']}?tenant=south"):
        check(engine.call("GET", target, north), target)
    collections = ("alerts", "runs", "approvals", "containments", "playbooks", "plugins", "users", "tokens")
    for collection in (*collections, "whoami"):
        check(engine.call("GET", f"/v1/{collection}", north, headers=[("X-Hikeshi-Tenant", "south")]), "")
    check(engine.call("POST", "/v1/alerts", north, {"title": "into the other"},
                      headers=[("X-Hikeshi-Tenant", "south")]), "")
    # Nor do the lists of its own, or what one page is said to begin after.
    for collection in collections:
        for query in ("", *(f"?after={id}" for id in ids.values())):
            answer = engine.call("GET", f"/v1/{collection}{query}", north)
            assert not any(word in answer.body.decode() for word in SOUTH_WORDS), (collection, query)
            assert not any(id in answer.body.decode() for id in ids.values()), (collection, query)
    target = f"/v1/tenants/north/audit/entries?subject={ids['alerts']}"
    check(engine.call("GET", target, north), target)
    assert stands() == before


@pytest.mark.parametrize("target", [
    "/lists/north/edl/edl.json", "/lists/north/edl/.blocklist.txt", "/lists/north/edl/nothing.txt",
    "/lists/north/nothing/blocklist.txt", "/lists/nowhere/edl/blocklist.txt", "/lists/north/edl/ledger.db",
    "/lists/north/edl/%5c..%5cedl.json", "/lists/north/edl/blocklist.txt/", "/lists/north/edl/blocklist.txt~",
    "/lists/north/edl", "/lists/north/edl/a/b",
])
def test_lists_serve_what_is_served(world, engine, target):
    check_problem(engine.call("GET", target, world.viewer), 404, "")


# --- queries ---

@pytest.mark.parametrize("target, words", [
    ("/v1/alerts?limit=0", "limit"), ("/v1/alerts?limit=501", "limit"), ("/v1/alerts?limit=-1", "limit"),
    ("/v1/alerts?limit=", "limit"), ("/v1/alerts?limit=1e2", "limit"), ("/v1/alerts?limit=1&limit=2", "limit"),
    ("/v1/alerts?limit=" + "0" * 100 + "1", "limit"), ("/v1/alerts?limit=18446744073709551617", "limit"),
    ("/v1/alerts?after=..", "after"), ("/v1/alerts?after=" + "a" * 100, "after"),
    ("/v1/alerts?after=al-1&after=al-2", "after"), ("/v1/alerts?state=" + "a" * 100, "state"),
    ("/v1/alerts?state=new&state=closed", "state"), ("/v1/alerts?state=%ff", "state"),
    ("/v1/tenants/north/audit/entries?after=x", "after"),
    ("/v1/tenants/north/audit/entries?after=99999999999999999999", "after"),
    ("/v1/tenants/north/audit/entries?subject=" + "a" * 200, "subject"),
    ("/v1/authority/explain", "action"),
    ("/v1/authority/explain?action=a&action=b", "action"),
    ("/v1/authority/explain?action=contain.block_ip&severity=urgent", "severity"),
    ("/v1/authority/explain?action=contain.block_ip&at=yesterday", "at"),
    ("/v1/authority/explain?action=contain.block_ip&target=" + "a" * 1000, "target"),
])
def test_bad_query(world, engine, target, words):
    check_problem(engine.call("GET", target, world.token["north"]), 400, words)


@pytest.mark.parametrize("query", ["source=" + "a" * 100, "source=", "source=A", "source=a%20b", "source=a&source=b"])
def test_bad_source(world, engine, query):
    check_problem(engine.call("POST", f"/v1/alerts?{query}", world.token["north"], {"title": "t"}), 400, "source")


@pytest.mark.parametrize("key", ["", "a" * 129, "a b", "a\tb"])
def test_bad_idempotency_key(world, engine, key):
    answer = engine.call("POST", "/v1/alerts", world.token["north"], {"title": "t"}, headers=[("Idempotency-Key", key)])
    check_problem(answer, 400, "Idempotency-Key")


@pytest.mark.parametrize("name, value", [
    ("Idempotency-Key", "one"), ("Content-Type", "application/json"), ("X-Hikeshi-Tenant", "north"),
    ("Authorization", "Bearer {token}"),
])
def test_header_given_twice(world, engine, name, value):
    """Which of two is meant would be a guess, even when they are equal."""
    token = world.token["north"]
    headers = [("Content-Type", "application/json")] if name != "Content-Type" else []
    headers += [(name, value.format(token=token))] * (1 if name == "Authorization" else 2)
    check_problem(engine.call("POST", "/v1/alerts", token, {"title": "t"}, headers=headers), 400, name)


# --- alerts ---

def deep(levels):
    return b'{"title":"deep","a":' + b"[" * levels + b"]" * levels + b"}"


BAD_ALERTS = [
    # name, one alert as bytes, words of the problem
    ("NUL in a string", b'{"title":"a\0b"}', "control byte"),
    ("NUL between values", b'{"title":\0"a"}', "expected"),
    ("escaped NUL", b'{"title":"a\\u0000b"}', "\\u0000"),
    ("escaped NUL in a key", b'{"title":"a","b\\u0000":1}', "\\u0000"),
    ("escaped NUL deep inside", b'{"title":"a","x":{"y":["\\u0000"]}}', "\\u0000"),
    ("control byte in a string", b'{"title":"a\nb"}', "control byte"),
    ("no UTF-8", b'{"title":"a\xff"}', "UTF-8"),
    ("no UTF-8 in a key", b'{"title":"a","\xc0\xaf":1}', "UTF-8"),
    ("UTF-8 of a surrogate", b'{"title":"\xed\xa0\x80"}', "UTF-8"),
    ("UTF-8 cut off", b'{"title":"\xe2\x82"}', "UTF-8"),
    ("half a surrogate pair", b'{"title":"\\ud800"}', "surrogate"),
    ("duplicate key", b'{"title":"a","title":"b"}', 'duplicate key "title"'),
    ("duplicate key, escaped", b'{"title":"a","t\\u0069tle":"b"}', 'duplicate key "title"'),
    ("duplicate key deep inside", b'{"title":"a","src":{"ip":"192.0.2.1","ip":"192.0.2.2"}}', 'duplicate key "ip"'),
    ("nested too deep", deep(100), "nested"),
    ("nested 100,000 deep", deep(100_000), "nested"),
    ("values too many", b'{"title":"a","x":[' + b"1," * 20000 + b"1]}", "values"),
    ("too large", b'{"title":"%s"}' % (b"a" * ALERT_MAX), "bytes"),
    ("number with a leading zero", b'{"title":"a","x":01}', "leading zero"),
    ("number in hexadecimal", b'{"title":"a","x":0x1}', "expected"),
    ("not a number", b'{"title":"a","x":NaN}', "expected"),
    ("comment", b'{"title":"a"/**/}', "expected"),
    ("comma too many", b'{"title":"a",}', "key"),
    ("single quotes", b"{'title':'a'}", "key"),
    ("title missing", b'{"severity":"high"}', "title"),
    ("title null", b'{"title":null}', "title"),
    ("title empty", b'{"title":""}', "title"),
    ("title no text", b'{"title":7}', "title"),
    ("severity unknown", b'{"title":"a","severity":"urgent"}', "severity"),
    ("severity in other case", b'{"title":"a","severity":"High"}', "severity"),
    ("severity no text", b'{"title":"a","severity":5}', "severity"),
    ("time is none", b'{"title":"a","time":"yesterday"}', "time"),
    ("address is none", b'{"title":"a","src":{"ip":"192.0.2.256"}}', "src.ip"),
    ("address with zeros", b'{"title":"a","src":{"ip":"192.0.2.010"}}', "src.ip"),
    ("port out of range", b'{"title":"a","src":{"port":65536}}', "src.port"),
    ("port is no number", b'{"title":"a","dst":{"port":"22"}}', "dst.port"),
    ("src is no object", b'{"title":"a","src":"192.0.2.1"}', "src"),
    ("technique is no list of texts", b'{"title":"a","technique":[1]}', "technique"),
    ("count is zero", b'{"title":"a","count":0}', "count"),
    ("another kind of event", b'{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"flow","flow_id":1,'
                              b'"src_ip":"192.0.2.1","dest_ip":"192.0.2.2","proto":"TCP"}', "no alert"),
]


@pytest.mark.parametrize("alert, words", [case[1:] for case in BAD_ALERTS], ids=[case[0] for case in BAD_ALERTS])
def test_bad_alert(world, engine, alert, words):
    token = world.token["north"]
    problem = check_problem(engine.call("POST", "/v1/alerts", token, alert), 400, words)
    assert [item["index"] for item in problem["errors"]] == [0]


@pytest.mark.parametrize("alert", [b'{"Title":"a","severity":"high"}', b'{"title ":"a"}', b'{"what":"ever"}'])
def test_an_object_of_no_known_form_comes_in_whole(world, engine, alert):
    token = world.token["north"]
    answer = engine.call("POST", "/v1/alerts", token, alert).json()
    shown = engine.call("GET", "/v1/alerts/" + answer["alerts"][0]["id"], token).json()
    assert shown["form"] == "unmapped" and shown["raw"].encode() == alert


@pytest.mark.parametrize("kind", ["array", "lines"])
def test_bad_alerts_among_good_ones(world, engine, kind):
    """The good ones of a batch are taken, each bad one is named by its index."""
    token = world.token["north"]
    # Without those that make it impossible to tell where one ends.
    cut = {"NUL between values", "control byte in a string", "single quotes"} if kind == "lines" else set()
    bad = [case for case in BAD_ALERTS if case[0] not in cut]
    items, wanted = [], {}
    for i, (name, alert, words) in enumerate(bad):
        wanted[len(items)] = (name, words)
        items.append(alert)
        items.append(b'{"title":"good one of a batch as %s","uid":"%d"}' % (kind.encode(), i))
    before = len(engine.items("alerts", token))
    if kind == "array":
        answer = engine.call("POST", "/v1/alerts", token, b"[" + b",\n".join(items) + b"]")
    else:
        answer = engine.call("POST", "/v1/alerts", token, b"\n".join(items),
                             headers=[("Content-Type", "application/x-ndjson")])
    assert answer.status == 202, answer.raw
    outcome = answer.json()
    good = [i for i in range(len(items)) if i not in wanted]
    assert outcome["accepted"] == len(good)
    assert [item["index"] for item in outcome["alerts"]] == good
    assert [item["index"] for item in outcome["errors"]] == list(wanted)
    for item in outcome["errors"]:
        name, words = wanted[item["index"]]
        assert words.lower() in item["problem"].lower(), (name, item)
    after = engine.items("alerts", token)
    assert len(after) == before + len(good)
    listed = {item["id"] for item in after}
    assert all(item["id"] in listed for item in outcome["alerts"])


BAD_BODIES = [
    # name, content type, body, status, words
    ("empty", "application/json", b"", 400, "no alert"),
    ("blanks", "application/json", b" \r\n\t", 400, "no alert"),
    ("empty array", "application/json", b"[]", 400, "no alert"),
    ("text", "application/json", b'"title"', 400, "neither"),
    ("number", "application/json", b"7", 400, "neither"),
    ("array without end", "application/json", b'[{"title":"a"},', 400, "item 1"),
    ("object without end", "application/json", b'{"title":"a"', 400, "item 0"),
    ("string without end", "application/json", b'[{"title":"a', 400, "item 0"),
    ("array with an empty item", "application/json", b'[{"title":"a"},,{"title":"b"}]', 400, "item 1"),
    ("something after the array", "application/json", b'[{"title":"a"}] x', 400, "follows"),
    ("brackets without end", "application/json", b"[" * 100_000, 400, "item 0"),
    ("brackets that cross", "application/json", b"[" * 1000 + b"}" * 2000, 400, ""),
    ("too many alerts", "application/json", b"[%s{}]" % (b'{"title":"a"},' * ALERTS_MAX), 413, "5000 alerts"),
    ("too many lines", "application/x-ndjson", b'{"title":"a"}\n' * (ALERTS_MAX + 1), 413, "5000 alerts"),
    ("form", "application/x-www-form-urlencoded", b"title=a", 415, "application/json"),
    ("text type", "text/plain", b'{"title":"a"}', 415, "application/json"),
    ("type that begins like JSON", "application/jsonp", b'{"title":"a"}', 415, "application/json"),
    ("type empty", "", b'{"title":"a"}', 415, "application/json"),
]


@pytest.mark.parametrize("kind, body, status, words", [case[1:] for case in BAD_BODIES],
                         ids=[case[0] for case in BAD_BODIES])
def test_bad_body(world, engine, kind, body, status, words):
    token = world.token["north"]
    before = len(engine.items("alerts", token))
    answer = engine.call("POST", "/v1/alerts", token, body, headers=[("Content-Type", kind)])
    check_problem(answer, status, words)
    assert len(engine.items("alerts", token)) == before


BAD_OBJECTS = [
    ("array", b"[]", "object"),
    ("text", b'"x"', "object"),
    ("cut off", b'{"name":', ""),
    ("unknown member", b'{"name":"x","role":"viewer","admin":true}', "admin"),
    ("member in other case", b'{"Name":"x","role":"viewer"}', "Name"),
    ("duplicate member", b'{"name":"x","name":"y","role":"viewer"}', "duplicate"),
    ("escaped NUL", b'{"name":"x\\u0000","role":"viewer"}', "\\u0000"),
    ("no UTF-8", b'{"name":"\xff","role":"viewer"}', "UTF-8"),
    ("number for a text", b'{"name":7,"role":"viewer"}', "name"),
    ("null for what is required", b'{"name":null,"role":"viewer"}', "name"),
    ("required one missing", b'{"name":"x"}', "role"),
    ("name with a blank", b'{"name":"x y","role":"viewer"}', "name"),
    ("name too long", b'{"name":"%s","role":"viewer"}' % (b"x" * 100), "name"),
    ("role unknown", b'{"name":"x","role":"root"}', "role"),
    ("nested 100,000 deep", b'{"name":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested"),
    ("something after it", b'{"name":"x","role":"viewer"} {}', ""),
]


@pytest.mark.parametrize("body, words", [case[1:] for case in BAD_OBJECTS], ids=[case[0] for case in BAD_OBJECTS])
def test_bad_object(world, engine, body, words):
    token = world.token["north"]
    before = engine.items("users", token)
    answer = engine.call("POST", "/v1/users", token, body)
    check_problem(answer, 413 if words == "nested" else 400, words)
    assert engine.items("users", token) == before


def test_object_too_large(world, engine):
    body = b'{"name":"%s","role":"viewer"}' % (b"x" * 200_000)
    check_problem(engine.call("POST", "/v1/users", world.token["north"], body), 413, "bytes")
    check_problem(engine.call("POST", "/v1/users", world.token["north"], b'{"name":"x","role":"viewer"}',
                              headers=[("Content-Type", "text/plain")]), 415, "application/json")


def test_numbers_are_kept_exactly(world, engine):
    token = world.token["north"]
    numbers = ["9007199254740993", "12345678901234567890", "99999999999999999999", "-9223372036854775809",
               "0.1000000000000000055511151231257827", "1e400", "1E+2", "-0", "1.0", "18446744073709551616"]
    alert = '{"title":"numbers", "deep":{"list":[%s]},\t"account":9007199254740993}' % ",".join(numbers)
    ids = send_alerts(engine, token, alert.encode())
    answer = engine.call("GET", f"/v1/alerts/{ids[0]}", token)
    shown = json.loads(answer.body, parse_int=str, parse_float=str)
    assert shown["raw"] == alert
    assert shown["view"]["deep"]["list"] == numbers
    assert shown["view"]["account"] == "9007199254740993"


def test_strange_but_good_texts(world, engine):
    """What is allowed comes back byte by byte."""
    token = world.token["north"]
    for text in ("\u202egnp.exe", "\u0085\u2028\u2029", "\U0010ffff", "\x7f", "a\u0301", "</script>", "%00", "\\",
                 "\x1b[2J", "';--", "{{7*7}}", "\ufeff"):
        alert = json.dumps({"title": "t" + text, "uid": text}, ensure_ascii=False)
        if "\x1b" in text:
            alert = json.dumps({"title": "t" + text, "uid": text})
        shown = engine.get(f"/v1/alerts/{send_alerts(engine, token, alert.encode())[0]}", token)
        assert shown["raw"] == alert
        assert shown["view"]["title"] == "t" + text
        assert shown["title"] == "t" + text


def test_chunked_alerts_are_taken(world, engine):
    body = b'{"title":"in chunks of one byte"}'
    data = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    headers = b"\r\nContent-Type: application/json\r\n" + ": ".join(bearer(world.token["north"])).encode()
    with engine.wire() as wire:
        wire.send(chunked(data, headers))
        assert wire.answer().status == 202


# --- slowness and numbers ---

def test_slow_requests(world, engine):
    """Who sends a byte now and then is told so at the deadline, and nobody else waits meanwhile."""
    token = world.token["north"]
    slow_head = [engine.wire() for _ in range(20)]
    slow_body = [engine.wire() for _ in range(20)]
    silent = [engine.wire() for _ in range(100)]
    for wire in slow_head:
        wire.send(b"GET /livez HTTP/1.1\r\nHost: engine\r\nX-Slow: ")
    for wire in slow_body:
        wire.send(post(b"Content-Length: 1000000\r\nContent-Type: application/json", b"["))
    open_wires = slow_head + slow_body
    answers = {}
    end = time.monotonic() + 4 * PATIENCE_S
    served = 0
    while open_wires:
        assert time.monotonic() < end, f"{len(open_wires)} slow requests are still waited for"
        readable, _, _ = select.select([wire.socket for wire in open_wires], [], [], 0.5)
        for wire in [w for w in open_wires if w.socket in readable]:
            answers[wire] = wire.answer()
            open_wires.remove(wire)
        for wire in open_wires:
            wire.send(b" ")
        engine.lives()
        served += len(send_alerts(engine, token, [{"title": "while others are slow", "uid": f"slow-{served}"}]))
    for wire in slow_head:
        check_problem(answers[wire], 408, "head did not arrive in time")
    for wire in slow_body:
        check_problem(answers[wire], 408, "body did not arrive in time")
    assert served > 0
    for wire in slow_head + slow_body + silent:
        wire.socket.close()


def test_slow_reader(world, engine):
    """Answers that nobody reads hold up nobody."""
    token = world.token["north"]
    wires = [engine.wire() for _ in range(20)]
    for wire in wires:
        wire.send(request("GET", "/openapi.json") * 50)
    engine.lives()
    assert send_alerts(engine, token, [{"title": "while nobody reads"}])
    for wire in wires:
        wire.socket.close()


@pytest.fixture
def many_files():
    """Descriptors for more connections than the engine has places for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * CONNECTIONS_MAX:
        pytest.skip(f"only {hard} open files are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CONNECTIONS_MAX), hard))


@pytest.mark.parametrize("begun", [b"", b"GET /v1/alerts HTTP/1.1\r\nHost: eng"], ids=["idle", "in_a_head"])
def test_connections_beyond_the_limit(world, engine, many_files, begun):
    """Whoever takes all connections and asks nothing keeps nobody out, neither over TCP nor over the socket."""
    wires = []
    try:
        for _ in range(CONNECTIONS_MAX + 76):
            wires.append(engine.wire())
            wires[-1].send(begun)
        assert engine.call("GET", "/v1/alerts", world.token["north"]).status == 200
        assert "north" in done("user", "list", "--data", engine.data, "--tenant", "north")
        # The oldest made room, the newest are still there.
        wait_for(wires[0].is_readable, "the oldest connection to be closed")
        if begun:
            check_problem(wires[0].answer(), 408, "took too long")
        assert wires[0].read_to_end() == b""
        wires[-1].send(b"ine\r\n\r\n" if begun else get())
        assert wires[-1].answer().status in (200, 401)
    finally:
        for wire in wires:
            wire.socket.close()
    wait_for(lambda: is_served(engine), "room for a connection")


def is_served(engine):
    with Wire(engine.port) as wire:
        wire.send(get())
        return wire.answer().status == 200
