"""Webhooks: each product's signature opens its own source and nothing else does; a delivery counts once."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse

import pytest

import waiting
from engine import Engine, alert

SECRETS = {"github": "gh-s3cret", "slack": "sl-s3cret", "stripe": "st-s3cret", "plain": "pl-s3cret", "old": "ol-s3cret",
           "standard": "whsec_" + base64.b64encode(bytes(range(32))).decode(), "other": "ot-s3cret"}
SOURCES = """
  github   = { kind = "webhook", auth = { scheme = "github", secret = { secret "old", secret "github" } } },
  slack    = { kind = "webhook", auth = { scheme = "slack", secret = secret "slack" } },
  stripe   = { kind = "webhook", auth = { scheme = "stripe", secret = secret "stripe" } },
  standard = { kind = "webhook", auth = { scheme = "standard-webhooks", secret = secret "standard" } },
  own      = { kind = "webhook", auth = { scheme = "hmac", secret = secret "plain", header = "X-Sig",
                                          prefix = "sha256 ", encoding = "base64", time_header = "X-Time" } },
  bearer   = { kind = "webhook", auth = { scheme = "bearer", secret = secret "plain" } },
  basic    = { kind = "webhook", auth = { scheme = "basic", user = "sns", secret = secret "plain" } },
  header   = { kind = "webhook", auth = { scheme = "header", header = "X-Api-Key", secret = secret "plain" } },
  graph    = { kind = "webhook", auth = { scheme = "graph", secret = secret "plain" } },
  listed   = { kind = "webhook", items = "data.alerts", auth = { scheme = "bearer", secret = secret "plain" } },
  quick    = { kind = "webhook", window = "1s", auth = { scheme = "slack", secret = secret "slack" } },
  shared   = { kind = "webhook", short_path = false, auth = { scheme = "bearer", secret = secret "plain" } },
"""
OTHER = """
  ["only-b"] = { kind = "webhook", auth = { scheme = "bearer", secret = secret "other" } },
  shared   = { kind = "webhook", short_path = false, auth = { scheme = "bearer", secret = secret "other" } },
