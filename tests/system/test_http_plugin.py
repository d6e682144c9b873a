"""The http plugin through playbooks: what is asked and told, what is recorded of it, and what never is."""

import json

import pytest

from engine import Engine, alert
from waiting import until
from web import Web

SECRET = "key-of-the-intel-server-0451"
HOOK = "hook-that-is-a-secret-2718"

TICKET = "token-that-playbooks-hand-over-1618"

PLAYBOOK = """
return playbook {
  name    = "%(name)s",
  summary = "Ask and tell over HTTP",
  on      = { category = "%(category)s" },
  run = function(alert)
    %(body)s
  end,
}
"""

ASK_AND_TELL = """
local found, why = act.http.get { host = "intel", path = { alert.src.ip .. "/../x", "echo" }, query = { q = alert.title } }
local odd, odd_why = act.http.get { host = "intel", path = { "a", ".." } }
local absent = act.http.get { host = "intel", path = "nothing" }
local told = act.http.tell { host = "hook", path = "echo", json = { ip = alert.src.ip, big = 9007199254740993 } }
local once = act.http.tell_idempotent { host = "hook", path = "echo", form = { ip = alert.src.ip } }
local denied, denied_why = act.http.tell { host = "intel", path = "echo", text = "x" }
local inward, inward_why = act.http.get { host = "inward", path = "text" }
return { found = found, why = why, odd = odd_why, absent = absent.found, told = told.status, once = once.status,
         denied = denied_why, inward = inward_why }
"""

HAND_OVER = """
local function tell(json) return act.http.tell { host = "hook", path = "text", json = json } end
local told = tell { token = secret "ticket", n = { secret "ticket" } }
local other, other_why = tell { token = secret "intel" }
local none, none_why = tell { token = secret "no-such" }
local path, path_why = act.http.get { host = secret "ticket", path = "text" }
return { told = told and told.status, other = other_why, none = none_why, path = path_why,
         raw = select(2, pcall(tell, alert.raw.nested)) }
"""

SHAPES = {
    "identity": ("hand-over", HAND_OVER),
    "authentication": ("ask-and-tell", ASK_AND_TELL),
    "web": ("tell-slowly", 'act.http.tell { host = "hook", path = "slow-head", text = "x" }'),
    "malware": ("tell-again",
                'return { answer = act.http.tell_idempotent { host = "hook", path = "close-before", text = "x" } }'),
    "endpoint": ("change",
                 'return { done = act.http.post { host = "desk", path = "desk", json = { lock = alert.src.ip } } }'),
}

CONFIG = """
return hikeshi {
  tenants = {
    main = {
      authority = { { name = "everything", outcome = "do" } },
      secrets   = { intel = "./intel.key", hook = "./hook.key", ticket = "./ticket.key" },
      playbooks = { %(playbooks)s },
      plugins   = {
        http = {
          options = {
            timeout = "3s",
            hosts = {
              intel = {
                url = "https://localhost:%(tls)d/base/", authorities = "./ca.pem", check = "text",
                headers = { Authorization = secret "intel", ["X-Plain"] = "plain" },
              },
              hook = {
                url = "http://127.0.0.1:%(plain)d/", cleartext = true, idempotency = true,
                headers = { ["X-Hook"] = secret "hook" }, allow = { "tell", "tell_idempotent" },
              },
              desk = { url = "http://127.0.0.1:%(plain)d/", cleartext = true, allow = { "post" } },
              inward = { url = "http://localhost:%(plain)d/", cleartext = true },
            },
          },
          grants = {
            "net-private:localhost:%(tls)d", "net:127.0.0.1:%(plain)d", "net:localhost:%(plain)d", "read:./ca.pem",
            "secret:ticket",
          },
        },
      },
    },
  },
}
"""


