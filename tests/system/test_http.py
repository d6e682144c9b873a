"""The HTTP interface: shapes, roles, tenants, idempotency."""

import base64
import json
import re
import time

import pytest

from engine import alert

LINES = {"Content-Type": "application/x-ndjson"}


def wait_for(get, what, seconds=10):
    """Ask until what(answer) is true."""
    end = time.monotonic() + seconds
    while True:
        answer = get()
        if what(answer):
            return answer
        assert time.monotonic() < end, answer
        time.sleep(0.02)


def pending_gate(engine, token, number):
    """Send an alert and give the approval that it opens."""
    answer = engine.post("/v1/alerts", token, alert(number))
    assert answer.status == 202, answer.body
    target = f"203.0.113.{number}"
    items = wait_for(
        lambda: [item for item in
                 engine.get("/v1/approvals?state=pending&limit=500", token).json["items"]
                 if item["target"] == target], bool)
    return engine.get("/v1/approvals/" + items[0]["id"], token).json


# --- alerts in ---

def test_one_object_is_accepted_and_can_be_shown(engine, sensor):
    answer = engine.post("/v1/alerts", sensor, alert(1))
    assert answer.status == 202
    assert answer.json["accepted"] == 1
    assert answer.json["errors"] == []
    [item] = answer.json["alerts"]
    assert item["index"] == 0 and item["duplicate_of"] is None
    shown = engine.get("/v1/alerts/" + item["id"], sensor)
    assert shown.status == 200 and shown.json["title"] == "Password guessing"


def test_a_second_one_alike_is_a_duplicate(engine, sensor):
    first = engine.post("/v1/alerts", sensor, alert(2)).json["alerts"][0]
    second = engine.post("/v1/alerts", sensor, alert(2)).json["alerts"][0]
    assert second["duplicate_of"] == first["id"]


def test_an_array_tells_good_from_bad_by_index(engine, sensor):
    answer = engine.post("/v1/alerts", sensor, [alert(3), {"severity": 7}, alert(4)])
    assert answer.status == 202
    assert answer.json["accepted"] == 2
    assert [item["index"] for item in answer.json["alerts"]] == [0, 2]
    [error] = answer.json["errors"]
    assert error["index"] == 1 and isinstance(error["problem"], str)


@pytest.mark.parametrize("kind", ["x-ndjson", "ndjson", "jsonl", "x-ndjson; charset=utf-8"])
def test_lines_are_accepted(engine, sensor, kind):
    body = "".join(json.dumps(alert(10 + n)) + "\n" for n in range(3))
    answer = engine.post("/v1/alerts", sensor, body, headers={"Content-Type": "application/" + kind})
    assert answer.status == 202 and answer.json["accepted"] == 3


def test_many_alerts_keep_their_order(engine, sensor):
    many = [alert(5, uid=f"many-{n}", title=f"number {n}", severity="low") for n in range(1000)]
    answer = engine.post("/v1/alerts", sensor, many)
    assert answer.status in (202, 429)
    indexes = [item["index"] for item in answer.json.get("alerts", [])]
    assert indexes == sorted(indexes)
    assert len(indexes) + len(answer.json["errors"]) == 1000