"""


def configure(it, sources=SOURCES, other=OTHER):
    folder = it.folder / "secrets"
    folder.mkdir(exist_ok=True)
    for name, value in SECRETS.items():
        (folder / name).write_text(value + "\n")
        (folder / name).chmod(0o600)
    secrets = ", ".join(f'{name} = "./secrets/{name}"' for name in SECRETS)
    it.config.write_text("return hikeshi { tenants = { a = { secrets = { %s }, sources = { %s } },"
                         " b = { secrets = { %s }, sources = { %s } } } }" % (secrets, sources, secrets, other))


@pytest.fixture(scope="module")
def site():
    it = Engine("")
    configure(it)
    try:
        it.start()
        it.viewer = it.token(service="look", role="viewer", tenant="a")
        it.viewer_b = it.token(service="look", role="viewer", tenant="b")
        yield it
    finally:
        it.remove()


def mac(secret, *parts, is_base64=False):
    digest = hmac.new(secret if isinstance(secret, bytes) else secret.encode(), "".join(parts).encode(), hashlib.sha256)
    return base64.b64encode(digest.digest()).decode() if is_base64 else digest.hexdigest()


def headers_of(scheme, body, at=None, key=None, number=0):
    """What the product would send with this body at that time."""
    now = str(int(at if at is not None else time.time()))
    key = key or SECRETS.get({"own": "plain", "quick": "slack"}.get(scheme, scheme), SECRETS["plain"])
    if scheme == "github":
        return {"X-Hub-Signature-256": "sha256=" + mac(key, body), "X-GitHub-Delivery": f"id-{number}"}
    if scheme in ("slack", "quick"):
        return {"X-Slack-Signature": "v0=" + mac(key, "v0:", now, ":", body), "X-Slack-Request-Timestamp": now}
    if scheme == "stripe":
        return {"Stripe-Signature": f"t={now},v1={mac(key, now, '.', body)}"}
    if scheme == "standard":
        raw = base64.b64decode(key.removeprefix("whsec_"))
        return {"webhook-id": f"msg_{number}", "webhook-timestamp": now,
                "webhook-signature": "v1," + mac(raw, f"msg_{number}.{now}.{body}", is_base64=True)}
    if scheme == "own":
        return {"X-Sig": "sha256 " + mac(key, now, ".", body, is_base64=True), "X-Time": now}
    if scheme in ("bearer", "listed"):
        return {"Authorization": "Bearer " + key}
    if scheme == "basic":
        return {"Authorization": "Basic " + base64.b64encode(f"sns:{key}".encode()).decode()}
    return {"X-Api-Key": key}


SIGNED = ["github", "slack", "stripe", "standard", "own"]
TIMED = ["slack", "stripe", "standard", "own"]
TOKENS = ["bearer", "basic", "header"]
COUNT = iter(range(1, 100000))


def new_alert():
    number = next(COUNT)
    return json.dumps(alert(number % 250, uid=f"webhook-{number}", title=f"Alert {number}")), number


def send(site, source, body, headers, kind="application/json", path=None):
    return site.post(path or f"/v1/intake/{source}", body=body, headers={"Content-Type": kind} | headers)


def alerts(site, token=None):
    found, after = [], ""
    while True:
        page = site.get("/v1/alerts?limit=500" + after, token or site.viewer).json
        found += page["items"]
        if page["next"] is None:
            return found
        after = "&after=" + page["next"]


def counts(site, source, token=None):
    items = site.get("/v1/sources", token or site.viewer).json["items"]
    return next(one for one in items if one["name"] == source)


@pytest.mark.parametrize("source", SIGNED + TOKENS)
def test_a_delivery_is_taken(site, source):
    body, number = new_alert()
    answer = send(site, source, body, headers_of(source, body, number=number))
    assert answer.status == 202, answer.body
    assert answer.json["accepted"] == 1
    shown = site.get("/v1/alerts/" + answer.json["alerts"][0]["id"], site.viewer).json
    assert shown["view"]["uid"] == f"webhook-{number}"
    assert shown["source"] == source
    assert site.get("/v1/alerts/" + answer.json["alerts"][0]["id"], site.viewer_b).status == 404


def refusal(answer):
    """All of an answer that could tell something."""
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() != "date"}
    return answer.status, headers, answer.body


FORGERIES = [(source, what) for source in SIGNED + TOKENS + ["graph", "shared"]
             for what in ("nothing", "another secret", "another body", "an empty signature", "a foreign scheme")
             if what != "another body" or source in SIGNED]  # a token is not about the body


@pytest.mark.parametrize("source,what", FORGERIES)
def test_nobody_else_is_let_in(site, source, what):
    body, number = new_alert()
    before = counts(site, source)["counts"]
    headers = headers_of(source, body, number=number)
    if what == "nothing":
        headers = {}
    elif what == "another secret":
        wrong = "whsec_" + base64.b64encode(bytes(32)).decode() if source == "standard" else "wrong"
        headers = headers_of(source, body, key=wrong, number=number)
    elif what == "another body":
        body = body.replace("Alert", "Alarm")
    elif what == "an empty signature":
        headers = {name: "" for name in headers}
    else:
        headers = headers_of("stripe" if source == "slack" else "slack", body)
    unknown = send(site, "nowhere", body, headers)
    answer = send(site, source, body, headers)
    assert answer.status == 401
    assert refusal(answer) == refusal(unknown)
    elsewhere = send(site, "", body, headers, path=f"/v1/intake/nobody/{source}")
    assert refusal(elsewhere) == refusal(unknown)
    after = counts(site, source)
    if source != "shared":  # which isn't at this path
        assert after["counts"]["refused"] == before["refused"] + 1
        assert "127.0.0.1" in after["refusal"]["text"]
    assert after["counts"]["messages"] == before["messages"]


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize("off", [-301, 301, -86400])
def test_a_time_outside_of_the_window_is_refused(site, source, off):
    body, number = new_alert()
    assert send(site, source, body, headers_of(source, body, time.time() + off, number=number)).status == 401
    inside = -240 if off < 0 else 240
    assert send(site, source, body, headers_of(source, body, time.time() + inside, number=number)).status == 202


@pytest.mark.parametrize("source", SIGNED + TOKENS)
def test_a_repetition_gets_the_first_answer(site, source):
    """A product that lost our answer sends the same again, signed anew where the time is signed."""
    body, number = new_alert()
    first = send(site, source, body, headers_of(source, body, time.time() - 5, number=number))
    before = len(alerts(site))
    for _ in range(3):
        again = send(site, source, body, headers_of(source, body, number=number))
        assert (again.status, again.body) == (first.status, first.body)
    assert len(alerts(site)) == before
    assert counts(site, source)["counts"]["repeated"] >= 3


def test_a_replay_is_refused_once_its_time_is_over(site):
    body, number = new_alert()
    headers = headers_of("quick", body)
    first = send(site, "quick", body, headers)
    assert first.status == 202
    before = len(alerts(site))

    def too_late():
        answer = send(site, "quick", body, headers)
        assert answer.status == 401 or answer.body == first.body
        return answer.status == 401
    waiting.until(too_late, "the window to close")
    assert len(alerts(site)) == before


def test_a_stolen_body_with_another_delivery_id_is_a_repetition(site):
    """GitHub doesn't sign the id of a delivery: what was seen once on the way is worth nothing."""
    body, number = new_alert()
    first = send(site, "github", body, headers_of("github", body, number=number))
    again = send(site, "github", body, headers_of("github", body, number=number + 50000))
    assert again.body == first.body


