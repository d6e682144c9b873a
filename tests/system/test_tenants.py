"""A tenant is a wall: whatever route, role and foreign id are tried, no byte of another tenant comes back.

The routes are taken from the running engine's own description, so that one which is added later is tried too.
"""

import itertools
import json
import re

import pytest

from engine import Engine, alert, tenant_lua
from waiting import until

ROLES = ["viewer", "analyst", "approver", "responder", "author", "auditor", "tenant-admin"]
# Words that stand in everything a tenant has, and nowhere else.
MARKS = {"east": "mark-of-the-east", "west": "mark-of-the-west"}
# What the engine gives to everybody: no tenant is in it.
OPEN_ROUTES = {"/livez", "/readyz", "/metrics", "/openapi.json"}
OTHER_STATUSES = {"foreign": {400, 401, 403, 404, 405, 409, 413, 415, 422, 428, 429}, "own": None}


def config():
    tenant = tenant_lua()
    return "return hikeshi {\n  tenants = {\n    east = %s,\n    west = %s,\n  },\n}\n" % (tenant, tenant)


class Customer:
    """A tenant with something of everything in it, and its ids by collection."""

    def __init__(self, engine, name, number):
        self.engine = engine
        self.name = name
        self.mark = MARKS[name]
        self.number = number
        self.tokens = {role: engine.token(user=f"{self.mark}-{role}", role=role, tenant=name) for role in ROLES}
        self.sensor = engine.token(service=f"{self.mark}-sensor", role="analyst", tenant=name)
        self.approver = self.tokens["approver"]

    def live(self):
        engine, name, number = self.engine, self.name, self.number
        for count in (1, 2):
            answer = engine.post("/v1/alerts?source=" + self.mark, self.sensor,
                                 alert(number + count, title=f"{self.mark} guessing", uid=f"{self.mark}-{count}",
                                       user={"name": self.mark}, device={"host": f"{self.mark}.example"}))
            assert answer.status == 202, answer.body
        until(lambda: len(self.items("approvals", "?state=pending")) == 2, f"the gates of {name}")
        gate = self.items("approvals", "?state=pending")[0]["id"]
        shown = engine.get(f"/v1/approvals/{gate}", self.approver).json
        decided = engine.post(f"/v1/approvals/{gate}/decision", self.approver,
                              {"decision": "approve", "digest": shown["digest"], "reason": self.mark})
        assert decided.status == 200, decided.body
        until(lambda: self.items("containments", "?state=active"), f"the block of {name}")
        for case in self.items("cases"):
            engine.post(f"/v1/cases/{case['id']}/note", self.tokens["analyst"], {"text": self.mark})

    def items(self, collection, query=""):
        answer = self.engine.get(f"/v1/{collection}{query}", self.tokens["tenant-admin"])
        return answer.json.get("items", []) if answer.status == 200 else []

    def ids(self, collections):
        found = {}
        for collection in collections:
            found[collection] = [item.get("id") or item.get("name") or item.get("version")
                                 for item in self.items(collection)][:3]
        return found


@pytest.fixture(scope="module")
def world():
    it = Engine(config())
    try:
        it.start()  # makes the tenants
        it.stop()
        customers = Customer(it, "east", 10), Customer(it, "west", 60)
        it.start()
        for customer in customers:
            customer.live()
        yield it, *customers
    finally:
        it.remove()


def routes(engine):
    document = engine.get("/openapi.json").json
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path, operation


def collections(engine):
    return sorted({match.group(1) for _, path, operation in routes(engine)
                   if (match := re.fullmatch(r"/v1/([a-z]+)", path)) and "event-stream" not in str(operation)})