@pytest.mark.parametrize("body, headers, status", [
    ("{", {"Content-Type": "application/json"}, 400),
    ("[]", {"Content-Type": "application/json"}, 400),
    ("", {"Content-Type": "application/json"}, 400),
    ('{"title":1}', {"Content-Type": "application/json"}, 400),
    ("{}", {"Content-Type": "text/plain"}, 415),
    ("{}", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ("{}", {}, 415),
])
def test_bad_bodies_are_problems(engine, sensor, body, headers, status):
    answer = engine.post("/v1/alerts", sensor, body, headers=headers)
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status and answer.json["title"]


def test_all_bad_is_400_with_the_errors(engine, sensor):
    answer = engine.post("/v1/alerts", sensor, [{"title": 1}, {"title": 2}])
    assert answer.status == 400
    assert [error["index"] for error in answer.json["errors"]] == [0, 1]


def test_an_idempotency_key_gives_the_same_answer(engine, sensor):
    headers = {"Idempotency-Key": "key-1"}
    first = engine.post("/v1/alerts", sensor, alert(20), headers=headers)
    again = engine.post("/v1/alerts", sensor, alert(20), headers=headers)
    other = engine.post("/v1/alerts", sensor, alert(21), headers=headers)
    assert first.status == again.status == 202
    assert first.body == again.body
    assert other.status == 409


@pytest.mark.parametrize("key", ["", "a b", "k" * 129])
def test_bad_idempotency_keys_are_refused(engine, sensor, key):
    answer = engine.post("/v1/alerts", sensor, alert(22), headers={"Idempotency-Key": key})
    assert answer.status == 400


# --- who may do what ---

def test_without_a_token_nothing_is_told(engine):
    for path in ("/v1/alerts", "/v1/users", "/v1/tenants/main/audit/entries", "/lists/main/edl/blocklist.txt"):
        answer = engine.get(path)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert engine.get("/v1/alerts", "no-such-token").status == 401


READS = ["/v1/alerts", "/v1/runs", "/v1/approvals", "/v1/containments", "/v1/playbooks", "/v1/plugins"]


@pytest.mark.parametrize("role", ["viewer", "analyst", "approver", "responder", "author", "auditor", "tenant-admin"])
def test_every_role_reads_lists(engine, tokens, role):
    for path in READS:
        answer = engine.get(path, tokens[role])
        assert answer.status == 200, (path, role)
        assert isinstance(answer.json["items"], list) and "next" in answer.json


@pytest.mark.parametrize("method, path, body, allowed", [
    ("GET", "/v1/users", None, {"tenant-admin"}),
    ("GET", "/v1/tokens", None, {"tenant-admin"}),
    ("POST", "/v1/users", {"name": "x", "role": "no-such-role"}, {"tenant-admin"}),
    ("POST", "/v1/tokens", {}, {"tenant-admin"}),
    ("POST", "/v1/alerts", {"title": 1}, {"analyst", "approver", "responder", "tenant-admin"}),
    ("POST", "/v1/runs/ru-none/cancel", {}, {"responder", "tenant-admin"}),
    ("POST", "/v1/containments/co-none/release", {}, {"approver", "responder", "tenant-admin"}),
    ("GET", "/v1/tenants/main/audit/entries", None,
     {"auditor", "analyst", "approver", "responder", "tenant-admin"}),
])
def test_roles_hold(engine, tokens, method, path, body, allowed):
    for role, token in tokens.items():
        status = engine.call(method, path, token, body).status
        assert (status != 403) == (role in allowed), (role, status)


def test_nobody_gives_more_than_they_have(engine, tokens):
    body = {"name": "above-1", "role": "provider-admin"}
    assert engine.post("/v1/users", tokens["tenant-admin"], body).status == 403
    body = {"service": "above-2", "role": "provider-admin"}
    assert engine.post("/v1/tokens", tokens["tenant-admin"], body).status == 403


def test_disabling_and_revoking_take_effect_at_once(engine, tokens):
    admin = tokens["tenant-admin"]
    assert engine.post("/v1/users", admin, {"name": "short-1", "role": "viewer"}).status == 201
    made = engine.post("/v1/tokens", admin, {"user": "short-1"})
    assert made.status == 201
    assert engine.get("/v1/runs", made.json["token"]).status == 200
    assert engine.post("/v1/users/short-1/disable", admin, {"reason": "left"}).status == 200
    assert engine.get("/v1/runs", made.json["token"]).status == 401
    made = engine.post("/v1/tokens", admin, {"service": "short-2", "role": "viewer"}).json
    assert engine.get("/v1/runs", made["token"]).status == 200
    assert engine.post(f"/v1/tokens/{made['id']}/revoke", admin, {}).status == 200
    assert engine.get("/v1/runs", made["token"]).status == 401


# --- decisions ---

def test_a_decision_needs_the_digest_and_a_person(engine, sensor, tokens):
    gate = pending_gate(engine, sensor, 30)
    path = f"/v1/approvals/{gate['id']}/decision"
    assert gate["state"] == "pending" and gate["digest"]
    good = {"decision": "approve", "digest": gate["digest"]}
    assert engine.post(path, tokens["approver"], {"decision": "approve"}).status == 428
    assert engine.post(path, tokens["approver"], {"decision": "maybe"}).status == 400
    assert engine.post(path, tokens["approver"], good | {"more": 1}).status == 400
    assert engine.post(path, sensor, good).status == 403
    assert engine.post(path, tokens["viewer"], good).status == 403
    stale = engine.post(path, tokens["approver"], good | {"digest": "0" * 64})
    assert stale.status == 409 and stale.json["current"]["digest"] == gate["digest"]
    done = engine.post(path, tokens["approver"], good)
    assert done.status == 200 and done.json["state"] == "approved"
    again = engine.post(path, tokens["responder"], good)
    assert again.status == 409 and again.json["current"]["state"] == "approved"


def test_rejecting_needs_a_reason(engine, sensor, tokens):
    gate = pending_gate(engine, sensor, 31)
    path = f"/v1/approvals/{gate['id']}/decision"
    body = {"decision": "reject", "digest": gate["digest"]}
    assert engine.post(path, tokens["approver"], body).status == 400
    done = engine.post(path, tokens["approver"], body | {"reason": "a customer"})
    assert done.status == 200 and done.json["state"] == "rejected"


def test_a_look_by_a_person_is_recorded(engine, sensor, tokens):
    gate = pending_gate(engine, sensor, 32)
    assert gate["seen"] is None
    engine.get("/v1/approvals/" + gate["id"], tokens["viewer"])
    wait_for(lambda: engine.get("/v1/approvals/" + gate["id"], sensor).json["seen"], bool)


def test_a_containment_is_listed_served_renewed_and_released(engine, sensor, tokens):
    gate = pending_gate(engine, sensor, 33)
    engine.post(f"/v1/approvals/{gate['id']}/decision", tokens["approver"],
                {"decision": "approve", "digest": gate["digest"]})
    [held] = wait_for(
        lambda: [item for item in engine.get("/v1/containments?state=active", sensor).json["items"]
                 if item["target"] == "203.0.113.33"], bool)
    path = "/v1/containments/" + held["id"]
    served = engine.get("/lists/main/edl/blocklist.txt", tokens["viewer"])
    assert served.status == 200 and b"203.0.113.33\n" in served.body
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    same = engine.get("/lists/main/edl/blocklist.txt", tokens["viewer"],
                      headers={"If-None-Match": served.headers["ETag"]})
    assert same.status == 304 and same.body == b""
    basic = base64.b64encode(b"any:" + tokens["viewer"].encode()).decode()
    assert engine.get("/lists/main/edl/blocklist.txt",
                      headers={"Authorization": "Basic " + basic}).status == 200
    assert engine.get("/v1/runs", headers={"Authorization": "Basic " + basic}).status == 401
    assert engine.post(path + "/renew", tokens["approver"], {"for": "soon"}).status == 400
    renewed = engine.post(path + "/renew", tokens["approver"], {"for": "8h"})
    assert renewed.status == 200 and renewed.json["expires"] > held["expires"]
    released = engine.post(path + "/release", tokens["approver"], {"reason": "over"})
    assert released.status == 200 and released.json["state"] in ("releasing", "released")
    wait_for(lambda: engine.get(path, sensor).json["state"], lambda state: state == "released")


# --- form ---

def test_paths_and_methods(engine, sensor):
    assert engine.get("/v1/nothing", sensor).status == 404
    assert engine.get("/v1/runs/ru-none", sensor).status == 404
    assert engine.get("/v1/runs/RU", sensor).status == 404
    answer = engine.call("PUT", "/v1/alerts", sensor)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD, POST"


def test_head_is_get_without_a_body(engine, sensor):
    answer = engine.call("HEAD", "/v1/runs", sensor)
    assert answer.status == 200 and answer.body == b""


@pytest.mark.parametrize("query, status", [
    ("limit=0", 400), ("limit=501", 400), ("limit=x", 400), ("limit=1", 200), ("after=%21", 400)])
def test_pages_are_bounded(engine, sensor, query, status):
    assert engine.get("/v1/alerts?" + query, sensor).status == status


def test_pages_follow_each_other(engine, sensor):
    engine.post("/v1/alerts", sensor, [alert(40), alert(41), alert(42)])
    ids, after = [], ""
    while after is not None:
        page = engine.get("/v1/alerts?limit=2" + (f"&after={after}" if after else ""), sensor).json
        ids += [item["id"] for item in page["items"]]
        after = page["next"] if len(ids) < 6 else None
    assert len(ids) == len(set(ids)) and ids == sorted(ids, reverse=True)


def test_the_description_covers_what_is_answered(engine):
    document = engine.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            example = path.replace("{tenant}", "main").replace("{plugin}", "edl").replace(
                "{file}", "blocklist.txt")
            example = re.sub(r"{[a-z]+}", "x-1", example)
            status = engine.call(method.upper(), example).status
            is_open = operation.get("security") == [] and not path.startswith("/v1/intake/")  # has its own proof
            assert (status == 401) != is_open, (method, path, status)


def test_metrics_and_health_need_no_token_and_name_no_tenant(engine):
    assert engine.get("/livez").status == 200
    assert engine.get("/readyz").status == 200
    answer = engine.get("/metrics")
    assert answer.status == 200
    text = answer.body.decode()
    assert "hikeshi_alerts_taken_total " in text and "hikeshi_build_info{" in text
    assert "main" not in text


def test_the_ledger_is_read_in_pages(engine, tokens):
    base = "/v1/tenants/main/audit/"
    page = engine.get(base + "entries?limit=3", tokens["auditor"]).json
    assert [item["seq"] for item in page["items"]] == [0, 1, 2]
    assert page["items"][0]["line"].startswith("hk1 0 ")
    more = engine.get(base + f"entries?limit=3&after={page['items'][-1]['seq']}", tokens["auditor"])
    assert [item["seq"] for item in more.json["items"]] == [3, 4, 5]


def test_explain_names_outcome_and_rule(engine, tokens):
    path = "/v1/authority/explain?action=contain.block_ip&severity=critical&target="
    assert engine.get(path + "203.0.113.1", tokens["viewer"]).json["verdict"]["outcome"] == "ask"
    denied = engine.get(path + "127.0.0.1", tokens["viewer"]).json["verdict"]
    assert denied["outcome"] == "deny" and denied["rule"].startswith("protected")
    assert engine.get("/v1/authority/explain", tokens["viewer"]).status == 400


# --- tenants ---

def test_a_tenant_is_a_wall(two_tenants):
    engine = two_tenants
    one = engine.token(service="sensor-one", role="tenant-admin", tenant="one")
    two = engine.token(service="sensor-two", role="tenant-admin", tenant="two")
    made = engine.post("/v1/alerts", one, alert(1)).json["alerts"][0]["id"]
    assert engine.get("/v1/alerts/" + made, one).status == 200
    assert engine.get("/v1/alerts/" + made, two).status == 404
    assert engine.get("/v1/alerts", two).json["items"] == []
    assert engine.get("/v1/alerts", two, headers={"X-Hikeshi-Tenant": "one"}).status == 404
    assert engine.get("/v1/alerts?tenant=one", two).status == 404
    assert engine.get("/v1/tenants/one/audit/entries", two).status == 404
    assert engine.get("/lists/one/edl/blocklist.txt", two).status == 404
    [gate] = wait_for(lambda: engine.get("/v1/approvals", one).json["items"], bool)
    assert engine.post(f"/v1/approvals/{gate['id']}/decision", two,
                       {"decision": "approve", "digest": gate["digest"]}).status == 404
    tokens = engine.get("/v1/tokens", one).json["items"]
    assert engine.post(f"/v1/tokens/{tokens[0]['id']}/revoke", two, {}).status == 404


def test_the_folder_s_owner_names_the_tenant(two_tenants):
    assert two_tenants.run("run", "list").returncode == 1
    two_tenants.ok("run", "list", "--tenant", "two")
    assert two_tenants.run("run", "list", "--tenant", "three").returncode == 3