def test_repetitions_are_known_after_a_restart():
    it = Engine("")
    try:
        configure(it)
        it.start()
        body, number = new_alert()
        first = send(it, "github", body, headers_of("github", body, number=number))
        assert first.status == 202
        it.process.kill()
        it.process.wait()
        it.start()
        again = send(it, "github", body, headers_of("github", body, number=number))
        assert (again.status, again.body) == (first.status, first.body)
        assert len(it.document("alert", "list", "--tenant", "a")["items"]) == 1
    finally:
        it.remove()


def test_the_same_id_with_another_body_is_a_conflict(site):
    body, number = new_alert()
    assert send(site, "standard", body, headers_of("standard", body, number=number)).status == 202
    other, _ = new_alert()
    assert send(site, "standard", other, headers_of("standard", other, number=number)).status == 409


def test_bodies_of_all_shapes(site):
    one, two = new_alert()[0], new_alert()[0]
    key = {"Authorization": "Bearer " + SECRETS["plain"]}

    def accepted(body, kind="application/json", source="bearer"):
        answer = send(site, source, body, key, kind)
        assert answer.status == 202, answer.body
        return answer.json["accepted"]
    assert accepted(f"[{one},{two}]") == 2
    assert accepted(f"{one}\n{two}\n", "application/x-ndjson") == 2
    assert accepted("payload=" + urllib.parse.quote(new_alert()[0]), "application/x-www-form-urlencoded") == 1
    assert accepted('{"data": {"alerts": [%s, %s, %s]}}' % (new_alert()[0], new_alert()[0], new_alert()[0]), source="listed") == 3
    unmapped = counts(site, "bearer")["counts"]["unmapped"]
    assert accepted("the disk of host-1 is full", "text/plain") == 1
    assert accepted('{"broken": ') == 1
    assert counts(site, "bearer")["counts"]["unmapped"] == unmapped + 2
    assert accepted("") == 0