def private(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with Web(tmp_path_factory.mktemp("web"), ("plain", "tls")) as it:
        yield it


@pytest.fixture(scope="module")
def engine(web):
    it = Engine("")
    names = []
    for category, (name, body) in SHAPES.items():
        (it.folder / f"{name}.lua").write_text(PLAYBOOK % {"name": name, "category": category, "body": body})
        names.append(f'"{name}.lua"')
    private(it.folder / "intel.key", SECRET + "\n")
    private(it.folder / "hook.key", HOOK)
    private(it.folder / "ticket.key", TICKET)
    (it.folder / "ca.pem").write_text(web.authorities)
    it.config.write_text(CONFIG % {"playbooks": ", ".join(names), "tls": web.port("tls"), "plain": web.port("plain")})
    try:
        yield it.start()
    finally:
        it.remove()


def run_of(engine, sensor, number, category, states):
    answer = engine.post("/v1/alerts", sensor, alert(number, category=category, nested={"a": {"$secret": "ticket"}}))
    assert answer.status == 202
    wanted = answer.json["alerts"][0]["id"]

    def ended():
        items = engine.get("/v1/runs?limit=500", sensor).json["items"]
        return next((run for run in items if run["alert"] == wanted and run["state"] in states), None)
    return until(ended, f"a {category} run")


def payloads(engine, kind, subject):
    text = engine.ok("audit", "show", "--subject", subject, "--json", "--limit", "500")
    return [item["payload"] for item in json.loads(text)["items"] if item["line"].split()[3] == kind]


def test_it_asks_and_tells_what_the_playbook_says(engine, sensor, web):
    run = run_of(engine, sensor, 1, "authentication", ("finished", "failed"))
    (end,) = payloads(engine, "run.finished", run["id"])
    value = end["value"]
    assert value["found"]["json"]["path"] == "/base/203.0.113.1%2F..%2Fx/echo?q=Password%20guessing"
    assert value["odd"] == "the path must not hold . or .."
    assert value["absent"] is False
    assert value["told"] == 200 and value["once"] == 200
    assert "don't allow this action" in value["denied"]
    assert "this address is not allowed" in value["inward"]
    # what the servers saw
    (get,) = web.seen("/base/203.0.113.1%2F")
    assert get["headers"]["authorization"] == SECRET and get["headers"]["x-plain"] == "plain"
    post, once = web.seen("/echo")
    assert json.loads(post["body"]) == {"ip": "203.0.113.1", "big": 9007199254740993}
    assert post["headers"]["x-hook"] == HOOK and "idempotency-key" not in post["headers"]
    assert once["body"] == "ip=203.0.113.1"
    keys = [step["key"] for step in payloads(engine, "step.intended", run["id"])
            if step["action"] == "http.tell_idempotent"]
    assert keys == [once["headers"]["idempotency-key"]]


def test_what_may_have_arrived_is_unknown_and_told_once(engine, sensor, web):
    run = run_of(engine, sensor, 2, "web", ("unknown", "finished", "failed"))
    assert run["state"] == "unknown"
    assert len(web.seen("/slow-head")) == 1
    (unknown,) = payloads(engine, "step.unknown", run["id"])
    assert "the request may have arrived" in unknown["why"]


def test_what_is_taken_once_is_sent_again_with_the_same_key(engine, sensor, web):
    run = run_of(engine, sensor, 3, "malware", ("unknown", "finished", "failed"))
    assert run["state"] == "unknown"
    seen = web.seen("/close-before")
    assert len(seen) > 1
    assert len({hit["headers"]["idempotency-key"] for hit in seen}) == 1


def test_what_may_change_something_is_asked_about(engine, sensor, web):
    """A post does what the other server does with it. That a rule lets everything through doesn't help: it has no target."""
    run = run_of(engine, sensor, 5, "endpoint", ("waiting", "finished", "failed"))
    assert run["state"] == "waiting", payloads(engine, "run.failed", run["id"])
    assert web.seen("/desk") == []
    pending = engine.get("/v1/approvals?state=pending", sensor).json["items"]
    (gate,) = [item for item in pending if item["run"] == run["id"]]
    shown = engine.get(f"/v1/approvals/{gate['id']}", sensor).json
    assert gate["action"] == "http.post"
    approver = engine.token(user="approver-1", role="approver")
    answer = engine.post(f"/v1/approvals/{gate['id']}/decision", approver,
                         {"decision": "approve", "digest": shown["digest"]})
    assert answer.status == 200, answer.body
    until(lambda: engine.get(f"/v1/runs/{run['id']}", sensor).json["state"] == "finished", "the run to end")
    (posted,) = web.seen("/desk")
    assert posted["method"] == "POST"
    assert engine.document("contain", "list")["items"] == []  # it is no containment: nothing here takes it back


def test_a_playbook_hands_a_secret_over_that_it_never_has(engine, sensor, web):
    """And only one that this plugin is granted; what an alert says can't name one."""
    run = run_of(engine, sensor, 6, "identity", ("finished", "failed"))
    assert run["state"] == "finished", payloads(engine, "run.failed", run["id"])
    (end,) = payloads(engine, "run.finished", run["id"])
    value = end["value"]
    assert value["told"] == 200, value
    refused = "is not among those that playbooks may hand to plugin http"
    assert value["other"] == f"the secret intel {refused}" and value["none"] == f"the secret no-such {refused}"
    assert "a name that no member of an argument may have" in value["raw"], value
    (told,) = web.seen("/text")
    assert json.loads(told["body"]) == {"token": TICKET, "n": [TICKET]}
    intended = [step for step in payloads(engine, "step.intended", run["id"]) if step["action"] == "http.tell"]
    assert intended[0]["call"]["json"] == {"token": {"$secret": "ticket"}, "n": [{"$secret": "ticket"}]}


def test_secrets_are_nowhere(engine, sensor, web):
    """After all of the above, with a server that repeats what it was told."""
    run = run_of(engine, sensor, 4, "authentication", ("finished", "failed"))
    (end,) = payloads(engine, "run.finished", run["id"])
    assert end["value"]["found"]["json"]["headers"]["authorization"] == "[secret intel]"
    admin = engine.token(user="admin-1", role="tenant-admin")
    shown = [engine.get(path, admin).body.decode(errors="replace") for path in
             ("/v1/plugins", "/v1/plugins/http", f"/v1/runs/{run['id']}", "/v1/playbooks",
              "/v1/tenants/main/audit/entries?limit=500", "/metrics")]
    shown += [engine.ok("plugin", "show", "http"), engine.ok("audit", "show", "--limit", "500")]
    assert engine.stop() == 0
    files = [path for path in engine.data.rglob("*") if path.is_file()]
    assert any(path.stat().st_size > 100000 for path in files)
    for secret in (SECRET, HOOK, TICKET):
        for text in shown + engine.lines:
            assert secret not in text
        for path in files:
            assert secret.encode() not in path.read_bytes(), path
    assert '"$secret"' in "".join(shown)  # the name stands where the value would
    engine.start()


def test_a_missing_secret_is_named(engine):
    broken = engine.folder / "broken.lua"
    broken.write_text(engine.config.read_text().replace('secret "hook"', 'secret "none"'))
    done = engine.run("config", "check", broken)
    assert done.returncode == 1
    assert "tenants.main.plugins.http.options" in done.stderr and "there is no secret none" in done.stderr