def body_of(operation):
    """A body that the description takes, with the least in it."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    body = {}
    for name, member in schema.get("properties", {}).items():
        if name not in schema.get("required", []) and name not in ("digest", "reason", "decision"):
            continue
        if "enum" in member:
            body[name] = member["enum"][0]
        elif member.get("type") == "object":
            body[name] = {}
        elif name == "for":
            body[name] = "1h"
        else:
            body[name] = "x"
    return body


def fill(path, ids, tenant):
    """Each way to fill a path's places with what is the tenant's."""
    names = re.findall(r"{([a-z]+)}", path)
    everything = [i for some in ids.values() for i in some if i]
    collection = path.split("/")[2] if path.startswith("/v1/") else ""
    choices = []
    for name in names:
        if name == "tenant":
            choices.append([tenant])
        elif name == "id":
            choices.append(ids.get(collection) or everything[:5])
        elif name == "plugin":
            choices.append(["edl"])
        elif name == "file":
            choices.append(["blocklist.txt"])
        else:
            choices.append(everything[:3] + [MARKS[tenant]])
    for values in itertools.product(*choices):
        filled = path
        for name, value in zip(names, values):
            filled = filled.replace("{%s}" % name, value)
        yield filled


def leaks(answer, customer, ids):
    text = answer.body.decode("utf-8", "replace") + str(answer.headers)
    secret = [customer.mark, *(i for c, some in ids.items() if c not in ("plugins", "playbooks") for i in some if i)]
    return [word for word in secret if word in text]


@pytest.mark.parametrize("at,of", [("east", "west"), ("west", "east")])
def test_no_route_gives_a_foreign_thing_to_any_role(world, at, of):
    engine, east, west = world
    here, there = (east, west) if at == "east" else (west, east)
    ids = there.ids(collections(engine))
    own = {i for some in here.ids(collections(engine)).values() for i in some}
    assert all(ids[name] for name in ("alerts", "runs", "approvals", "containments", "users", "tokens", "cases")), ids
    before = {name: engine.get(f"/v1/{name}", there.tokens["tenant-admin"]).body
              for name in ("approvals", "containments", "runs", "users", "tokens", "cases")}
    tried = 0
    for (method, path, operation), (role, token) in itertools.product(list(routes(engine)), here.tokens.items()):
        if path in OPEN_ROUTES or "{" not in path or path == "/v1/config/apply":
            continue
        for filled in fill(path, ids, there.name):
            if own & set(filled.split("/")):
                continue  # the same name here: a playbook, a plugin
            answer = engine.call(method, filled, token, body_of(operation) if method == "POST" else None)
            where = f"{method} {filled} as {role} of {at}: {answer.status}"
            tried += 1
            assert 400 <= answer.status < 500 or answer.status == 303, where
            echoed = [word for word in leaks(answer, there, ids) if word not in filled]
            assert not echoed, f"{where} tells {echoed}"
    assert tried > 300
    print(f"{tried} combinations of route, role and foreign id")
    after = {name: engine.get(f"/v1/{name}", there.tokens["tenant-admin"]).body for name in before}
    assert after == before


@pytest.mark.parametrize("at,of", [("east", "west"), ("west", "east")])
def test_lists_queries_and_cursors_stay_inside(world, at, of):
    engine, east, west = world
    here, there = (east, west) if at == "east" else (west, east)
    ids = there.ids(collections(engine))
    everything = [i for some in ids.values() for i in some if i][:20]
    for (method, path, _), (role, token) in itertools.product(list(routes(engine)), here.tokens.items()):
        if method != "GET" or "{" in path or path in OPEN_ROUTES:
            continue
        for query in ["", f"?tenant={there.name}", *(f"?after={i}" for i in everything[:6]),
                      f"?subject={everything[0]}", f"?source={there.mark}"]:
            if path == "/v1/events":
                query += ("&" if query else "?") + "wait=0"
            answer = engine.get(path + query, token)
            echoed = [word for word in leaks(answer, there, ids) if word not in query]
            assert not echoed, f"GET {path}{query} as {role} of {at} tells {echoed}"
            if query.startswith("?tenant="):
                assert answer.status in (400, 403, 404), f"{path}{query} as {role}: {answer.status}"


def test_what_is_open_to_all_names_no_tenant(world):
    engine, east, west = world
    for path in OPEN_ROUTES:
        answer = engine.get(path)
        for customer in (east, west):
            assert not leaks(answer, customer, customer.ids(collections(engine))), path
            assert not re.search(rf'\b{customer.name}\b', answer.body.decode()), path


def test_the_same_name_and_thing_in_both_is_two_things(world):
    """Same alert, same entities, same plugin: no merge, no case, no block over the wall."""
    engine, east, west = world
    for customer in (east, west):
        answer = engine.post("/v1/alerts", customer.sensor, alert(99, severity="high", uid="same"))
        assert answer.json["alerts"][0].get("duplicate_of") is None, answer.body
    lists = {customer.name: engine.get(f"/lists/{customer.name}/edl/blocklist.txt", customer.tokens["viewer"]).body
             for customer in (east, west)}
    assert not set(lists["east"].split()) & set(lists["west"].split())


def test_each_ledger_and_bundle_holds_its_own(world, tmp_path):
    engine, east, west = world
    for customer, other in ((east, west), (west, east)):
        out = tmp_path / customer.name
        engine.ok("audit", "export", "--out", out, "--tenant", customer.name)
        text = "".join(file.read_text(errors="replace") for file in sorted(out.rglob("*")) if file.is_file())
        assert customer.mark in text
        assert other.mark not in text
        entries = engine.get(f"/v1/tenants/{customer.name}/audit/entries?limit=500", customer.tokens["auditor"])
        assert customer.mark in entries.body.decode() and other.mark not in entries.body.decode()
    assert engine.document("audit", "verify")["ok"] is True
    assert engine.document("audit", "rebuild", "--check")["ok"] is True
    assert json.loads(engine.ok("audit", "verify", "--json"))["tenants"][0]["tenant"] != "main"


# --- who comes in from another tenant ---

def entered(engine, tenant):
    shown = engine.run("audit", "show", "--subject", "tenant", "--tenant", tenant, "--json")
    if shown.returncode == 3:  # nothing is recorded about it
        return []
    return [(item["line"].split()[5], item["payload"]) for item in json.loads(shown.stdout)["items"]]


def test_who_looks_into_a_tenant_is_seen_there():
    tenant = tenant_lua()
    engine = Engine("return hikeshi { tenants = { provider = %s, east = %s, west = %s } }" % (tenant, tenant, tenant))
    try:
        engine.start()  # makes the tenants
        engine.stop()
        admin = engine.token(user="provider-1", role="provider-admin", tenant="provider")
        robot = engine.token(service="provider-robot", role="provider-admin", tenant="provider")
        engine.start()
        auditor = engine.token(user="east-auditor", role="auditor", tenant="east")
        stranger = engine.token(user="west-admin", role="tenant-admin", tenant="west")
        who = engine.get("/v1/whoami", admin).json["id"]
        # At home there is nothing to see, nor where nobody was let in.
        for token, query in ((admin, ""), (admin, "?tenant=provider"), (admin, "?tenant=none"), (auditor, ""),
                             (stranger, "?tenant=east"), (None, "?tenant=east")):
            engine.get("/v1/alerts" + query, token)
        assert not any(entered(engine, name) for name in ("provider", "east", "west"))

        for _ in range(3):  # however they come in, and however often
            assert engine.get("/v1/alerts?tenant=east", admin).status == 200
            assert engine.get("/v1/alerts", admin, headers={"X-Hikeshi-Tenant": "east"}).status == 200
            assert engine.get("/v1/tenants/east/audit/entries", admin).status == 200
        assert engine.get("/v1/runs?tenant=east", robot).status == 200
        until(lambda: len(entered(engine, "east")) == 2, "the two to be recorded")
        (actor, first), (_, second) = entered(engine, "east")
        assert actor == who
        assert first == {"name": "provider-1", "role": "provider-admin", "of": "provider", "via": "token"}
        assert second["name"] == "provider-robot"
        assert entered(engine, "west") == entered(engine, "provider") == []
        # The customer's own people see it, and on the page.
        theirs = engine.get("/v1/tenants/east/audit/entries?subject=tenant", auditor)
        assert theirs.status == 200 and theirs.body.count(b"tenant.entered") == 2 and b"provider-1" in theirs.body
        assert engine.get("/v1/alerts?tenant=west", admin).status == 200
        until(lambda: len(entered(engine, "west")) == 1, "the entry in the other tenant")
        engine.stop()
        engine.start()
        assert engine.get("/v1/alerts?tenant=east", admin).status == 200  # a restart writes one more
        until(lambda: len(entered(engine, "east")) == 3, "the entry after the restart")
        engine.stop()
        assert engine.document("audit", "verify")["ok"] is True
        assert engine.document("audit", "rebuild", "--check")["ok"] is True
    finally:
        engine.remove()