def test_an_alert_view_without_a_product_has_its_source_s_name(site):
    """A playbook is chosen by product, and a list without one says little."""
    key = {"Authorization": "Bearer " + SECRETS["plain"]}
    number = next(COUNT)
    plain = alert(number % 250, uid=f"webhook-{number}", title=f"Alert {number}")
    sent = [plain, plain | {"uid": f"webhook-{number}-own", "product": "gate"}]
    ids = [one["id"] for one in send(site, "bearer", json.dumps(sent), key).json["alerts"]]
    listed = {one["id"]: one["product"] for one in alerts(site)}
    assert [listed[id] for id in ids] == ["bearer", "gate"]


def test_a_subscription_of_sns_is_told_and_not_fetched(site):
    key = headers_of("basic", "")
    confirm = {"Type": "SubscriptionConfirmation", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-west-1:1:alerts",
               "SubscribeURL": "https://sns.example/?Action=ConfirmSubscription&Token=abc"}
    assert send(site, "basic", json.dumps(confirm), {}, "text/plain").status == 401  # SNS asks without, first
    assert "Basic" in send(site, "basic", json.dumps(confirm), {}, "text/plain").headers["WWW-Authenticate"]
    assert send(site, "basic", json.dumps(confirm), key, "text/plain").status == 200
    assert confirm["SubscribeURL"] in counts(site, "basic")["notice"]["text"]
    body, number = new_alert()
    message = {"Type": "Notification", "MessageId": "m-2", "TopicArn": "arn:aws:sns:eu-west-1:1:alerts", "Message": body}
    answer = send(site, "basic", json.dumps(message), key, "text/plain; charset=UTF-8")
    shown = site.get("/v1/alerts/" + answer.json["alerts"][0]["id"], site.viewer).json
    assert shown["view"]["uid"] == f"webhook-{number}"


def test_handshakes(site):
    body = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV"})
    answer = send(site, "slack", body, headers_of("slack", body))
    assert (answer.status, answer.body) == (200, b"3eZbrw1aBm2rZgRNFdxV")
    assert send(site, "slack", body, {}).status == 401
    # Graph asks before there is a secret between us: the answer is the same whether there is such a source or not.
    for source in ("graph", "nowhere"):
        answer = site.post(f"/v1/intake/{source}?validationToken=a%20b%3Cc%3E")
        assert (answer.status, answer.body) == (200, b"a b<c>")
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_graph_proves_itself_by_its_state(site):
    items = [json.loads(new_alert()[0]) | {"clientState": SECRETS["plain"]} for _ in range(2)]
    assert send(site, "graph", json.dumps({"value": items}), {}).json["accepted"] == 2
    items[1]["clientState"] = "guessed"
    assert send(site, "graph", json.dumps({"value": items}), {}).status == 401


def test_what_is_too_large_is_refused_before_anybody_is_known(site):
    body = " " * (2 * 1024 * 1024 + 1)
    one, two = send(site, "bearer", body, {}), send(site, "nowhere", body, {})
    assert one.status == 413 and refusal(one) == refusal(two)


def test_tenants_have_their_own_paths(site):
    for tenant, key, viewer in (("a", "plain", site.viewer), ("b", "other", site.viewer_b)):
        body, number = new_alert()
        answer = send(site, "", body, {"Authorization": "Bearer " + SECRETS[key]}, path=f"/v1/intake/{tenant}/shared")
        assert answer.status == 202
        where = "/v1/alerts/" + answer.json["alerts"][0]["id"]
        assert site.get(where, viewer).status == 200
        assert site.get(where, site.viewer_b if tenant == "a" else site.viewer).status == 404
    body, _ = new_alert()
    for path in ("/v1/intake/a/shared", "/v1/intake/shared", "/v1/intake/a/only-b"):
        answer = send(site, "", body, {"Authorization": "Bearer " + SECRETS["other"]}, path=path)
        assert answer.status == 401, path
    names = {one["name"] for one in site.get("/v1/sources", site.viewer_b).json["items"]}
    assert names == {"only-b", "shared"}


def test_sources_are_listed_to_those_who_may(site):
    listed = site.ok("source", "list", "--tenant", "a")
    assert "github" in listed and "only-b" not in listed
    assert site.get("/v1/sources").status == 401
    figures = site.get("/metrics").body.decode()
    assert 'hikeshi_sources{kind="webhook"} 14' in figures
    assert 'hikeshi_source_repeated_total{kind="webhook"}' in figures
    assert "quick" not in figures and "only-b" not in figures


WRONG = [
    ('x = { kind = "smoke" }', "tenants.a.sources.x.kind: must be one of syslog, file, webhook"),
    ('["X y"] = { kind = "file" }', "tenants.a.sources.X y: this can't be a source's name"),
    ('x = { kind = "webhook" }', "tenants.a.sources.x.auth.scheme: must be one of github"),
    ('x = { kind = "webhook", auth = { scheme = "github", secret = "in clear" } }',
     'tenants.a.sources.x.auth.secret: expected secret "NAME"'),
    ('x = { kind = "webhook", auth = { scheme = "github", secret = secret "none" } }', "none"),
    ('x = { kind = "webhook", auth = { scheme = "github", secret = secret "old", header = "x" } }',
     "tenants.a.sources.x.auth.header: there is no such key"),
    ('x = { kind = "webhook", auth = { scheme = "hmac", secret = secret "old" } }', "tenants.a.sources.x.auth.header"),
    ('x = { kind = "webhook", auth = { scheme = "hmac", secret = secret "old", header = "X", signs = "{time}{body}" } }',
     "time_header and {time} in signs need each other"),
    ('x = { kind = "webhook", auth = { scheme = "hmac", secret = secret "old", header = "X", id_header = "Y" } }',
     "id_header and {id} in signs need each other"),
    ('x = { kind = "webhook", auth = { scheme = "hmac", secret = secret "old", header = "X", signs = "body" } }',
     "tenants.a.sources.x.auth.signs"),
    ('x = { kind = "webhook", window = "2d", auth = { scheme = "slack", secret = secret "old" } }',
     "tenants.a.sources.x.window"),
    ('x = { kind = "file" }', "tenants.a.sources.x.path"),
    ('x = { kind = "file", path = "x", start = "middle" }', "tenants.a.sources.x.start: must be one of begin, end"),
    ('x = { kind = "file", path = "x", product = "nobody-s" }', "tenants.a.sources.x.product"),
    ('x = { kind = "file", path = "x", zone = "CET" }', "tenants.a.sources.x.zone"),
    ('x = { kind = "syslog" }', "tenants.a.sources.x.listen"),
    ('x = { kind = "syslog", listen = {} }', "tenants.a.sources.x.listen: there must be one of udp, tcp and tls"),
    ('x = { kind = "syslog", listen = { udp = "localhost:514" } }', "tenants.a.sources.x.listen.udp"),
    ('x = { kind = "syslog", listen = { tls = "127.0.0.1:6514" } }', "tls needs cert and key"),
    ('x = { kind = "syslog", listen = { tcp = "127.0.0.1:0" }, from = { "192.0.2.1/24" } }',
     "tenants.a.sources.x.from[0]"),
    ('["only-b"] = { kind = "webhook", auth = { scheme = "bearer", secret = secret "old" } }',
     "tenants.b.sources.only-b: tenant a has a webhook of this name too"),
]


@pytest.mark.parametrize("sources,expected", WRONG)
def test_mistakes_are_named_by_their_place(fresh, sources, expected):
    it = fresh
    it.config = it.folder / "hikeshi.lua"
    configure(it, sources)
    done = it.run("config", "check", it.config, token="x") if it.url else it.run("config", "check", it.config)
    assert done.returncode != 0
    assert expected in done.stderr, done.stderr
